import type { CallbackAnswer } from './pages/view.ts';

/** What is awaited, and where. */
export interface AwaitedCallback {
  /** Registered redirect URIs, tried in this order. Loopback only; port `0` means any free port. */
  readonly redirectUris: readonly string[];
  /**
   * Judges one visit to the redirect URI, whose request is held open meanwhile. Called for every one until an answer was final,
   * also for two at once; whoever repeats the awaited parameters should be given the same promise. Must not throw: if it
   * does, that visitor is told so and the wait goes on.
   */
  readonly onCallback: (params: URLSearchParams) => Promise<CallbackAnswer>;
}

/** A server on loopback that waits for one answer. */
export interface CallbackListener {
  /** The redirect URI that is listened for, byte for byte as given; only a port `0` is replaced by the real one. */
  readonly redirectUri: string;
  /** Resolves once pages are answered: whoever comes earlier waits. Rejects where they cannot be, which no page can tell then. */
  readonly ready: Promise<void>;
  /**
   * Resolves once the page of the final answer has been handed to a client, or `lingerMs` after that answer if nobody
   * came for it. Stays pending while there is none, also after `close()`.
   */
  readonly answered: Promise<void>;
  /** Frees the port: a page on its way is let out, then every socket is ended, idle ones too. May be called again. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
