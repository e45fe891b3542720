import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { type Guard, guardedBy, serviceWorkerRefusal } from './guards.ts';
import { resultPage } from './pages/result.ts';
import { VIEWS } from './pages/texts.ts';
import type { RedirectUri } from './redirect-uri.ts';
import { parseTarget } from './target.ts';

/** Something about the visitors that the person at the terminal should hear of. It ends nothing. */
export type ServerNotice =
  /** TLS bytes arrived: a browser has made https of our http. */
  | 'https'
  /** A request's headers were larger than {@link MAX_HEADER_BYTES}: cookies of other programs on this host, as a rule. */
  | 'headers-too-large'
  /** A service worker that another program left at this port asked for its script, and was unregistered. */
  | 'service-worker'
  /** More sockets than {@link MAX_SOCKETS} were open, and the oldest idle ones were closed. */
  | 'crowded'
  /** A program of another user of this machine asked, and was refused. */
  | 'other-user'
  /** A browser asked that is not the one which began, and was refused. */
  | 'other-browser';

export type OnNotice = (notice: ServerNotice) => void;

/** Hands each notice on once: any program can provoke them. */
export function oncePerKind(onNotice: OnNotice = () => {}): OnNotice {
  const reported = new Set<ServerNotice>();
  return (notice) => {
    if (!reported.has(notice)) onNotice(notice);
    reported.add(notice);
  };
}

interface AppOptions {
  readonly redirect: RedirectUri;
  /** Checked in this order before anything else looks at a request. */
  readonly guards: readonly Guard[];
  /** What the pages' Content-Security-Policy lets in (CSP Level 3); everything else is shut. */
  readonly policy: Readonly<Record<string, string[]>>;
  /** Gets method, route and status of each request, never its query; refused ones at `debug` only. Default: no log. */
  readonly log?: FastifyBaseLogger;
  readonly onNotice?: OnNotice;
}

/** Cookies of one host are shared by all its ports, so that other programs' can be many. */
export const MAX_HEADER_BYTES = 1024 * 1024;

// Beyond this, strangers' sockets would use up the descriptors that the exchange and the save need.
export const MAX_SOCKETS = 128;

/** How long a client may take to send a request, and so how long a browser's preconnected socket may idle. */
const REQUEST_TIMEOUT_MS = 10_000;

/** How long a client that sent too much may continue to send, so that it reads the page before the connection is reset. */
const DRAIN_MS = 250;

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

/** Answers what Node's parser could not read. */
function refuseUnreadable(error: Error & { code?: string; rawPacket?: unknown }, socket: Socket, onNotice: OnNotice) {
  const { code, rawPacket } = error;
  if (code === 'ECONNRESET' || !socket.writable) return;
  const tooLarge = code === 'HPE_HEADER_OVERFLOW';
  if (tooLarge) onNotice('headers-too-large');
  // A TLS record of the type handshake (RFC 8446 §5.1).
  if (rawPacket instanceof Uint8Array && rawPacket[0] === 0x16 && rawPacket[1] === 0x03) onNotice('https');
  const [status, type, body] = tooLarge
    ? ['431 Request Header Fields Too Large', 'text/html', resultPage(VIEWS.headersTooLarge)]
    : ['400 Bad Request', 'text/plain', ''];
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: ${type}; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `cache-control: no-store\r\nconnection: close\r\n\r\n${body}`,
  );
  setTimeout(() => socket.destroy(), DRAIN_MS);
}

/** Beyond the limit, a new socket takes the place of the oldest that has sent nothing, else of the oldest without a whole request. */
function limitSockets({ server }: FastifyInstance, onNotice: OnNotice): void {
  const sockets = new Set<Socket>();
  const withRequest = new WeakSet<Socket>();
  server.on('request', ({ socket }: IncomingMessage) => withRequest.add(socket));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (sockets.size <= MAX_SOCKETS) return;
    onNotice('crowded');
    const waiting = [...sockets].filter((one) => !withRequest.has(one));
    const leaving = waiting.find(({ bytesRead }) => bytesRead === 0) ?? waiting[0] ?? socket;
    sockets.delete(leaving);
    leaving.destroy();
  });
}

function unused(): never {
  throw new TypeError('No route has a schema.');
}
