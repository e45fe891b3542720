import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserEvent } from '../browser/open-browser.ts';
import { AuthError, asAuthError } from '../errors.ts';
import { cancelled, PRESERVED, timedOut, withProfileFlag } from '../messages.ts';
import type { Listener } from '../server/listen.ts';
import { formatDateTime } from '../server/pages/texts.ts';
import type { Link, View } from '../server/pages/view.ts';
import type { Profile } from '../store/profile.ts';
import { AwaitedCallback, acceptedPastes, type CallbackEvent, type ReceivedCallback } from './awaited-callback.ts';
import { exchangeAndStore, isRejectedCode } from './exchange.ts';
import { type LoginRequest, type LoginRequestOptions, resolveLoginRequest } from './login-request.ts';
import { assertOptions } from './options.ts';
import { failedView, signedInView, tooLateView } from './result-view.ts';
import { createRuntime, processId, type Runtime, type RuntimeOptions, serverReports } from './runtime.ts';
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
  | CallbackEvent
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
  {
    // Meanwhile: the disk and the server's modules are the two slow parts of the start.
    void import('../server/listen.ts');
    // A full disk or a foreign file is better known before the person is asked anything.
    await using _locked = await runtime.store.lock(name, { signal: options.signal });
  }
  try {
    return await signIn(runtime, request, options, stored);
  } catch (thrown) {
    const error = explain(thrown, name, stored);
    (await runtime.openLog()).warn(
      { event: 'sign_in_failed', profile: name, provider: request.provider.id, error_code: error.code },
      error.message,
    );
    throw error;
  }
}

/** A sign-in with all questions answered, from the port to the page. @throws AuthError as {@link login} @internal */
export async function signIn(runtime: Runtime, request: LoginRequest, options: LoginOptions, stored?: Profile) {
  const { browser = true, timeoutMs = 300_000, notify = () => {}, onward = {} } = options;
  const { name, provider } = request;
  const reports = await serverReports(runtime);
  const awaited = new AwaitedCallback(request, reports.log, notify);

  const { listen } = await import('../server/listen.ts');
  await using listener = await listen({
    redirectUris: request.redirectUris,
    ...reports,
    pid: processId(),
    // A browser elsewhere cannot come to a start address here: a sign-in by SSH or without a browser is not bound to one.
    begin: browser && runtime.seesBrowser() ? () => awaited.begin() : undefined,
    validate: (parameters) => awaited.validate(parameters),
  });
  const { redirectUri, startUrl } = listener;
  awaited.redirectUri = redirectUri;

  const url = awaited.authorizeUrl;
  const until = new Date(runtime.now().getTime() + timeoutMs);
  notify({ kind: 'waiting', provider: provider.name, url, startUrl, redirectUri, until });
  const over = new AbortController();
  using _ending = { [Symbol.dispose]: () => over.abort() };
  if (browser) {
    // Once a request has come, the browser works, whatever its launcher says.
    const isNews = ({ kind }: BrowserEvent) => kind !== 'browser-silent' || !awaited.isVisited;
    runtime.openBrowser(startUrl ?? url, { signal: over.signal, notify: (event) => isNews(event) && notify(event) });
  }

  // The first date loads the names of time zones, in 30 ms: now rather than while the browser waits for its page.
  formatDateTime(until);

  // Not in `validate`: what is valid may still come from another user, or from another browser than the one that began.
  const fromBrowser = listener.callback.then(({ response }) => {
    awaited.hasBrowser = true;
    return response;
  });
  const nextPasted = acceptedPastes(options.pasted, over.signal, (text) => awaited.validatePasted(text));
  const timeout = rejectAfterTimeout(timeoutMs, request, redirectUri, { signal: options.signal, over: over.signal });
  for (;;) {
    const { callback, isPasted } = await Promise.race([fromBrowser, nextPasted(), timeout]).catch((thrown) => {
      // The caller learns that nothing was stored: a later callback is not exchanged.
      listener.expire(tooLateView(name));
      throw thrown;
    });
    notify({ kind: 'answered' });
    try {
      const signIn = await exchangeAndStore(runtime, request, callback, awaited.binding);
      await respond(listener, awaited, { ...signedInView(signIn, runtime.now()), button: onward.signedIn });
      return signIn;
    } catch (thrown) {
      // A pasted code may be cut off or too old, which costs another paste and not the sign-in.
      if (isPasted && isRejectedCode(thrown)) {
        awaited.refusePaste('rejected');
        continue;
      }
      const error = explain(thrown, name, stored);
      const page = failedView(error, { provider: provider.name, profile: name });
      await respond(listener, awaited, { ...page, button: onward.failed });
      throw error;
    }
  }
}

/**
 * Answers the browser. That is part of the sign-in: the server stays until the page is there. After a paste, no browser may ever come,
 * or one may have brought the same response meanwhile.
 */
async function respond(listener: Listener<ReceivedCallback>, awaited: AwaitedCallback, page: View): Promise<void> {
  await listener.decided();
  if (awaited.hasBrowser) await (await listener.callback).respond(page);
}

function explain(thrown: unknown, name: string, stored: Profile | undefined): AuthError {
  const error = asAuthError(thrown);
  return error.with({
    preserved: stored?.tokens === undefined ? PRESERVED.nothing : PRESERVED.before,
    hint: withProfileFlag(error.hint, name),
  });
}

/**
 * Never resolves. Holds no process open by itself, and ends with `over`.
 *
 * @throws AuthError `TIMED_OUT`; the signal's own, `CANCELLED` for another reason
 */
async function rejectAfterTimeout(
  timeoutMs: number,
  { provider, client, identityScopes }: LoginRequest,
  redirectUri: string,
  { signal, over }: { readonly signal?: AbortSignal; readonly over: AbortSignal },
): Promise<never> {
  try {
    const signals = signal === undefined ? over : AbortSignal.any([signal, over]);
    await delay(timeoutMs, undefined, { ref: false, signal: signals });
  } catch {
    throw signal?.reason instanceof AuthError ? signal.reason : cancelled();
  }
  throw timedOut({
    provider: provider.name,
    clientId: client.id,
    redirectUri,
    duration: duration(timeoutMs),
    asksEmail: identityScopes.length > 0,
  });
}
