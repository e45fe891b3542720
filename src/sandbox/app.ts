import formbody from '@fastify/formbody';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { apiRoutes } from './api.ts';
import { authorizeRoutes } from './authorize.ts';
import { controlRoutes } from './control.ts';
import { introspectRoutes } from './introspect.ts';
import { revokeRoutes } from './revoke.ts';
import { sentry } from './sentry.ts';
import { tokenRoutes } from './token.ts';
import { errorBody, WireError } from './wire.ts';
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
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
  });

  sentry(app);
  app.addHook('onResponse', async (request, reply) => {
    // Without its query: that holds state and challenge, and whatever else was sent.
    const [path] = request.url.split('?');
    request.log.info({ method: request.method, path, status: reply.statusCode }, 'answered');
  });
  app.setNotFoundHandler(() => {
    throw new WireError(404, 'not_found', 'The API you are requesting could not be found.');
  });
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error instanceof WireError) return reply.code(error.status).send(error.body);
    const status = error.statusCode ?? 500;
    if (status < 500) return reply.code(status).send(errorBody('invalid_request', error.message));
    request.log.error(error);
    return reply.code(500).send(errorBody('system', 'The sandbox failed: this is a defect of it.'));
  });

  app.register(async (provider) => {
    // Fitbit reads forms and nothing else.
    provider.removeAllContentTypeParsers();
    await provider.register(formbody);
    authorizeRoutes(provider, world);
    tokenRoutes(provider, world);
    revokeRoutes(provider, world);
    introspectRoutes(provider, world);
    apiRoutes(provider, world);
  });
  controlRoutes(app, world);
  return app;
}
