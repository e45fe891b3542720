import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { type Guard, guardedBy, serviceWorkerRefusal } from './guards.ts';
import type { RedirectUri } from './redirect-uri.ts';
import { parseTarget } from './target.ts';
import { limitSockets, type OnNotice, refuseUnreadable } from './visitors.ts';

interface AppOptions {
  readonly redirect: RedirectUri;
  /** Checked in this order before anything else looks at a request. */
  readonly guards: readonly Guard[];
  /** What the pages' Content-Security-Policy lets in (CSP Level 3); everything else is shut. `form-action` has no default. */
  readonly policy: Readonly<Record<string, string[]>> & { readonly formAction: string[] };
  /** Gets method, route and status of each request, never its query; refused ones at `debug` only. Default: no log. */
  readonly log?: FastifyBaseLogger;
  readonly onNotice?: OnNotice;
}

/** Cookies of one host are shared by all its ports, so that other programs' can be many. */
export const MAX_HEADER_BYTES = 1024 * 1024;

/** How long a client may take to send a request, and so how long a browser's preconnected socket may idle. */
const REQUEST_TIMEOUT_MS = 10_000;

/** A server of this room before its first route: guards, closed headers, bounded sockets, and a log that never sees a query. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { redirect, guards, policy, log, onNotice = () => {} } = options;
  const app = fastify({
    ...(log === undefined ? { logger: false } : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    forceCloseConnections: true,
    // A request that comes while the server closes is dropped with its socket.
    return503OnClosing: false,
    // The query never enters the router, so that none of Fastify's own log lines and errors can hold a code.
    rewriteUrl: ({ url = '' }) => parseTarget(url)?.path ?? '/',
    // No route has a schema; without these, Fastify would load the compilers of schemas at every start.
    schemaController: { compilersFactory: { buildValidator: () => unused, buildSerializer: () => unused } },
    // Node types it as Duplex and hands over the socket.
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket as Socket, onNotice),
  });
  limitSockets(app, onNotice);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        ...policy,
        imgSrc: ['data:'],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Plain http: a browser must not learn that this loopback host speaks https.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  app.addHook('onRequest', async (_request, reply) => {
    // One request a connection: none is left open to hold up the end of the program.
    reply.headers({ 'cache-control': 'no-store', connection: 'close' });
  });
  app.addHook(
    'onRequest',
    guardedBy(guards, redirect, (refusal) => {
      if (refusal === serviceWorkerRefusal) onNotice('service-worker');
    }),
  );
  logRequests(app);
  return app;
}

/** Any web page can make a browser send requests that are refused: they are counted, so that they cannot fill the log. */
function logRequests(app: FastifyInstance): void {
  let refused = 0;
  app.addHook('onResponse', async ({ log, method, routeOptions }, { statusCode: status }) => {
    const isRefused = status >= 400;
    if (isRefused) refused += 1;
    log[isRefused || status === 204 ? 'debug' : 'info'](
      { method, route: routeOptions.url ?? 'none', status },
      isRefused ? 'request refused' : 'request answered',
    );
  });
  app.addHook('onClose', async () => {
    if (refused > 0) app.log.info({ refused }, 'requests refused');
  });
}

function unused(): never {
  throw new TypeError('No route has a schema.');
}
