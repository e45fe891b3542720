import { defined } from '../defined.ts';
import type { Environment } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { boundedFetch, nodeFetch } from '../network/fetch.ts';
import { proxyFor } from '../network/proxy.ts';
import { isLoopbackOrigin } from '../oauth/server.ts';
import type { Provider } from '../providers/provider.ts';
import type { Profile } from '../store/profile.ts';
import type { LoginEvent, Onward } from '../usecases/login.ts';
import type { SignIn } from '../usecases/redeem.ts';
import { type RegistrationOptions, registeredUris, resolveClient, resolveProvider } from './registration.ts';
import { scopesOf } from './scopes.ts';
import { environmentOf, loginPorts, profileNameIn, type Surroundings } from './surroundings.ts';

export interface LoginOptions extends RegistrationOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** Short names are taken. Default: as asked before, else the provider's usual ones: of Fitbit all, of Google Health a few that only read. */
  readonly scopes?: readonly string[];
  /** Registered redirect URIs, loopback only; the first whose port is free is used. Default: those in `clientFile`, else as before, else `http://127.0.0.1:8976/callback`, and any free port for Google Health. */
  readonly redirectUris?: readonly string[];
  /** What the provider must ask. Default `consent`, without which Google gives no refresh token a second time. */
  readonly prompt?: string;
  /** Which account is meant, an e-mail address as a rule, for providers that take a hint. Default: as before. */
  readonly loginHint?: string;
  /** How long to wait for the person, in milliseconds. Default 300,000. */
  readonly timeoutMs?: number;
  /**
   * Whether to open the browser. Default `true`: where a page would be seen (see `screenOf`). Otherwise only `notify` is told the
   * address.
   */
  readonly browser?: boolean;
  /** Signs in against the built-in look-alike: `true` for a fresh one that lives as long as the sign-in, else the origin of a running one. */
  readonly sandbox?: true | string;
  /**
   * What a person pastes: the address that the browser ended on, its query or the code, each text whole. For a browser that
   * cannot reach this machine; whichever answer is right and first is taken. Default: nothing is read.
   */
  readonly pasted?: AsyncIterable<string>;
  /** Where the result page leads on to. Default: nowhere. */
  readonly onward?: Onward;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  readonly notify?: (event: LoginEvent) => void;
}

/**
 * Signs a person in to their data in the browser and stores the tokens. Run again, it asks for consent again, and only a
 * finished sign-in replaces the tokens stored before.
 *
 * @throws AuthError `NOT_CONFIGURED` without a client id; `USAGE`; `PORT_BUSY`; `DENIED`; `TIMED_OUT`; `CANCELLED`;
 *   `CLIENT_REJECTED`; `UNAVAILABLE`; `STORE_UNAVAILABLE`, `STORE_DAMAGED` and others of the closed list. Whatever it
 *   is, the stored profile is as it was.
 */
