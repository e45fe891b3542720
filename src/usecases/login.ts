import { setTimeout as delay } from 'node:timers/promises';
import { defined } from '../defined.ts';
import { AuthError, asAuthError } from '../errors.ts';
import type { View } from '../loopback/pages/view.ts';
import { authorizationUrl, judgeCallback, newAttempt, type StrayReason } from '../oauth/authorization.ts';
import type { LoginPorts } from './ports.ts';
import { forProfile } from './profile-option.ts';
import { redeem, type SignIn, type SignInRequest } from './redeem.ts';
import { failedView, overView, signedInView, strayView } from './report.ts';

/** What a waiting sign-in tells whoever watches it. */
export type LoginEvent =
  /** The server listens; this is the address to open, and the wait ends at `until`. */
  | { readonly kind: 'waiting'; readonly url: string; readonly redirectUri: string; readonly until: Date }
  | { readonly kind: 'browser-opened' }
  | { readonly kind: 'browser-failed'; readonly reason: string }
  /** A request arrived that was not the awaited answer; the wait goes on. */
  | { readonly kind: 'stray'; readonly reason: StrayReason }
  /** The answer arrived and is being judged, exchanged and stored. */
  | { readonly kind: 'answered' };

/** Addresses on this machine that a result page leads on to. */
export interface Onward {
  readonly signedIn?: View['back'];
  readonly failed?: View['back'];
}

export interface LoginRequest extends SignInRequest {
  /** The `prompt` parameter; none is sent where it is absent. */
  readonly prompt?: string;
  /** How long to wait for the person, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the wait. A code that has arrived by then is still exchanged and stored, so that it is not lost. */
  readonly signal?: AbortSignal;
  readonly notify?: (event: LoginEvent) => void;
  /** Where the result page leads on to, for a sign-in that a page of ours began. */
  readonly onward?: Onward;
}

/**
 * Signs a person in: binds the redirect URI, sends the browser to the provider, waits for its answer, exchanges the
 * code, stores the tokens durably, and only then answers the browser. Whatever goes wrong, the profile stays as it was.
 *
 * @throws AuthError before the browser is opened: `PORT_BUSY`, `STORE_UNAVAILABLE`, `STORE_DAMAGED`, `LOCKED`;
 *   while waiting: `TIMED_OUT`, `CANCELLED` or the signal's own reason; after: `DENIED` and whatever `exchangeCode` throws.
 */
export async function login(request: LoginRequest, ports: LoginPorts): Promise<SignIn> {
  const { name, signal } = request;
  // Taking the place on disk and giving it back finds a full disk or a foreign file before the person is asked anything.
  const previous = await ports.store.update(name, async ({ current }) => current, defined({ signal }));
  const kept = previous?.tokens === undefined ? 'Nothing was stored.' : 'The tokens stored before are untouched.';
  const judge = (thrown: unknown) => {
    const error = asAuthError(thrown);
    return error.with({ kept, hint: forProfile(error.hint, name) });
  };
  try {
    return await signIn(request, ports, judge);
  } catch (thrown) {
    const error = judge(thrown);
    ports.log.warn(
      { event: 'sign_in_failed', profile: name, provider: request.provider.id, error_code: error.code },
      error.message,
    );
    throw error;
  }
}

async function signIn(
  request: LoginRequest,
  ports: LoginPorts,
  judge: (thrown: unknown) => AuthError,
): Promise<SignIn> {
  const { provider, client, prompt, onward = {}, notify = () => {} } = request;
  const attempt = await newAttempt();
  let result: Promise<SignIn> | undefined;
  let over = false;
  let arrive: (arrived: { readonly result: Promise<SignIn> }) => void = () => {};
  const arrival = new Promise<{ readonly result: Promise<SignIn> }>((resolve) => {
    arrive = resolve;
  });

  await using listener = await ports.listen({
    redirectUris: request.redirectUris,
    onCallback: async (parameters) => {
      // Too late: whoever waited has been told that nothing was stored, and so nothing is.
      if (over) return { final: false, view: overView() };
      const judgement = judgeCallback(provider.server, client, attempt, parameters);
      if (judgement.kind === 'stray') {
        ports.log.info(
          { event: 'stray_request', profile: request.name, reason: judgement.reason },
          'Not the awaited answer',
        );
        notify(judgement);
        return { final: false, view: strayView(judgement.reason) };
      }
      if (result === undefined) {
        // The state is dead after its first use: whoever brings it again is given the same result.
        notify({ kind: 'answered' });
        result =
          judgement.kind === 'refused'
            ? Promise.reject(judgement.error)
            : redeem(request, { ...judgement, redirectUri: listener.redirectUri, verifier: attempt.verifier }, ports);
        arrive({ result });
      }
      const view = await result.then(
        (done) => ({ ...signedInView(done, ports.now()), ...defined({ back: onward.signedIn }) }),
        (thrown) => ({ ...failedView(judge(thrown)), ...defined({ back: onward.failed }) }),
      );
      return { final: true, view };
    },
  });

  const url = authorizationUrl(provider.server, {
    clientId: client.id,
    redirectUri: listener.redirectUri,
    scopes: request.scopes,
    attempt,
    parameters: {
      ...provider.authorizationParameters,
      ...defined({ prompt, login_hint: provider.takesLoginHint ? request.loginHint : undefined }),
    },
  });
  notify({
    kind: 'waiting',
    url,
    redirectUri: listener.redirectUri,
    until: new Date(ports.now().getTime() + request.timeoutMs),
  });
  ports.openBrowser(url).then(
    () => notify({ kind: 'browser-opened' }),
    (thrown) => notify({ kind: 'browser-failed', reason: asAuthError(thrown).message }),
  );

  const waiting = new AbortController();
  const answer = listener.ready.then(() => arrival);
  const arrived = await Promise.race([answer, endOfPatience(request, listener.redirectUri, waiting.signal)]).finally(
    () => {
      over = result === undefined;
      waiting.abort();
    },
  );
  try {
    return await arrived.result;
  } finally {
    // The page is part of the sign-in: the server stays until the browser has it.
    await listener.answered;
  }
}

/** Never resolves: rejects when the time is up or the signal is given. Holds no process open by itself. */
async function endOfPatience(
  { timeoutMs, signal, provider, client }: LoginRequest,
  redirectUri: string,
  done: AbortSignal,
): Promise<never> {
  try {
    await delay(timeoutMs, undefined, {
      ref: false,
      signal: signal === undefined ? done : AbortSignal.any([signal, done]),
    });
  } catch {
    throw signal?.reason instanceof AuthError
      ? signal.reason
      : new AuthError('CANCELLED', 'The sign-in was cancelled.');
  }
  throw new AuthError('TIMED_OUT', `No answer came from ${provider.name} within ${inWords(timeoutMs)}.`, {
    hint:
      `If ${provider.name} showed an error page of its own, check that the client id ${client.id} is right and that its ` +
      `app has exactly this redirect URI registered: ${redirectUri} . Else run \`fitbit-login login\` again; \`--timeout SECONDS\` waits longer.`,
  });
}

function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds >= 120 && seconds % 60 === 0) return `${seconds / 60} minutes`;
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}
