import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserEvent } from '../browser/open-browser.ts';
import { AuthError, asAuthError } from '../errors.ts';
import { cancelled, PASTE_REFUSED, PRESERVED, timedOut, VISITOR_NOTICES, withProfileFlag } from '../messages.ts';
import { newAuthorization, type UnexpectedReason, validateCallback } from '../oauth/authorization.ts';
import { type PasteReason, validatePastedCallback } from '../oauth/pasted-callback.ts';
import type { ServerNotice } from '../server/app.ts';
import type { Link } from '../server/pages/view.ts';
import type { Profile } from '../store/profile.ts';
import { exchangeAndStore, type FirstCallback, isRejectedCode } from './exchange.ts';
import { authorizeUrlFor, type LoginRequest, type LoginRequestOptions, resolveLoginRequest } from './login-request.ts';
import { assertOptions } from './options.ts';
import { failedView, signedInView, tooLateView, unexpectedRequestView } from './result-view.ts';
import { createRuntime, processId, type Runtime, type RuntimeOptions } from './runtime.ts';
import { chooseSandbox, loginProfileName } from './sandbox.ts';
import type { SignIn } from './status.ts';
import { duration } from './times.ts';

export interface LoginOptions extends LoginRequestOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`, or `sandbox` with the option `sandbox`. */
  readonly profile?: string;
  /** How long to wait for the person, in milliseconds. Default 300,000. */
  readonly timeoutMs?: number;
  /** Whether to open the browser, where a page would be seen (see `noDisplayReason`). Default `true`. Otherwise only `notify` gets the address. */
  readonly browser?: boolean;
  /**
   * What a person pastes, where the browser cannot reach this machine: the address that it ended on, its query or the code. Each text
   * is one try, whole, and may hold line breaks. Read from the moment of `waiting` on; its end ends nothing, since the browser may
   * still come. The first valid callback counts, whichever way it takes; one that was pasted and whose code the provider rejects may
   * be pasted again. Default: nothing is read.
   */
  readonly pasted?: AsyncIterable<string>;
  /** Addresses on this machine that the result page leads on to. Default: none. */
  readonly onward?: Onward;
  /** Ends the wait. A code that has arrived by then is still exchanged and stored, so that it is not lost. */
  readonly signal?: AbortSignal;
  readonly notify?: (event: LoginEvent) => void;
}

export interface Onward {
  readonly signedIn?: Link;
  readonly failed?: Link;
}

/** What happens while a sign-in waits. */
export type LoginEvent =
  /**
   * The server listens; `url` is the provider's address to open, and the wait ends at `until`. Where a browser is opened here, only
   * the one that comes to `startUrl` first is awaited: that is the address to show, and `url` is for another machine.
   */
  | {
      readonly kind: 'waiting';
      /** As people call it: "Google Health". */
      readonly provider: string;
      readonly url: string;
      readonly startUrl?: string | undefined;
      readonly redirectUri: string;
      readonly until: Date;
    }
  | BrowserEvent
  /** A request arrived that was not the expected callback; the wait continues. */
  | { readonly kind: 'unexpected-request'; readonly reason: UnexpectedReason }
  /**
   * What was pasted was not the expected callback or, after `answered`, its code was `rejected`; the wait continues. `message` says why,
   * for a person, and what to paste instead.
   */
  | { readonly kind: 'paste-refused'; readonly reason: PasteReason | 'rejected'; readonly message: string }
  /** The callback arrived; its code is being exchanged and the tokens stored. */
  | { readonly kind: 'answered' };

/**
 * Signs a person in to their data in the browser and stores the tokens. Run again, it asks for consent again, and only a finished
 * sign-in replaces the tokens stored before. The browser gets its result page only once the tokens are on disk.
 *
 * @throws AuthError `NOT_CONFIGURED` without a client ID; `USAGE`; `PORT_BUSY`; `STORE_UNAVAILABLE`, `STORE_DAMAGED`, `LOCKED`, all
 *   before the browser is opened; `TIMED_OUT`, `CANCELLED` or the signal's own AuthError; `DENIED`, `CLIENT_REJECTED`, `UNAVAILABLE`
 *   and others. Whatever it is, the stored profile is as it was.
 */
export async function login(options: LoginOptions = {}, runtimeOptions: RuntimeOptions = {}): Promise<SignIn> {
  assertOptions('login', options);
  options.signal?.throwIfAborted();
  const runtime = createRuntime(runtimeOptions);
  const name = loginProfileName(runtime, options);
  const stored = await runtime.store.read(name);
  await using sandbox = await chooseSandbox(runtime, name, options, stored);
  const request = await resolveLoginRequest(runtime, name, options, sandbox);
  // A full disk or a foreign file is better known before the person is asked anything.
  await checkStore(runtime, name, options.signal);
  try {
    return await signIn(runtime, request, { ...options, explain: (thrown) => explain(thrown, name, stored) });
  } catch (thrown) {
    const error = explain(thrown, name, stored);
    (await runtime.openLog()).warn(
      { event: 'sign_in_failed', profile: name, provider: request.provider.id, error_code: error.code },
      error.message,
    );
    throw error;
  }
}

/** @internal */
export interface SignInOptions
  extends Pick<LoginOptions, 'timeoutMs' | 'browser' | 'pasted' | 'onward' | 'signal' | 'notify'> {
  /** What the failure page says of an error. Default: the error itself. */
  readonly explain?: (thrown: unknown) => AuthError;
}

/** A sign-in with all questions answered, from the port to the page. @throws AuthError as {@link login} @internal */
export async function signIn(runtime: Runtime, request: LoginRequest, options: SignInOptions = {}): Promise<SignIn> {
  const {
    signal,
    browser = true,
    timeoutMs = 300_000,
    notify = () => {},
    onward = {},
    explain = asAuthError,
  } = options;
  const { name, provider, client } = request;
  let pending = newAuthorization();
  let isBegun = false;
  const reports = await serverReports(runtime);
  const { log } = reports;
  const reasons = new Set<UnexpectedReason>();
  let browserCame = false;
  let browserWaits = false;
  const authorizeUrl = () => authorizeUrlFor(request, listener.redirectUri, pending);
  const begin = (): string => {
    // Another browser of the same user begins anew, and the state that the first one was given is void.
    if (isBegun) pending = newAuthorization();
    isBegun = true;
    return authorizeUrl();
  };
  const { listen } = await import('../server/listen.ts');
  await using listener = await listen<FirstCallback>({
    redirectUris: request.redirectUris,
    ...reports,
    pid: processId(),
    // A browser elsewhere cannot come to a start address here: a sign-in by SSH or without a browser is not bound to one.
    begin: browser && runtime.seesBrowser() ? begin : undefined,
    validate: (parameters) => {
      browserCame = true;
      const result = validateCallback(provider.server, client, pending, parameters);
      if (result.kind === 'unexpected') {
        const { reason } = result;
        // Any web page can send these: the log names each reason once, and how many requests were refused at the end.
        const level = reasons.has(reason) ? 'debug' : 'info';
        reasons.add(reason);
        log[level]({ event: 'unexpected_request', profile: name, reason }, 'Not the expected callback');
        notify({ kind: 'unexpected-request', reason });
        return { kind: 'unexpected', page: unexpectedRequestView(reason) };
      }
      return { kind: 'accepted', response: result };
    },
  });
  // Not in `validate`: what is valid may still come from another user, or from another browser than the one that began.
  const fromBrowser = listener.callback.then(({ response }) => {
    browserWaits = true;
    return { callback: response, isPasted: false };
  });
  const { redirectUri, startUrl } = listener;

  const url = authorizeUrl();
  const until = new Date(runtime.now().getTime() + timeoutMs);
  notify({ kind: 'waiting', provider: provider.name, url, startUrl, redirectUri, until });
  const waiting = new AbortController();
  if (browser) {
    runtime.openBrowser(startUrl ?? url, {
      signal: waiting.signal,
      notify: (event) => {
        // A request has come from a browser that works, whatever its launcher says.
        if (event.kind !== 'browser-silent' || !browserCame) notify(event);
      },
    });
  }
  const refusePaste = (reason: PasteReason | 'rejected') => {
    log.info({ event: 'paste_refused', profile: name, reason }, 'Not the expected callback');
    notify({ kind: 'paste-refused', reason, message: PASTE_REFUSED[reason]({ provider: provider.name, redirectUri }) });
  };
  const nextPasted = acceptedPastes(options.pasted, waiting.signal, (text) => {
    if (browserWaits) return undefined;
    const result = validatePastedCallback({ server: provider.server, client, pending, redirectUri }, text);
    if (result.kind === 'wrong') refusePaste(result.reason);
    return result.kind === 'wrong' || result.kind === 'nothing' ? undefined : { callback: result, isPasted: true };
  });

  const timedOutError = timedOut({
    provider: provider.name,
    clientId: client.id,
    redirectUri,
    duration: duration(timeoutMs),
    asksEmail: request.identityScopes.length > 0,
  });
  const timeout = rejectAfterTimeout(timeoutMs, timedOutError, { signal, done: waiting.signal });
  try {
    for (;;) {
      const { callback, isPasted } = await Promise.race([fromBrowser, nextPasted(), timeout]).catch((thrown) => {
        // The caller learns that nothing was stored: a later callback is not exchanged.
        listener.expire(tooLateView());
        throw thrown;
      });
      notify({ kind: 'answered' });
      const binding = { redirectUri, verifier: pending.verifier, nonce: pending.nonce };
      const result = await exchangeAndStore(runtime, request, callback, binding).then(
        (signIn) => ({ signIn, page: { ...signedInView(signIn, runtime.now()), button: onward.signedIn } }),
        (thrown) => ({
          error: thrown,
          page: { ...failedView(explain(thrown), { provider: provider.name, profile: name }), button: onward.failed },
        }),
      );
      // A pasted code may be cut off or too old, which costs another paste and not the sign-in.
      if ('error' in result && isPasted && isRejectedCode(result.error)) {
        refusePaste('rejected');
        continue;
      }
      // The page is part of the sign-in: the server stays until the browser has it. After a paste, no browser may ever come, or one
      // may have brought the same response meanwhile.
      await listener.decided();
      if (browserWaits) await (await listener.callback).respond(result.page);
      if ('error' in result) throw result.error;
      return result.signIn;
    }
  } finally {
    waiting.abort();
  }
}

/** Where a local server reports: its requests to the log, unusual visitors to the person, too; and how it knows them. @internal */
export async function serverReports(runtime: Runtime) {
  const log = await runtime.openLog();
  const onNotice = ({ kind }: ServerNotice) => {
    log.info({ event: 'visitor', kind }, 'An unusual visitor');
    runtime.notice(VISITOR_NOTICES[kind]);
  };
  return { log, onNotice, peerOf: runtime.peerOf };
}

function explain(thrown: unknown, name: string, stored: Profile | undefined): AuthError {
  const error = asAuthError(thrown);
  return error.with({
    preserved: stored?.tokens === undefined ? PRESERVED.nothing : PRESERVED.before,
    hint: withProfileFlag(error.hint, name),
  });
}

/** Locks the profile and reserves room for it, as the save will, and lets go. @throws AuthError as `ProfileStore.lock` */
async function checkStore({ store }: Runtime, name: string, signal: AbortSignal | undefined): Promise<void> {
  await using _locked = await store.lock(name, { signal });
}

/**
 * Reads pasted texts until `signal` ends that. Each call of the function that it returns resolves with the next text that `validate`
 * accepts; never, where none is. An input that breaks has ended.
 * @internal
 */
export function acceptedPastes<T>(
  pasted: AsyncIterable<string> | undefined,
  signal: AbortSignal,
  validate: (text: string) => T | undefined,
): () => Promise<T> {
  const never = new Promise<never>(() => {});
  let texts: AsyncIterator<string> | undefined;
  const stopped = new Promise<{ readonly done: true }>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        // Not awaited: an iterable that is still waiting for its next text answers only after that.
        texts?.return?.().catch(() => {});
        resolve({ done: true });
      },
      { once: true },
    );
  });
  return async () => {
    try {
      texts ??= pasted?.[Symbol.asyncIterator]();
      for (;;) {
        const next = await Promise.race([texts?.next() ?? stopped, stopped]);
        if (next.done || signal.aborted) return never;
        const accepted = validate(next.value);
        if (accepted !== undefined) return accepted;
      }
    } catch {
      // The caller gave the input and knows better what to make of it; the browser may still come.
      return never;
    }
  };
}

/**
 * Never resolves. Holds no process open by itself, and ends with `done`.
 *
 * @throws `timeoutError` after the timeout; the signal's AuthError, `CANCELLED` for another reason
 */
async function rejectAfterTimeout(
  timeoutMs: number,
  timeoutError: AuthError,
  { signal, done }: { readonly signal?: AbortSignal; readonly done: AbortSignal },
): Promise<never> {
  try {
    const signals = signal === undefined ? done : AbortSignal.any([signal, done]);
    await delay(timeoutMs, undefined, { ref: false, signal: signals });
  } catch {
    throw signal?.reason instanceof AuthError ? signal.reason : cancelled();
  }
  throw timeoutError;
}
