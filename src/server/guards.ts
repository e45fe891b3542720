import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { authorities, type RedirectUri } from './redirect-uri.ts';
import { parseTarget } from './target.ts';

/** Why a request is turned away. Nothing of the request is repeated, and nobody who waits hears of it. */
interface Refusal {
  readonly status: 400 | 403 | 405 | 421;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Looks at a request's head; `undefined` lets it pass. */
export type Guard = (request: IncomingMessage & { originalUrl?: string }, redirect: RedirectUri) => Refusal | undefined;

/** DNS rebinding: a foreign name that leads here still stands in `Host`. */
export const ownHost: Guard = ({ headersDistinct }, redirect) => {
  const [host, ...more] = headersDistinct.host ?? [];
  if (host !== undefined && more.length === 0 && authorities(redirect).includes(host.toLowerCase())) return undefined;
  return { status: 421, text: 'This is not the host you are looking for.' };
};

/** No browser needs more than GET to follow a redirect; a HEAD or OPTIONS must not spend what the GET will bring. */
const onlyGet: Guard = ({ method }) =>
  method === 'GET' ? undefined : { status: 405, text: '', headers: { allow: 'GET' } };

/** A target in absolute-form is meant for a proxy, and names a host that `Host` may contradict. */
export const ownTarget: Guard = ({ originalUrl = '' }) =>
  parseTarget(originalUrl) === undefined ? { status: 400, text: 'This address cannot be understood.' } : undefined;

/** A prefetch is nobody's visit yet: the browser asks again when it is one. */
export const noPrefetch: Guard = ({ headers }) => {
  const purposes = [headers['sec-purpose'], headers.purpose, headers['x-moz'], headers['x-purpose']];
  const early = purposes.some((purpose) => /prefetch|prerender|preview/i.test(String(purpose ?? '')));
  return early ? { status: 403, text: 'This address is not for prefetching.' } : undefined;
};

/**
 * Scripts, images, frames and workers of web pages say what they are (Fetch Metadata); only a tab's own navigation passes.
 * `Sec-Fetch-Mode` is not looked at: `document` implies `navigate`, and Node's own `fetch`, no browser, sends the mode alone.
 */
const onlyNavigation: Guard = ({ headers: { 'sec-fetch-dest': destination = 'document' } }) =>
  destination === 'document' ? undefined : { status: 403, text: 'Only a browser tab can be led here.' };

/**
 * A navigation by GET carries no `Origin`, also after a consent form's POST. `null` passes because some browsers keep it
 * through that redirect; it gives no rights here.
 */
const noForeignOrigin: Guard = ({ headers: { origin } }, redirect) => {
  const own = ['null', ...authorities(redirect).map((authority) => `http://${authority}`)];
  return origin === undefined || own.includes(origin.toLowerCase())
    ? undefined
    : { status: 403, text: 'Other sites cannot ask here.' };
};

/** For every request, whatever its path. */
export const EVERYWHERE: readonly Guard[] = [ownHost, onlyGet, ownTarget];

/** For the addresses that a person's browser is led to. */
export const NAVIGATION: readonly Guard[] = [noPrefetch, onlyNavigation, noForeignOrigin];

/** An `onRequest` hook that answers with the first guard's refusal, before anything else looks at the request. */
export function guardedBy(guards: readonly Guard[], redirect: RedirectUri) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    for (const guard of guards) {
      const refusal = guard(request.raw, redirect);
      if (refusal === undefined) continue;
      return reply
        .code(refusal.status)
        .headers(refusal.headers ?? {})
        .type('text/plain; charset=utf-8')
        .send(refusal.text);
    }
    return undefined;
  };
}
