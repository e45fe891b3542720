import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { Environment, Fetch } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { INVALID, invalidResponse, responseTimeout } from '../messages.ts';
import { networkError, type ProxyResponse, proxyRefused, proxyUnreachable } from './errors.ts';
import { type ForwardProxy, proxyFor } from './proxy.ts';

export interface FetchLimits {
  /** Until the head of the response has arrived, in milliseconds. Default 10,000. */
  readonly answerMs?: number;
  /** For the whole exchange, body included, in milliseconds. Default 15,000. */
  readonly totalMs?: number;
  /** The largest body, decompressed, in bytes. Default 65,536. */
  readonly maxBytes?: number;
}

/** A response whose body may still be on its way. A standard `Response` is one. */
interface OpenResponse extends Pick<Response, 'status' | 'statusText' | 'headers'> {
  /** Leaving the loop early, or the request's signal, ends the connection. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Sends a request as `fetch` does. */
export type Send = (url: string, init?: RequestInit) => Promise<OpenResponse>;

/**
 * `fetch` with bounds: the response is read whole, within time and size limits, and no redirect is followed.
 *
 * @throws AuthError `UNAVAILABLE` when the server cannot be reached or does not answer in time, `ANSWER_INVALID` when the
 *   response is too large or a redirect; the reason of `init.signal` when that is aborted; else as `send`.
 */
export function boundedFetch(send: Send, limits: FetchLimits = {}): Fetch {
  const { answerMs = 10_000, totalMs = 15_000, maxBytes = 65_536 } = limits;
  return async (url, init = {}) => {
    const { host } = new URL(url);
    const stop = new AbortController();
    const timers = [answerMs, totalMs].map((ms) => setTimeout(() => stop.abort(responseTimeout(host, ms)), ms));
    const signal = init.signal ? AbortSignal.any([stop.signal, init.signal]) : stop.signal;
    try {
      const response = await unlessAborted(send(url, { ...init, signal, redirect: 'manual' }), signal);
      clearTimeout(timers[0]);
      const { status, statusText } = response;
      if (status >= 300 && status < 400) {
        throw invalidResponse(host, INVALID.redirect(status));
      }
      const body = await unlessAborted(readAtMost(response, maxBytes, host), signal);
      const headers = new Headers(response.headers);
      // They no longer describe the body.
      for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name);
      return new Response(status === 204 || status === 205 ? null : body, { status, statusText, headers });
    } catch (thrown) {
      if (thrown instanceof AuthError) throw thrown;
      if (signal.aborted) throw signal.reason;
      throw networkError(thrown, { owner: host });
    } finally {
      for (const timer of timers) clearTimeout(timer);
      // Nothing more is received of a response that was refused.
      stop.abort();
    }
  };
}

/** Rejects as soon as `signal` is aborted, whether or not `work` heeds it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}

async function readAtMost({ body }: OpenResponse, maxBytes: number, host: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw invalidResponse(host, INVALID.size(maxBytes));
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/**
 * Sends text, bytes or a form by Node's HTTP client, through the proxy that `environment` names for the URL. Every request
 * has a connection of its own, and follows no redirect.
 *
 * @param options.connectMs to connect, through the proxy where there is one, in milliseconds. Default 8,000: less than an
 *   answer may take, so that a server that was never reached is not taken for a silent one.
 * @throws AuthError `UNAVAILABLE` and `NETWORK_BLOCKED` as `networkError` has it, `ANSWER_INVALID` for an encoded body,
 *   `USAGE` as {@link proxyFor}. `details.never_sent` says whether the request can have arrived.
 */
export function nodeFetch(environment: Environment, { connectMs = 8_000 } = {}): Send {
  return async (url, init = {}) => {
    const target = new URL(url);
    const bytes = bytesOf(init.body);
    const proxy = proxyFor(url, environment);
    let stage = (proxy === undefined ? 'server' : 'proxy') as 'proxy' | 'server' | 'sent';
    const timeout = new AbortController();
    const timer = setTimeout(
      () => timeout.abort(Object.assign(new Error('Not connected in time.'), { code: 'ETIMEDOUT' })),
      connectMs,
    );
    const signal = init.signal ? AbortSignal.any([timeout.signal, init.signal]) : timeout.signal;
    try {
      signal.throwIfAborted();
      const isSecure = target.protocol === 'https:';
      const open = isSecure ? httpsRequest : httpRequest;
      const agent = proxy === undefined ? false : agentFor(proxy, signal);
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // A request that waits for its proxy does not hear of the signal.
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        const request = open(target, { method: init.method ?? 'GET', headers: headersOf(init), agent, signal });
        request.on('error', reject).once('response', resolve);
        // As after a switch of protocols, of which Node says nothing else.
        request.once('close', () => reject(Object.assign(new Error('No response.'), { code: 'ECONNRESET' })));
        request.once('proxyConnect', (answer: ProxyResponse) => {
          stage = 'server';
          if (answer.statusCode === 200 || proxy === undefined) return;
          reject(proxyRefused(proxy, `${target.hostname}:${target.port || (isSecure ? 443 : 80)}`, answer));
          request.destroy();
        });
        const send = () => {
          clearTimeout(timer);
          stage = 'sent';
          request.end(bytes);
        };
        // Held back until connected, so that it is certain what can have been sent.
        request.once('socket', (socket: Socket) => {
          if (isSecure || socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', send);
          else send();
        });
      });
      return readable(response, target.host);
    } catch (thrown) {
      if (thrown instanceof AuthError || init.signal?.aborted) throw thrown;
      if (proxy !== undefined && stage === 'proxy') throw proxyUnreachable(proxy, thrown);
      throw networkError(thrown, { owner: target.host, neverSent: stage !== 'sent' });
    } finally {
      clearTimeout(timer);
    }
  };
}

function agentFor({ url, authorization }: ForwardProxy, signal: AbortSignal): HttpsProxyAgent<string> {
  // As a header, not in the URL, which DEBUG=* would print.
  const headers = authorization === undefined ? {} : { 'Proxy-Authorization': authorization.reveal() };
  return new HttpsProxyAgent(url, { headers, signal });
}

function headersOf({ headers: given, body }: RequestInit): Record<string, string> {
  const headers = new Headers({ accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'fitbit-login' });
  if (body instanceof URLSearchParams) headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
  if (typeof body === 'string') headers.set('content-type', 'text/plain;charset=UTF-8');
  for (const [name, value] of new Headers(given)) headers.set(name, value);
  return Object.fromEntries(headers);
}

function bytesOf(body: RequestInit['body']): Uint8Array | string {
  if (body === undefined || body === null) return '';
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('Only text, bytes and URLSearchParams can be sent.');
}

function readable(response: IncomingMessage, host: string): OpenResponse {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = response;
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
  if (!/^(identity)?$/i.test(headers.get('content-encoding') ?? '')) {
    response.destroy();
    throw invalidResponse(host, INVALID.encoding);
  }
  return { status, statusText, headers, body: response };
}
