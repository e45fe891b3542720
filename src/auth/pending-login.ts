import { AuthError } from '../errors.ts';
import {
  loginLinkExpired,
  noPendingLogin,
  noResponse,
  nothingPending,
  PASTE_REFUSED,
  PRESERVED,
  responseOfAnother,
  sandboxMustRun,
} from '../messages.ts';
import { newAuthorization } from '../oauth/authorization.ts';
import { validatePastedCallback } from '../oauth/pasted-callback.ts';
import { DEFAULT_REDIRECT_URI } from '../providers/provider.ts';
import type { PendingLogin } from '../store/profile.ts';
import { exchangeAndStore, isRejectedCode } from './exchange.ts';
import {
  authorizeUrlFor,
  type LoginRequest,
  type LoginRequestOptions,
  requestedProfile,
  resolveLoginRequest,
} from './login-request.ts';
import { assertOptions } from './options.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { chooseSandbox, loginProfileName } from './sandbox.ts';
import type { SignIn } from './status.ts';
import { formatWithDistance } from './times.ts';

export interface BeginLoginOptions extends LoginRequestOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`, or `sandbox` with the option `sandbox`. */
  readonly profile?: string;
  /** How long a response counts, in milliseconds. Default an hour. */
  readonly expiresMs?: number;
}

/** How long a code lives after *Allow*, as far as the providers say: about ten minutes. */
export const RESPOND_WITHIN_SECONDS = 600;

/**
 * Begins a sign-in that {@link finishLogin} ends, and stores what it needs in the profile, whose tokens stay. Another one that waited
 * for the same profile is void.
 *
 * @returns the address to open, on any device, and the state by which a response is matched with this sign-in
 * @throws AuthError as `login`, before anything is waited for
 */
export async function beginLogin(options: BeginLoginOptions = {}, runtimeOptions: RuntimeOptions = {}) {
  assertOptions('beginLogin', options);
  if (options.sandbox === true) throw sandboxMustRun();
  const runtime = createRuntime(runtimeOptions);
  const name = loginProfileName(runtime, options);
  await using sandbox = await chooseSandbox(runtime, name, options, await runtime.store.read(name));
  const request = await resolveLoginRequest(runtime, name, options, sandbox);
  const { provider, client, scopes } = request;
  const redirectUri = withPort(request.redirectUris[0]);
  const pending = newAuthorization();
  const begunAt = runtime.now();
  const expiresAt = new Date(begunAt.getTime() + (options.expiresMs ?? 3_600_000));
  const profile = requestedProfile(request);
  const pendingLogin = { ...pending, redirectUri, begunAt, expiresAt, profile };
  await using locked = await runtime.store.lock(name, { signal: options.signal });
  const { current } = locked;
  await locked.commit({ ...(current?.tokens === undefined ? { ...current, ...profile } : current), pendingLogin });
  (await runtime.openLog()).info({ event: 'sign_in_begun', profile: name, provider: provider.id }, 'Sign-in begun');
  return {
    profile: name,
    provider: provider.id,
    providerName: provider.name,
    clientId: client.id,
    scopes,
    url: authorizeUrlFor(request, redirectUri, pending),
    redirectUri,
    state: pending.state.reveal(),
    expiresAt,
  };
}

/** Nothing listens here: where any port will do, it is the usual one. */
function withPort(redirectUri = DEFAULT_REDIRECT_URI): string {
  const uri = new URL(redirectUri);
  if (uri.port !== '0') return redirectUri;
  uri.port = new URL(DEFAULT_REDIRECT_URI).port;
  return uri.href;
}

export interface FinishLoginOptions {
  /** Default: the one whose state is in the response; of a response without a state, the only one that waits. */
  readonly profile?: string;
  /** Texts as `login` takes them: each is one try. */
  readonly pasted: AsyncIterable<string>;
  readonly signal?: AbortSignal;
  /** Called with a sentence when a text is not the response, and the next one is read. */
  readonly onRefused?: (message: string) => void;
}

interface Waiting {
  readonly name: string;
  readonly pending: PendingLogin;
}

/**
 * Ends a sign-in that {@link beginLogin} began. A response that the provider rejects may be followed by another; a refusal of the
 * person ends the sign-in.
 *
 * @throws AuthError `SIGN_IN_FAILED` where nothing waits for it, or the input ends without a response; `TIMED_OUT` for one that comes
 *   too late; and as `login`. The tokens stored before are as they were.
 */
export async function finishLogin(options: FinishLoginOptions, runtimeOptions: RuntimeOptions = {}): Promise<SignIn> {
  assertOptions('finishLogin', options);
  const { signal, onRefused = () => {} } = options;
  const runtime = createRuntime(runtimeOptions);
  const waiting = await waitingLogins(runtime);
  const meant = waiting.filter(({ name }) => options.profile === undefined || name === options.profile);
  if (waiting.length === 0) throw nothingPending();
  if (options.profile !== undefined && meant.length === 0) throw noPendingLogin(options.profile);
  let refused: string | undefined;
  const refuse = (message: string) => {
    refused = message;
    onRefused(message);
  };
  for await (const text of options.pasted) {
    signal?.throwIfAborted();
    const compact = text.replace(/\s+/g, '');
    const byState = waiting.find(({ pending }) => compact.includes(pending.state.reveal()));
    if (byState !== undefined && !meant.includes(byState)) {
      refuse(responseOfAnother(byState.name));
      continue;
    }
    const only = byState ?? (meant.length === 1 ? meant[0] : undefined);
    if (only === undefined) {
      if (compact !== '') refuse(nothingPending().message);
      continue;
    }
    const finished = await finish(runtime, only, text, byState !== undefined, refuse);
    if (finished !== undefined) return finished;
  }
  signal?.throwIfAborted();
  throw noResponse(refused);
}

/** @returns `undefined` for a text that is not the response; `refuse` has said why */
async function finish(
  runtime: Runtime,
  { name, pending }: Waiting,
  text: string,
  hasState: boolean,
  refuse: (message: string) => void,
): Promise<SignIn | undefined> {
  const { profile, redirectUri, verifier, state, nonce } = pending;
  const { client, redirectUris, requestedScopes: scopes, loginHint } = profile;
  const now = runtime.now();
  if (pending.expiresAt <= now) throw loginLinkExpired(name, formatWithDistance(pending.expiresAt, now));
  const provider = await runtime.providerOf(profile);
  const result = validatePastedCallback({ server: provider.server, client, pending, redirectUri }, text);
  const to = { provider: provider.name, redirectUri };
  if (result.kind === 'wrong') refuse(PASTE_REFUSED[result.reason](to));
  if (result.kind === 'wrong' || result.kind === 'nothing') return undefined;
  try {
    const identityScopes = profile.withoutEmail ? [] : (provider.identityScopes ?? []);
    const request: LoginRequest = { name, provider, client, scopes, identityScopes, redirectUris, loginHint };
    // Of two that finish it at once, only one may send the code: a second use makes providers end the first one's grant.
    return await exchangeAndStore(runtime, request, result, { redirectUri, verifier, nonce }, (current) => {
      if (current?.pendingLogin?.state.equals(state) !== true) throw nothingPending();
    });
  } catch (thrown) {
    if (isRejectedCode(thrown)) {
      refuse(PASTE_REFUSED.rejected(to));
      return undefined;
    }
    // Without the state, anybody can have written it.
    if (result.kind === 'refused' && hasState) await forget(runtime, name, pending);
    else if (thrown instanceof AuthError && thrown.preserved === undefined)
      throw thrown.with({ preserved: PRESERVED.pending });
    throw thrown;
  }
}

async function forget(runtime: Runtime, name: string, { state }: PendingLogin): Promise<void> {
  await using locked = await runtime.store.lock(name);
  const { current } = locked;
  if (current?.pendingLogin?.state.equals(state)) await locked.commit({ ...current, pendingLogin: undefined });
}

async function waitingLogins({ store }: Runtime): Promise<readonly Waiting[]> {
  return (await store.list()).flatMap((entry) =>
    'profile' in entry && entry.profile.pendingLogin !== undefined
      ? [{ name: entry.name, pending: entry.profile.pendingLogin }]
      : [],
  );
}
