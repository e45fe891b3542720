import { AuthError, asAuthError } from '../errors.ts';
import { isLoopbackOrigin } from '../loopback.ts';
import { sandboxOverRealSignIn } from '../messages.ts';
import { boundedFetch, nodeFetch } from '../network/fetch.ts';
import type { ConsentOptions } from '../sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../sandbox/registry.ts';
import type { Sandbox, SandboxOptions } from '../sandbox/sandbox.ts';
import { Secret } from '../secret.ts';
import { parseRedirectUri } from '../server/redirect-uri.ts';
import type { Client, Profile } from '../store/profile.ts';
import { type RegistrationOptions, resolveClient } from './client.ts';
import { assertOptions, assertText } from './options.ts';
import type { Runtime } from './runtime.ts';

export interface SandboxLoginOptions extends RegistrationOptions {
  /** Signs in at the built-in sandbox: `true` for a new one that lives as long as the sign-in, else the origin of a running one. */
  readonly sandbox?: true | string;
  /** Registered redirect URIs, loopback only; the first whose port is free is used. Default: those in `clientFile`, else as before, else `http://127.0.0.1:8976/callback`, and any free port for Google Health. */
  readonly redirectUris?: readonly string[];
}

/** Where a sign-in takes place: at the real provider, or at a sandbox that plays it. @internal */
export interface SandboxChoice extends AsyncDisposable {
  /** Absent for the real provider. */
  readonly origin?: string;
  /** The app that the options, the environment or the profile name; at a sandbox, one of its own where none do. */
  readonly client?: Client;
  /** The profile as it is stored, where it says something about this sign-in. */
  readonly before?: Profile;
}

/** The profile that a sign-in is stored in: one at a sandbox never lands in `default` unasked, where real sign-ins are expected. @internal */
export function loginProfileName(
  { profileName }: Runtime,
  { profile, sandbox }: { readonly profile?: string; readonly sandbox?: true | string },
): string {
  return profileName(profile, sandbox === undefined ? undefined : 'sandbox');
}

/**
 * Finds out where a sign-in takes place, and starts a sandbox if a new one is wanted. A profile that signed in at a sandbox goes back
 * there while that runs, unless another app or provider is named.
 *
 * @throws AuthError `USAGE` where a sandbox would replace a real sign-in
 * @internal
 */
export async function chooseSandbox(
  runtime: Runtime,
  name: string,
  options: SandboxLoginOptions,
  stored: Profile | undefined,
): Promise<SandboxChoice> {
  const wanted = options.sandbox ?? (await rememberedSandbox(runtime, options, stored));
  if (wanted !== undefined && stored?.tokens !== undefined && stored.sandbox === undefined)
    throw sandboxOverRealSignIn(name);
  // What signed in to a sandbox says nothing about the real service, and the other way round.
  const before = (stored?.sandbox === undefined) === (wanted === undefined) ? stored : undefined;
  const given = resolveClient(options, runtime.environment, before);
  const noSandbox = { before, [Symbol.asyncDispose]: async () => {} };
  if (wanted === undefined) return { ...noSandbox, client: given };
  const client = given ?? sandboxClient(options.provider);
  if (wanted !== true) return { ...noSandbox, client, origin: originOf(wanted) };
  // It knows the app as if its owner had registered it there.
  const redirectUris = options.redirectUris ?? before?.redirectUris ?? SANDBOX_CLIENTS.personal.redirectUris;
  const clients = [{ id: client.id, redirectUris, secret: client.secret?.reveal() }];
  const { startSandbox } = await import('../sandbox/sandbox.ts');
  const sandbox = await startSandbox({ clients, now: runtime.now });
  return { client, before, origin: sandbox.origin, [Symbol.asyncDispose]: () => sandbox.close() };
}

async function rememberedSandbox(
  { environment }: Runtime,
  options: SandboxLoginOptions,
  stored: Profile | undefined,
): Promise<string | undefined> {
  if (stored?.sandbox === undefined || options.provider !== undefined) return undefined;
  if (resolveClient(options, environment, stored)?.id !== stored.client.id) return undefined;
  return (await isRunning(stored.sandbox)) ? stored.sandbox : undefined;
}

/** Whether something listens at a sandbox's origin, slow as it may be. @internal */
export async function isRunning(origin: string): Promise<boolean> {
  const failure = await boundedFetch(nodeFetch({}))(origin).then(() => undefined, asAuthError);
  return failure?.details.never_sent !== true;
}

function originOf(address: string): string {
  const origin = URL.canParse(address) ? new URL(address).origin : address;
  return isLoopbackOrigin(origin) ? origin : address;
}

/** The app that signs in at a sandbox when no other is named: of the provider that is meant, Google Health where none is. */
function sandboxClient(provider: string | undefined): Client {
  const { id, secret } = provider === 'fitbit' ? SANDBOX_CLIENTS.personal : SANDBOX_CLIENTS.desktop;
  return { id, secret: new Secret(secret) };
}

/**
 * Starts the built-in sandbox on 127.0.0.1. Where its port is taken, the error names the program that holds it.
 *
 * @throws AuthError `PORT_BUSY`, `LISTEN_FAILED`, `USAGE`
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  assertOptions('startSandbox', options);
  const sandbox = await import('../sandbox/sandbox.ts');
  return sandbox.startSandbox(options).catch(async (thrown) => {
    const { port } = options;
    if (!(thrown instanceof AuthError) || thrown.code !== 'PORT_BUSY' || port === undefined) throw thrown;
    const { explainPort } = await import('../server/port-in-use.ts');
    const problem = await explainPort(parseRedirectUri(`http://127.0.0.1:${port}/`));
    if (problem === undefined) throw thrown;
    throw new AuthError('PORT_BUSY', problem.message, {
      cause: thrown.cause,
      details: problem.details,
      hint: 'Stop it, or take any free port: `fitbit-login sandbox --port 0`.',
    });
  });
}

/**
 * Presses *Allow* on a sandbox's consent page, where there is no display, and follows the redirect to the app.
 *
 * @returns the last response: of the app's redirect URI; or of the sandbox, if it refused the request or the decision
 * @throws AuthError `USAGE` for an address or options of the wrong type, and for a scope or person that the page does not offer
 */
export async function consent(authorizeUrl: string | URL, options: ConsentOptions = {}): Promise<Response> {
  const url = String(authorizeUrl);
  assertText('The address of the consent page', URL.canParse(url) ? url : undefined);
  assertOptions('consent', options);
  return (await import('../sandbox/consent.ts')).consent(url, options);
}
