import type { FastifyBaseLogger } from 'fastify';
import { AuthError } from '../errors.ts';
import { callbackApp } from './app.ts';
import { Outcome } from './outcome.ts';
import type { CallbackAnswer } from './pages/view.ts';
import { parseRedirectUri } from './redirect-uri.ts';
import { serve } from './served.ts';

export interface ListenOptions {
  /** Registered redirect URIs, tried in this order. Loopback only; port `0` means any free port. */
  readonly redirectUris: readonly string[];
  /**
   * Judges one visit to the redirect URI, whose request is held open meanwhile. Called for every one until an answer was final,
   * also for two at once; whoever repeats the awaited parameters should be given the same promise. Must not throw: if it
   * does, that visitor is told so and the wait goes on.
   */
  readonly onCallback: (params: URLSearchParams) => Promise<CallbackAnswer>;
  /** Gets a line for each request, without its query. Default: no log. */
  readonly log?: FastifyBaseLogger | undefined;
  /** How long a browser may take to ask for the result page after the final answer, in milliseconds. Default 2,000. */
  readonly lingerMs?: number;
}

/** A server on loopback that waits for one answer. */
export interface CallbackListener {
  /** The redirect URI that is listened for, byte for byte as given; only a port `0` is replaced by the real one. */
  readonly redirectUri: string;
  /**
   * Resolves once the page of the final answer has been handed to a client, or `lingerMs` after that answer if nobody
   * came for it. Stays pending while there is none, also after `close()`.
   */
  readonly answered: Promise<void>;
  /** Frees the port: a page on its way is let out, then every socket is ended, idle ones too. May be called again. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long a result page that is being written may take to leave when the listener closes. */
const FLUSH_MS = 250;

/**
 * Binds the first of the redirect URIs that is free and answers there until it is closed.
 * @throws AuthError `USAGE` for a redirect URI that is not loopback; `PORT_BUSY` when all are taken; `LISTEN_FAILED`.
 */
export async function listen({
  redirectUris,
  onCallback,
  log,
  lingerMs = 2_000,
}: ListenOptions): Promise<CallbackListener> {
  const redirects = redirectUris.map(parseRedirectUri);
  if (redirects.length === 0) throw new AuthError('USAGE', 'There is no redirect URI to listen for.');

  const outcome = new Outcome({ lingerMs });
  const served = await serve(redirects, (redirect) => callbackApp({ redirect, outcome, onCallback, log }));
  const shutDown = async () => {
    // Node's close() takes a socket for idle as soon as its response was ended, though not yet written.
    await outcome.flushed(FLUSH_MS);
    await served.close();
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= shutDown();
    return closing;
  };
  return { redirectUri: served.redirect.uri, answered: outcome.answered, close, [Symbol.asyncDispose]: close };
}
