import { AuthError } from '../errors.ts';

/** The part of the standard `fetch` that this project uses. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface HttpLimits {
  /** To connect and to receive the head of the answer, in milliseconds. Default 10,000. */
  readonly answerMs?: number;
  /** For the whole exchange, body included, in milliseconds. Default 15,000. */
  readonly totalMs?: number;
  /** The largest body taken, decompressed, in bytes. Default 65,536. */
  readonly maxBytes?: number;
}

/**
 * `fetch` with bounds: the answer is read whole, within time and size limits, and no redirect is followed.
 *
 * @throws AuthError `UNAVAILABLE` when the server cannot be reached or does not answer in time, `ANSWER_INVALID` when
 *   the answer is too large or is a redirect; the reason of `init.signal` when that is aborted.
 */
export function boundedFetch(fetch: Fetch, limits: HttpLimits = {}): Fetch {
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
      const response = await inTime(fetch(url, { ...init, signal, redirect: 'manual' }), signal);
      clearTimeout(answerTimer);
      if (response.status >= 300 && response.status < 400) {
        void response.body?.cancel().catch(() => {});
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

async function readAtMost(response: Response, maxBytes: number, host: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return new Uint8Array();
  // Leaving the loop by the throw cancels the stream and with it the connection.
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
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

const FAULTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no network',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_HEADERS_OVERFLOW: 'the head of its answer is too large',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by somebody unknown to this machine',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by somebody unknown to this machine',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by somebody unknown to this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

// Requests that cannot have reached the server, so that repeating them later loses nothing.
const NEVER_SENT = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function unreachable(host: string, thrown: unknown): AuthError {
  const code = faultCode(thrown);
  const why = (code !== undefined && FAULTS[code]) || 'the connection failed';
  return new AuthError('UNAVAILABLE', `${host} cannot be reached: ${why}${code ? ` (${code})` : ''}.`, {
    // Not the thrown error itself: the message of one that is about a header quotes that header.
    cause: new Error(code ?? 'fetch failed'),
    hint: 'Check the network, then try again.',
    details: { never_sent: code !== undefined && NEVER_SENT.has(code) },
  });
}

// fetch wraps the socket's error as `cause`, and several tried addresses as an AggregateError.
function faultCode(thrown: unknown): string | undefined {
  let error = thrown;
  for (let depth = 0; depth < 4 && error instanceof Error; depth++) {
    if ('code' in error && typeof error.code === 'string') return error.code;
    error = error instanceof AggregateError ? error.errors[0] : error.cause;
  }
  return undefined;
}
