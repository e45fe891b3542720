import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entrance } from '../entrance.ts';
import { sendPage } from '../pages/page.ts';
import { VIEWS } from '../pages/texts.ts';
import { queryOf } from '../target.ts';
import type { Way } from './way.ts';

/** The opened address: its key becomes the cookie, and leaves the address bar and the history by a redirect. */
export function enterRoute(entrance: Entrance, way: Way) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (!entrance.spend(queryOf(request.originalUrl).get('key'))) return sendPage(reply, 403, VIEWS.keyNeeded);
    const { name, value } = entrance.cookie;
    return reply.setCookie(name, value, entrance.cookieOptions).redirect(way.start, 303);
  };
}

/** An `onRequest` hook that turns away whoever has no cookie, on every path alike. */
export function onlyWithCookie(entrance: Entrance) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (entrance.admits(request.cookies)) return undefined;
    // Led here by another site's page, a browser keeps a strict cookie back; by this page it brings it. Whoever was led here knows
    // the path, which only our own pages do. It cannot go round: the page's own request is not cross-site.
    if (request.method === 'GET' && request.headers['sec-fetch-site'] === 'cross-site')
      reply.header('refresh', `0;url=${request.url}`);
    return sendPage(reply, 403, VIEWS.keyNeeded);
  };
}
