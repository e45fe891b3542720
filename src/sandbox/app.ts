import formbody from '@fastify/formbody';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { controlRoutes } from './control.ts';
import { answerErrors } from './error-answers.ts';
import { fitbitRoutes } from './fitbit/routes.ts';
import { FITBIT_ERRORS, fitbitError } from './fitbit/wire.ts';
import { googleRoutes } from './google/routes.ts';
import { sentry } from './sentry.ts';
import type { World } from './world.ts';

const BODY_LIMIT_BYTES = 65_536;

/** The sandbox as a Fastify app that does not listen yet. */
export function sandboxApp(world: World, logger?: FastifyBaseLogger): FastifyInstance {
  const app: FastifyInstance = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    // Browsers keep sockets open, and some faults never answer: neither holds up close().
    forceCloseConnections: true,
    // No route has a schema: without these, compilers would be loaded at the cost of 80 ms at every start.
    schemaController: { compilersFactory: { buildValidator: () => unused, buildSerializer: () => unused } },
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
  });

  sentry(app);
  app.addHook('onResponse', async (request, reply) => {
    // Without its query: that holds state and challenge, and whatever else was sent.
    const [path] = request.url.split('?');
    request.log.info({ method: request.method, path, status: reply.statusCode }, 'answered');
  });
  app.setNotFoundHandler(() => {
    throw fitbitError(404, 'not_found', 'The API you are requesting could not be found.');
  });
  answerErrors(app, FITBIT_ERRORS);

  app.register(async (provider) => {
    // Token endpoints read forms and nothing else.
    provider.removeAllContentTypeParsers();
    await provider.register(formbody);
    provider.register(async (scope) => fitbitRoutes(scope, world));
    provider.register(async (scope) => googleRoutes(scope, world));
  });
  controlRoutes(app, world);
  return app;
}

function unused(): never {
  throw new TypeError('No route has a schema.');
}
