import type { Duplex } from 'node:stream';
import { Client, type Dispatcher, fetch, ProxyAgent } from 'undici';
import type { Fetch } from '../environment.ts';
import { ourError } from './fault.ts';
import type { ForwardProxy } from './proxy.ts';
import { refusal, unusable } from './proxy-fault.ts';

/**
 * `fetch` through a tunnel (RFC 9110 §9.3.6) that the proxy makes, which sees the host's name and nothing else. An agent of its own
 * for every request, so that nothing is left open, whatever became of it.
 */
export function proxiedFetch(proxy: ForwardProxy, connectMs: number): Fetch {
  return async (url, { headers: given = {}, body = null, ...init } = {}) => {
    if (body instanceof FormData) throw new TypeError('A form is sent as URLSearchParams.');
    const dispatcher = new ProxyAgent({
      uri: proxy.url,
      ...(proxy.authorization === undefined ? {} : { token: proxy.authorization.reveal() }),
      clientFactory: (origin, options) => entrance(new Client(origin, options), proxy, connectMs),
    });
    try {
      const answer = await fetch(url, { ...init, headers: [...new Headers(given)], body, dispatcher });
      // Waits for the body to be read or given up.
      dispatcher.close().catch(() => {});
      const { status, statusText, headers } = answer;
      return new Response(answer.body, { status, statusText, headers: [...headers] });
    } catch (thrown) {
      dispatcher.destroy().catch(() => {});
      throw ourError(thrown) ?? thrown;
    }
  };
}

/** The way into the proxy. Whatever fails here was never sent, and is said of the proxy, not of the one behind it. */
function entrance(client: Client, proxy: ForwardProxy, connectMs: number): Client {
  const knock = client.connect.bind(client);
  return Object.assign(client, {
    connect: async (options: Dispatcher.ConnectOptions) => {
      const answer = await knock({ ...options, signal: AbortSignal.timeout(connectMs) }).catch((thrown) => {
        throw unusable(proxy, thrown, connectMs);
      });
      if (answer.statusCode === 200) return answer;
      answer.socket.on('error', () => {}).destroy();
      throw refusal(proxy, options.path, answer.statusCode, answer.headers);
    },
  });
}

/** A tunnel to `url`'s host and nothing in it yet. It ends with its socket. */
export async function tunnelTo(
  url: string,
  { url: uri, authorization }: ForwardProxy,
  signal: AbortSignal,
): Promise<Duplex> {
  const { hostname, port } = new URL(url);
  const client = new Client(uri);
  try {
    const { socket } = await client.connect({
      path: `${hostname}:${port || 443}`,
      headers: authorization === undefined ? {} : { 'proxy-authorization': authorization.reveal() },
      signal,
    });
    return socket;
  } finally {
    client.close().catch(() => {});
  }
}
