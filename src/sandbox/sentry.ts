import type { FastifyInstance } from 'fastify';
import { fitbitError } from './fitbit/wire.ts';

// A page elsewhere may open the consent page, but may not decide on it, nor use the controls.
const OWN_PAGES: readonly string[] = ['same-origin', 'none'];

/**
 * Lets in only what is addressed to this server by a loopback name (DNS rebinding), and changes nothing for another
 * origin's page. No answer is stored, sniffed or shared with another origin.
 */
export function sentry(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const port = request.socket.localPort;
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    const { host = '', origin, 'sec-fetch-site': site } = request.headers;
    if (!hosts.includes(host.toLowerCase())) throw fitbitError(421, 'request', 'The Host header names another server.');
    if (request.method === 'GET') return;
    const foreignOrigin = origin !== undefined && !hosts.some((name) => origin === `http://${name}`);
    const foreignPage = typeof site === 'string' && !OWN_PAGES.includes(site);
    if (foreignOrigin || foreignPage)
      throw fitbitError(403, 'request', 'The request comes from the page of another origin.');
  });
}
