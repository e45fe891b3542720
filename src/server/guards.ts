import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { atPort, authorities, type RedirectUri } from './redirect-uri.ts';
import { parseTarget } from './target.ts';

/** A rejected request. Echoes nothing of it. */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 405 | 421;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Looks at a request's head; `undefined` lets it pass. */
export type Guard = (request: IncomingMessage & { originalUrl?: string }, redirect: RedirectUri) => Refusal | undefined;

/** The values of `Host` that lead here. Where any free port was bound, the request's own socket knows which. */
export function authoritiesOf({ socket }: IncomingMessage, redirect: RedirectUri): readonly string[] {
  return authorities(atPort(redirect, socket.localPort ?? 0));
}

/** DNS rebinding: a foreign name that leads here still stands in `Host`. */
export const ownHost: Guard = (request, redirect) => {
  const [host, ...more] = request.headersDistinct.host ?? [];
  const own = host !== undefined && more.length === 0 && authoritiesOf(request, redirect).includes(host.toLowerCase());
  return own ? undefined : { status: 421, text: 'This is not the host you are looking for.' };
};

export const serviceWorkerRefusal: Refusal = {
  status: 404,
  text: 'There is no service worker here.',
  headers: { 'clear-site-data': '"storage"' },
};

/** A worker that an earlier program left at this port would show pages of its own. Its script's 404 unregisters it. */
export const noServiceWorker: Guard = ({ headers }) =>
  headers['service-worker'] === undefined ? undefined : serviceWorkerRefusal;

/** No browser needs more than GET to follow a redirect; a HEAD or OPTIONS must not spend what the GET will bring. */
const onlyGet: Guard = ({ method }) =>
  method === 'GET' ? undefined : { status: 405, text: '', headers: { allow: 'GET' } };

/** A target in absolute-form is meant for a proxy, and names a host that `Host` may contradict. */
export const ownTarget: Guard = ({ originalUrl = '' }) =>
  parseTarget(originalUrl) === undefined ? { status: 400, text: 'Malformed address.' } : undefined;

/** A prefetch is not a visit yet: the browser asks again when it is one. */
export const noPrefetch: Guard = ({ headers }) => {
  const purposes = [headers['sec-purpose'], headers.purpose, headers['x-moz'], headers['x-purpose']];
  const early = purposes.some((purpose) => /prefetch|prerender|preview/i.test(String(purpose ?? '')));
  return early ? { status: 403, text: 'Prefetch not allowed.' } : undefined;
};

/**
 * Scripts, images, frames and workers of web pages say what they are (Fetch Metadata); only a tab's own navigation passes.
 * `Sec-Fetch-Mode` is not looked at: `document` implies `navigate`, and Node's own `fetch`, no browser, sends the mode alone.
 */
const onlyNavigation: Guard = ({ headers: { 'sec-fetch-dest': destination = 'document' } }) =>
  destination === 'document' ? undefined : { status: 403, text: 'Open this address in a browser tab.' };

/**
 * A navigation by GET carries no `Origin`, also after a consent form's POST. `null` passes because some browsers keep it
 * through that redirect; it gives no rights here.
 */
const noForeignOrigin: Guard = (request, redirect) => {
  const { origin } = request.headers;
  const own = ['null', ...authoritiesOf(request, redirect).map((authority) => `http://${authority}`)];
  return origin === undefined || own.includes(origin.toLowerCase())
    ? undefined
    : { status: 403, text: 'Cross-site requests are refused.' };
};

/** For every request to a sign-in's server, whatever its path. */
export const EVERYWHERE: readonly Guard[] = [ownHost, onlyGet, ownTarget, noServiceWorker];

/** For the addresses that a person's browser is led to. */
export const NAVIGATION: readonly Guard[] = [noPrefetch, onlyNavigation, noForeignOrigin];

/** An `onRequest` hook that answers with the first guard's refusal, before anything else looks at the request. */
export function guardedBy(
  guards: readonly Guard[],
  redirect: RedirectUri,
  onRefusal: (refusal: Refusal) => void = () => {},
) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    for (const guard of guards) {
      const refusal = guard(request.raw, redirect);
      if (refusal === undefined) continue;
      onRefusal(refusal);
      const { status, text, headers = {} } = refusal;
      return reply.code(status).headers(headers).type('text/plain; charset=utf-8').send(text);
    }
    return undefined;
  };
}
