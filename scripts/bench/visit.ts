import { once } from 'node:events';
import { Agent, type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { socketTo } from './waiting.ts';

/** A browser's visit to a redirect URI. Its connections stay open until it is disposed of. */
export interface Visit extends Disposable {
  /** When the redirect was sent, on the clock of `performance.now()`. */
  readonly sentAt: number;
  /** When the last byte of the page that it led to was there. */
  readonly completeAt: number;
}

/** Connections that a browser opens ahead and may never use. */
const IDLE_SOCKETS = 6;
const CONNECT_MS = 50;

/**
 * Goes to the redirect URI as a browser does: one connection takes the request and what it redirects to; beside it are idle ones
 * and one with half a request.
 * @param answer what the provider gives along
 * @param posts whether that goes in a form's body instead of the query
 * @throws Error where no page comes
 */
export async function visit(redirectUri: URL, answer: URLSearchParams, posts: boolean): Promise<Visit> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const url = new URL(redirectUri);
  if (!posts) url.search = answer.toString();
  const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  const first = request(url, { agent, ...(posts ? form : {}) });
  const arrived = responseTo(first);
  const socket: Socket = (await once(first, 'socket'))[0];
  await once(socket, 'connect');
  // After the one that matters: a server that takes one connection at a time would wait for the idle ones for ever.
  const others = await openSockets(redirectUri);
  const dispose = () => {
    agent.destroy();
    for (const other of others) other.destroy();
  };
  try {
    const sentAt = performance.now();
    first.end(posts ? answer.toString() : undefined);
    let response = await arrived;
    for (let at = url; response.headers.location !== undefined; ) {
      at = new URL(response.headers.location, at);
      response = await responseTo(get(at, { agent }));
    }
    const completeAt = performance.now();
    if (response.statusCode !== 200) throw new Error(`${redirectUri.origin} answers with ${response.statusCode}.`);
    return { sentAt, completeAt, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The response, once all of it is there. */
async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  // A connection that breaks after the response is no fault; before, it rejects here.
  request.on('error', () => {});
  const response: IncomingMessage = (await once(request, 'response'))[0];
  await text(response);
  return response;
}

/** Begins connections, and waits until all of them are there; not for long, as a server may take only a few at a time. */
async function openSockets(redirectUri: URL): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: IDLE_SOCKETS + 1 }, () => socketTo(redirectUri));
  // A server that ends them is no fault.
  for (const socket of sockets) socket.on('error', () => {});
  sockets[0]?.write('GET /half-a-request HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Unfin');
  const connected = Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await Promise.race([connected, delay(CONNECT_MS)]);
  return sockets;
}
