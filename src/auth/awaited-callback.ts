import type { Logger } from 'pino';
import { PASTE_REFUSED } from '../messages.ts';
import { type Callback, newAuthorization, type UnexpectedReason, validateCallback } from '../oauth/authorization.ts';
import { type PasteReason, validatePastedCallback } from '../oauth/pasted-callback.ts';
import type { CodeExchange } from '../oauth/token-endpoint.ts';
import type { CallbackValidation } from '../server/callback.ts';
import { authorizeUrlFor, type LoginRequest } from './login-request.ts';
import { unexpectedRequestView } from './result-view.ts';

/** What came instead of the awaited callback; the wait continues. */
export type CallbackEvent =
  /** A request arrived that was not the expected callback. */
  | { readonly kind: 'unexpected-request'; readonly reason: UnexpectedReason }
  /**
   * What was pasted was not the expected callback or, after `answered`, its code was `rejected`. `message` says why, for a person, and
   * what to paste instead.
   */
  | { readonly kind: 'paste-refused'; readonly reason: PasteReason | 'rejected'; readonly message: string };

/** A callback that ends the wait, and which way it came. @internal */
export interface ReceivedCallback {
  readonly callback: Callback;
  readonly isPasted: boolean;
}

/** The callback that a sign-in waits for: what it must look like, whether a browser brings it or a person pastes it. @internal */
export class AwaitedCallback {
  /** With the port that is listened at. */
  redirectUri = '';
  /** Whether any request has come to the redirect URI. */
  isVisited = false;
  /** Whether a browser has brought the callback, and waits for its page. */
  hasBrowser = false;
  readonly #request: LoginRequest;
  readonly #log: Logger;
  readonly #notify: (event: CallbackEvent) => void;
  readonly #reasons = new Set<UnexpectedReason>();
  #pending = newAuthorization();
  #isBegun = false;

  constructor(request: LoginRequest, log: Logger, notify: (event: CallbackEvent) => void) {
    this.#request = request;
    this.#log = log;
    this.#notify = notify;
  }

  /** The provider's address, which leads to the callback. */
  get authorizeUrl(): string {
    return authorizeUrlFor(this.#request, this.redirectUri, this.#pending);
  }

  /** What the token endpoint compares the code with. */
  get binding(): Omit<CodeExchange, 'parameters'> {
    const { verifier, nonce } = this.#pending;
    return { redirectUri: this.redirectUri, verifier, nonce };
  }

  /** Another browser of the same user begins anew, and the state that the first one was given is void. */
  begin(): string {
    if (this.#isBegun) this.#pending = newAuthorization();
    this.#isBegun = true;
    return this.authorizeUrl;
  }

  validate(parameters: URLSearchParams): CallbackValidation<ReceivedCallback> {
    this.isVisited = true;
    const { name, provider, client } = this.#request;
    const result = validateCallback(provider.server, client, this.#pending, parameters);
    if (result.kind !== 'unexpected') return { kind: 'accepted', response: { callback: result, isPasted: false } };
    const { reason } = result;
    // Any web page can send these: the log names each reason once, and how many requests were refused at the end.
    const level = this.#reasons.has(reason) ? 'debug' : 'info';
    this.#reasons.add(reason);
    this.#log[level]({ event: 'unexpected_request', profile: name, reason }, 'Not the expected callback');
    this.#notify({ kind: 'unexpected-request', reason });
    return { kind: 'unexpected', page: unexpectedRequestView(reason) };
  }

  /** @returns `undefined` for a text that is not the callback, and once a browser has brought it */
  validatePasted(text: string): ReceivedCallback | undefined {
    if (this.hasBrowser) return undefined;
    const { provider, client } = this.#request;
    const expected = { server: provider.server, client, pending: this.#pending, redirectUri: this.redirectUri };
    const result = validatePastedCallback(expected, text);
    if (result.kind === 'wrong') this.refusePaste(result.reason);
    return result.kind === 'wrong' || result.kind === 'nothing' ? undefined : { callback: result, isPasted: true };
  }

  refusePaste(reason: PasteReason | 'rejected'): void {
    const { name, provider } = this.#request;
    const message = PASTE_REFUSED[reason]({ provider: provider.name, redirectUri: this.redirectUri });
    this.#log.info({ event: 'paste_refused', profile: name, reason }, 'Not the expected callback');
    this.#notify({ kind: 'paste-refused', reason, message });
  }
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
    const stop = () => {
      // Not awaited: an iterable that is still waiting for its next text answers only after that.
      texts?.return?.().catch(() => {});
      resolve({ done: true });
    };
    signal.addEventListener('abort', stop, { once: true });
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