export async function login(options: LoginOptions = {}, surroundings: Surroundings = {}): Promise<SignIn> {
  const { signal, browser = true, timeoutMs = 300_000, notify, onward, pasted } = options;
  signal?.throwIfAborted();
  const ports = await loginPorts(surroundings);
  const name = profileNameIn(surroundings, options.profile);
  const stored = await ports.store.read(name);
  const environment = environmentOf(surroundings);
  const wanted = options.sandbox ?? rememberedSandbox(options, environment, stored);
  if (wanted !== undefined) refuseOverReal(name, stored);

  // What signed in to a sandbox says nothing about the real service, and the other way round.
  const before = (stored?.sandbox === undefined) === (wanted === undefined) ? stored : undefined;
  const given = resolveClient(options, environment, before);
  const sandboxes = wanted === undefined ? undefined : await import('./sandbox-client.ts');
  const redirectUris = options.redirectUris ?? before?.redirectUris;
  await using fresh = wanted === true ? await sandboxes?.freshSandbox(given, redirectUris, surroundings) : undefined;
  const origin = fresh?.origin ?? (typeof wanted === 'string' ? originOf(wanted) : undefined);
  const client = given ?? sandboxes?.sandboxClient(options.provider);
  const fetchOptions = { fetch: ports.fetch, ...defined({ signal }) };
  const provider = await resolveProvider(
    { provider: options.provider, client, stored: before, sandbox: origin },
    fetchOptions,
  );
  if (client === undefined) throw notConfigured(provider);
  // A proxy that cannot be used is better known before the person has been to the browser.
  if (surroundings.fetch === undefined) proxyFor(provider.server.tokenEndpoint, environment);
  if (typeof wanted === 'string') await assertRunning(provider.server.issuer);

  const same = before?.provider === provider.id && before.client.id === client.id ? before : undefined;
  const prompt = options.prompt ?? provider.prompts[0];
  if (prompt !== undefined && !provider.prompts.includes(prompt)) {
    throw new AuthError('USAGE', `${provider.name} knows no prompt “${prompt}”.`, {
      hint: `Use one of: ${provider.prompts.join(', ')}.`,
    });
  }
  const request = {
    name,
    provider,
    client,
    scopes: scopesOf(provider, options.scopes ?? same?.requestedScopes ?? provider.defaultScopes),
    // A file that is given now knows better than the profile what is registered.
    redirectUris:
      options.redirectUris ?? registeredUris(options.clientFile) ?? same?.redirectUris ?? provider.defaultRedirectUris,
    timeoutMs,
    ...defined({ prompt, signal, notify, onward, pasted, loginHint: options.loginHint ?? same?.loginHint }),
  };
  const { signIn } = await import('./online.ts');
  // Awaited here: the fresh sandbox is closed when this function returns.
  try {
    return await signIn(request, browser ? ports : { ...ports, openBrowser: () => {} });
  } finally {
    // What failed early may have been noted before the log was open.
    await ports.log.written();
  }
}

/** A profile that signed in at a sandbox goes back there, unless another app or provider is named. */
function rememberedSandbox(
  options: LoginOptions,
  environment: Environment,
  stored: Profile | undefined,
): string | undefined {
  if (stored?.sandbox === undefined || options.provider !== undefined) return undefined;
  return resolveClient(options, environment, stored)?.id === stored.client.id ? stored.sandbox : undefined;
}

function refuseOverReal(name: string, stored: Profile | undefined): void {
  if (stored?.tokens === undefined || stored.sandbox !== undefined) return;
  throw new AuthError('USAGE', `The profile “${name}” holds a real sign-in, which the sandbox must not replace.`, {
    kept: 'Its tokens are untouched.',
    hint: 'Give the sandbox a profile of its own: `--profile sandbox`.',
  });
}

function originOf(address: string): string {
  const origin = URL.canParse(address) ? new URL(address).origin : address;
  return isLoopbackOrigin(origin) ? origin : address;
}

/** A browser sent to a sandbox that has ended would show an error of its own, and the wait would go on. */
async function assertRunning(origin: string): Promise<void> {
  const isRunning = await boundedFetch(nodeFetch({}), { totalMs: 2_000 })(origin).then(
    () => true,
    () => false,
  );
  if (isRunning) return;
  throw new AuthError('UNAVAILABLE', `No sandbox is running at ${origin}.`, {
    hint: `Start it with \`fitbit-login sandbox --port ${new URL(origin).port}\`, or give \`--sandbox\` alone for a fresh one.`,
  });
}

function notConfigured({ name, registration }: Provider): AuthError {
  return new AuthError('NOT_CONFIGURED', 'No client id is known, so there is no app to sign in with.', {
    hint: [
      `Get one from ${name}, once:`,
      ...registration.map((line, index) => `  ${index + 1}. ${line}`),
      'Then give its client id as FITBIT_CLIENT_ID or --client-id, and its secret, if it has one, as FITBIT_CLIENT_SECRET',
      'or --client-secret-file FILE (“-” reads standard input): `FITBIT_CLIENT_ID=… fitbit-login`.',
      'To look around first, without any of this: `fitbit-login login --sandbox`.',
    ].join('\n'),
  });
}
