import formbody from '@fastify/formbody';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { AuthError } from '../errors.ts';
import type { Context } from './context.ts';
import { controlRoutes } from './control.ts';
import { fitbitRoutes } from './fitbit.ts';
import { googleRoutes } from './google.ts';
import { healthRoutes } from './google-health.ts';
import { RefusedRequest, sendPage } from './pages.ts';
import {
  API_ERRORS,
  type ErrorShape,
  FITBIT_ERRORS,
  fitbitError,
  OAUTH_ERRORS,
  ParameterError,
  WireError,
} from './wire.ts';

const BODY_LIMIT_BYTES = 65_536;

// Pages elsewhere may open the consent page, but may not decide on it or use the controls.
const OWN_PAGES: readonly string[] = ['same-origin', 'none'];

/** The sandbox as a Fastify app that does not listen yet. */
export function sandboxApp(context: Context, logger?: FastifyBaseLogger): FastifyInstance {
  const app: FastifyInstance = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    // Browsers keep sockets open, and some faults never respond: neither may hold up close().
    forceCloseConnections: true,
    // No route has a schema. Loading the compilers would cost 80 ms at every start.
    schemaController: { compilersFactory: { buildValidator: () => noSchema, buildSerializer: () => noSchema } },
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
  });

  guards(app, context);
  app.addHook('onResponse', async (request, reply) => {
    // Without its query, which holds state and challenge.
    const [path] = request.url.split('?');
    request.log.info({ method: request.method, path, status: reply.statusCode }, 'answered');
  });
  app.setNotFoundHandler(() => {
    throw fitbitError(404, 'The API you are requesting could not be found.');
  });
  sendErrors(app, FITBIT_ERRORS);

  app.register(async (provider) => {
    // Token endpoints read forms and nothing else.
    provider.removeAllContentTypeParsers();
    await provider.register(formbody);
    fitbitRoutes(provider, context);
    provider.register(async (google) => {
      sendErrors(google, OAUTH_ERRORS);
      googleRoutes(google, context);
    });
    provider.register(
      async (health) => {
        sendErrors(health, API_ERRORS);
        healthRoutes(health, context);
      },
      { prefix: '/v4' },
    );
  });
  controlRoutes(app, context);
  return app;
}

/**
 * Rejects requests that do not address this server by a loopback name (DNS rebinding), and changes for another origin's
 * page. No response is stored, sniffed or shared with another origin.
 */
function guards(app: FastifyInstance, { clock }: Context): void {
  app.addHook('onRequest', async (request, reply) => {
    const date = clock.now().toUTCString();
    reply.headers({ date, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const port = request.socket.localPort;
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    const { host = '', origin, 'sec-fetch-site': site } = request.headers;
    if (!hosts.includes(host.toLowerCase())) throw fitbitError(421, 'The Host header names another server.');
    if (request.method === 'GET') return;
    const foreignOrigin = origin !== undefined && !hosts.some((name) => origin === `http://${name}`);
    const foreignPage = typeof site === 'string' && !OWN_PAGES.includes(site);
    if (foreignOrigin || foreignPage)
      throw fitbitError(403, 'The request comes from the page of another origin.', { name: 'invalid_request' });
  });
}

/** Sends errors thrown in this Fastify scope in its service's own shape. */
function sendErrors(app: FastifyInstance, shape: ErrorShape): void {
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error instanceof RefusedRequest) return sendPage(reply, error.status, error.page);
    const { status, headers, body } = toWireError(error, shape);
    if (status >= 500 && !(error instanceof WireError)) request.log.error(error);
    return reply.code(status).headers(headers).send(body);
  });
}

function toWireError(error: Error & { statusCode?: number }, shape: ErrorShape): WireError {
  if (error instanceof WireError) return error;
  if (error instanceof ParameterError) return shape.error(400, `${shape[error.fault]}: ${error.parameter}`);
  // Of the control API: an impossible fault or app.
  if (error instanceof AuthError) return shape.error(400, error.message);
  const { statusCode: status = 500, message } = error;
  return status < 500 ? shape.error(status, message) : shape.error(500, 'The sandbox failed: this is a defect of it.');
}

function noSchema(): never {
  throw new TypeError('No route has a schema.');
}
