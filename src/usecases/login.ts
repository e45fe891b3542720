import type { BrowserEvent } from '../browser/event.ts';
import { defined } from '../defined.ts';
import { type AuthError, asAuthError } from '../errors.ts';
import { authorizationUrl, newAuthorization, type UnexpectedReason, validateCallback } from '../oauth/authorization.ts';
import { type PasteReason, validatePastedCallback } from '../oauth/pasted-callback.ts';
import type { View } from '../server/pages/view.ts';
import { Answer } from './answer.ts';
import { readPastes } from './pastes.ts';
import { endOfPatience } from './patience.ts';
import type { LoginPorts } from './ports.ts';
import { forProfile } from './profile-option.ts';
import { redeem, type SignIn, type SignInRequest } from './redeem.ts';
import { rehearse } from './rehearsal.ts';
import { failedView, overView, pasteRefusal, signedInView, strayView } from './report.ts';

/** What a waiting sign-in tells whoever watches it. */
export type LoginEvent =
  /** The server listens; this is the address to open, and the wait ends at `until`. */
  | { readonly kind: 'waiting'; readonly url: string; readonly redirectUri: string; readonly until: Date }
  | BrowserEvent
  /** A request arrived that was not the awaited answer; the wait goes on. */
  | { readonly kind: 'stray'; readonly reason: UnexpectedReason }
  /** What was pasted was not the awaited answer; the wait goes on. `message` says why, for a person, and what to paste instead. */
  | { readonly kind: 'paste-refused'; readonly reason: PasteReason; readonly message: string }
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
  /**
   * What a person pastes, where the browser cannot reach this machine: each text is one try, whole, and may hold line breaks.
   * Read from the moment of `waiting` on. Its end ends nothing: the browser may still answer.
   */
  readonly pasted?: AsyncIterable<string>;
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
  const attempt = newAuthorization();
  let heard = false;
  const answer = new Answer((taken) => {
    notify({ kind: 'answered' });
    if (taken.kind === 'refused') return Promise.reject(taken.error);
    const { redirectUri } = listener;
    return redeem(request, { parameters: taken.parameters, redirectUri, verifier: attempt.verifier }, ports);
  });
  let over = false;
  let browserWaits = false;

  await using listener = await ports.listen({
    redirectUris: request.redirectUris,
    onCallback: async (parameters) => {
      // Too late: whoever waited has been told that nothing was stored, and so nothing is.
      if (over) return { final: false, view: overView() };
      heard = true;
      const judgement = validateCallback(provider.server, client, attempt, parameters);
      if (judgement.kind === 'unexpected') {
        ports.log.info(
          { event: 'stray_request', profile: request.name, reason: judgement.reason },
          'Not the awaited answer',
        );
        notify({ kind: 'stray', reason: judgement.reason });
        return { final: false, view: strayView(judgement.reason) };
      }
      browserWaits = true;
      const view = await answer.take(judgement).then(
        (done) => ({ ...signedInView(done, ports.now()), ...defined({ back: onward.signedIn }) }),
        (thrown) => ({ ...failedView(judge(thrown)), ...defined({ back: onward.failed }) }),
      );
      return { final: true, view };
    },
  });
  const { redirectUri } = listener;
  const onPaste = (text: string) => {
    if (over) return;
    const judgement = validatePastedCallback({ server: provider.server, client, pending: attempt, redirectUri }, text);
    if (judgement.kind === 'granted' || judgement.kind === 'refused') answer.take(judgement).catch(() => {});
    if (judgement.kind !== 'wrong') return;
    const { reason } = judgement;
    ports.log.info({ event: 'paste_refused', profile: request.name, reason }, 'Not the awaited answer');
    notify({ kind: 'paste-refused', reason, message: pasteRefusal(reason, { provider: provider.name, redirectUri }) });
  };

  const url = authorizationUrl(provider.server, {
    clientId: client.id,
    redirectUri,
    scopes: request.scopes,
    pending: attempt,
    parameters: {
      ...provider.authorizationParameters,
      ...defined({ prompt, login_hint: provider.takesLoginHint ? request.loginHint : undefined }),
    },
  });
  const until = new Date(ports.now().getTime() + request.timeoutMs);
  notify({ kind: 'waiting', url, redirectUri, until });

  const waiting = new AbortController();
  ports.openBrowser(url, {
    signal: waiting.signal,
    tell: (event) => {
      // Whatever has brought a request is a browser that works.
      if (event.kind !== 'browser-silent' || !heard) notify(event);
    },
  });
  if (request.pasted !== undefined) void readPastes(request.pasted, { onPaste, signal: waiting.signal });
  const arrival = listener.ready.then(() => {
    if (!answer.hasArrived) void rehearse(request, redirectUri, ports);
    return answer.arrived;
  });
  const arrived = await Promise.race([arrival, endOfPatience(request, { redirectUri, done: waiting.signal })])
    .catch((thrown) => {
      over = !answer.hasArrived;
      if (over) throw thrown;
      return answer.arrived;
    })
    .finally(() => waiting.abort());
  try {
    return await arrived.result;
  } finally {
    // The page is part of the sign-in: the server stays until the browser has it. Where the answer was pasted, none may ever come.
    if (browserWaits) await listener.answered;
  }
}
