import helmet from '@fastify/helmet';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { EVERYWHERE, guardedBy, NAVIGATION } from './guards.ts';
import { sendPage } from './pages/page.ts';
import { STYLE_HASH } from './pages/style.ts';
import { VIEWS } from './pages/texts.ts';
import { type CallbackOptions, callbackRoute } from './routes/callback.ts';
import { resultRoute } from './routes/result.ts';
import { parseTarget } from './target.ts';

export interface AppOptions extends CallbackOptions {
  /** Gets a line for each request: method, route and status. Never a query. Default: no log. */
  readonly log?: FastifyBaseLogger | undefined;
}

/**
 * The server's insides, apart from listening: guards, headers, two routes. It answers nothing with a 5xx and shares nothing with
 * other origins. It owns no port: hand its `routing` to one.
 */
export async function callbackApp({ log, ...callback }: AppOptions): Promise<FastifyInstance> {
  const { redirect, outcome } = callback;
  const app = fastify({
    ...(log === undefined
      ? { logger: false }
      : { loggerInstance: log.child({}, { serializers: { req: withoutQuery } }) }),
    exposeHeadRoutes: false,
    // The query never enters the router, so that none of Fastify's own log lines and errors can hold a code.
    rewriteUrl: ({ url = '' }) => parseTarget(url)?.path ?? '/',
    // No route has a schema: without these, compilers would be loaded at the cost of 80 ms at every start.
    schemaController: { compilersFactory: { buildValidator: () => unused, buildSerializer: () => unused } },
  });

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: [STYLE_HASH],
        imgSrc: ['data:'],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Plain http: a browser must not be told that this loopback host speaks https.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  app.addHook('onRequest', async (_request, reply) => {
    // One request a connection: none is left open to hold up the end of the sign-in.
    reply.headers({ 'cache-control': 'no-store', connection: 'close' });
  });
  app.addHook('onRequest', guardedBy(EVERYWHERE, redirect));

  const onRequest = guardedBy(NAVIGATION, redirect);
  app.get(redirect.path, { onRequest }, callbackRoute(callback));
  app.get(outcome.path, { onRequest }, resultRoute(outcome));
  if (!app.hasRoute({ method: 'GET', url: '/favicon.ico' })) {
    app.get('/favicon.ico', async (_request, reply) => reply.code(204).send());
  }
  app.setNotFoundHandler((_request, reply) => sendPage(reply, 404, VIEWS.nothingHere));
  // Not final, whatever went wrong: a request that provokes a defect must not be able to end the sign-in.
  app.setErrorHandler((error, request, reply) => {
    request.log.error({ err: error }, 'a request could not be answered');
    return sendPage(reply, 400, VIEWS.broken);
  });
  await app.ready();
  return app;
}

function withoutQuery({ method, routeOptions }: FastifyRequest) {
  return { method, route: routeOptions?.url ?? 'none' };
}

function unused(): never {
  throw new TypeError('No route has a schema.');
}
