import type { Fetch } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { unreachable } from './fault.ts';

export interface HttpLimits {
  /** To connect and to receive the head of the answer, in milliseconds. Default 10,000. */
  readonly answerMs?: number;
  /** For the whole exchange, body included, in milliseconds. Default 15,000. */
  readonly totalMs?: number;
  /** The largest body taken, decompressed, in bytes. Default 65,536. */
  readonly maxBytes?: number;
}

/** An answer whose body may be on its way. What `fetch` gives is one. */
export interface Answer extends Pick<Response, 'status' | 'statusText' | 'headers'> {
  /** Leaving the loop early, or the request's signal, ends the connection. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Sends a request and gives its answer, as `fetch` does. */
export type Send = (url: string, init?: RequestInit) => Promise<Answer>;

/**
 * `fetch` with bounds: the answer is read whole, within time and size limits, and no redirect is followed.
 *
 * @throws AuthError `UNAVAILABLE` when the server cannot be reached or does not answer in time, `ANSWER_INVALID` when
 *   the answer is too large or is a redirect; the reason of `init.signal` when that is aborted.
 */
export function boundedFetch(send: Send, limits: HttpLimits = {}): Fetch {
  const { answerMs = 10_000, totalMs = 15_000, maxBytes = 65_536 } = limits;
  return async (url, init = {}) => {
    const host = new URL(url).host;
    const stop = new AbortController();
    const giveUp = (what: string, afterMs: number) =>
      setTimeout(() => {
        stop.abort(new AuthError('UNAVAILABLE', `${host} ${what} within ${afterMs / 1000} seconds.`));
      }, afterMs);
    const answerTimer = giveUp('did not answer', answerMs);
    const totalTimer = giveUp('did not finish its answer', totalMs);
    const signal = init.signal ? AbortSignal.any([stop.signal, init.signal]) : stop.signal;
    try {
      const response = await inTime(send(url, { ...init, signal, redirect: 'manual' }), signal);
      clearTimeout(answerTimer);
      if (response.status >= 300 && response.status < 400) {
        throw new AuthError(
          'ANSWER_INVALID',
          `${host} answered with a redirect (${response.status}), which is not followed.`,
        );
      }
      const body = await inTime(readAtMost(response, maxBytes, host), signal);
      const { status, statusText, headers } = response;
      return new Response(status === 204 || status === 205 ? null : body, {
        status,
        statusText,
        headers: plain(headers),
      });
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      // Of an answer that is not taken nothing more is received.
      stop.abort();
      if (thrown instanceof AuthError) throw thrown;
      throw unreachable(host, thrown);
    } finally {
      clearTimeout(answerTimer);
      clearTimeout(totalTimer);
    }
  };
}

/** Rejects as soon as `signal` is given: Node's own fetch does not where a compressed body turns out to be damaged. */
async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, given]);
}

async function readAtMost(response: Answer, maxBytes: number, host: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return new Uint8Array();
  // Leaving the loop by the throw cancels the stream and with it the connection.
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new AuthError(
        'ANSWER_INVALID',
        `${host} answered with more than ${maxBytes / 1024} KiB, which is not taken.`,
      );
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

// The body is no longer what these describe once it has been read and decompressed.
function plain(headers: Headers): Headers {
  const copy = new Headers(headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) copy.delete(name);
  return copy;
}
