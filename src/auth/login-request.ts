import { noSandboxAt, notConfigured, unknownPrompt } from '../messages.ts';
import { authorizationUrl, type PendingAuthorization } from '../oauth/authorization.ts';
import type { Provider } from '../providers/provider.ts';
import type { Client, Profile } from '../store/profile.ts';
import { assertHasSecret, registeredUris, resolveProvider } from './client.ts';
import { scopeList } from './options.ts';
import type { Runtime } from './runtime.ts';
import { isRunning, type SandboxChoice, type SandboxLoginOptions } from './sandbox.ts';
import { knownAmong, scopesOf } from './scopes.ts';

/** Values of OpenID Connect's `prompt` (Core §3.1.2.1), one or two at once; each provider takes some of them. */
export type Prompt = 'consent' | 'login' | 'login consent' | 'none' | 'select_account' | 'select_account consent';

export interface LoginRequestOptions extends SandboxLoginOptions {
  /** One or several, in an array or with spaces or commas between them; short names are taken. Default: as asked before, else the provider's usual ones: of Fitbit all, of Google Health a few that only read. */
  readonly scopes?: string | readonly string[];
  /** Whether to ask for the account's address as well (Google Health: `openid email`). Default: as before, else `true`. */
  readonly email?: boolean;
  /** What the provider must ask. Default `consent`, without which Google gives no refresh token a second time. */
  readonly prompt?: Prompt;
  /** Which account is meant, an e-mail address as a rule, for providers that take a hint. Default: as before. */
  readonly loginHint?: string;
  readonly signal?: AbortSignal;
}

/** What a sign-in asks the provider for, with nothing left open. @internal */
export interface LoginRequest {
  readonly name: string;
  readonly provider: Provider;
  readonly client: Client;
  readonly scopes: readonly string[];
  /** Asked along, to name the account; empty where the person chose to leave them out. */
  readonly identityScopes: readonly string[];
  /** Registered redirect URIs; the first whose port is free is used. */
  readonly redirectUris: readonly string[];
  /** The `prompt` parameter; none is sent where it is absent. */
  readonly prompt?: string;
  readonly loginHint?: string;
}

/**
 * Fills in what the options leave open: from the environment, then from what the profile signed in with before, then the provider's
 * defaults. `sandbox` says where the provider is played, if it is.
 *
 * @throws AuthError `NOT_CONFIGURED` without a client ID; `USAGE`; `UNAVAILABLE` where a sandbox or a provider's metadata cannot be had
 * @internal
 */
export async function resolveLoginRequest(
  runtime: Runtime,
  name: string,
  options: LoginRequestOptions,
  { origin: sandbox, client, before }: SandboxChoice,
): Promise<LoginRequest> {
  const { fetch } = runtime;
  const choice = { provider: options.provider, client, stored: before, sandbox };
  const provider = await resolveProvider(choice, { fetch, signal: options.signal, confirmSites: options.confirmSites });
  if (client === undefined) throw notConfigured(provider.name, provider.registration);
  assertHasSecret(provider, client);
  // A proxy that cannot be used is better known before the person has been to the browser.
  runtime.assertProxyUsable(provider.server.tokenEndpoint);
  // A browser sent to a sandbox that has ended would show an error of its own, and the wait would continue.
  if (sandbox !== undefined && !(await isRunning(provider.server.issuer))) throw noSandboxAt(provider.server.issuer);

  const same = before?.provider === provider.id && before.client.id === client.id ? before : undefined;
  const prompt = options.prompt ?? provider.prompts[0];
  if (prompt !== undefined && !provider.prompts.includes(prompt))
    throw unknownPrompt(provider.name, prompt, provider.prompts);
  const email = options.email ?? same?.withoutEmail !== true;
  return {
    name,
    provider,
    client,
    // An import may have brought scopes that are none: they must not block every later sign-in.
    scopes: options.scopes
      ? scopesOf(provider, scopeList(options.scopes), runtime.notice)
      : knownAmong(provider, same?.requestedScopes),
    identityScopes: email ? (provider.identityScopes ?? []) : [],
    // A file that is given now knows better than the profile what is registered.
    redirectUris:
      options.redirectUris ?? registeredUris(options.clientFile) ?? same?.redirectUris ?? provider.defaultRedirectUris,
    prompt,
    loginHint: options.loginHint ?? same?.loginHint,
  };
}

/** What a sign-in stores, but for the tokens. @internal */
export function requestedProfile(request: LoginRequest): Profile {
  const { provider, client, redirectUris, scopes, identityScopes, loginHint } = request;
  return {
    provider: provider.id,
    issuer: provider.id === 'custom' ? provider.server.issuer : undefined,
    sandbox: provider.sandbox,
    client,
    redirectUris,
    requestedScopes: scopes,
    withoutEmail: provider.identityScopes !== undefined && identityScopes.length === 0 ? true : undefined,
    loginHint,
  };
}

/** The provider's address that the person's browser opens. @internal */
export function authorizeUrlFor(request: LoginRequest, redirectUri: string, pending: PendingAuthorization): string {
  const { provider, client, scopes, identityScopes, prompt, loginHint } = request;
  return authorizationUrl(provider.server, {
    clientId: client.id,
    redirectUri,
    scopes: [...new Set([...scopes, ...identityScopes])],
    pending,
    parameters: {
      ...provider.authorizationParameters,
      prompt,
      login_hint: provider.takesLoginHint ? loginHint : undefined,
    },
  });
}
