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
  | { readonly kind: 'https' }
  /** A request's headers were larger than {@link MAX_HEADER_BYTES}: cookies of other programs on this host, as a rule. */
  | { readonly kind: 'headers-too-large' }
  /** A service worker that another program left at this port asked for its script, and was unregistered. */
  | { readonly kind: 'service-worker' }
  /** More sockets than {@link MAX_SOCKETS} were open, and the oldest idle ones were closed. */
  | { readonly kind: 'crowded' }
  /** A program of another user of this machine asked, and was refused. */
  | { readonly kind: 'other-user' }
  /** A browser asked that is not the one which began, and was refused. */
  | { readonly kind: 'other-browser' };

/** Hands each kind of notice on once: any program can provoke them. */
export function oncePerKind(onNotice: (notice: ServerNotice) => void = () => {}): (notice: ServerNotice) => void {
  const reported = new Set<string>();
  return (notice) => {
    if (reported.has(notice.kind)) return;
    reported.add(notice.kind);
    onNotice(notice);
  };
}

export interface AppOptions {
  readonly redirect: RedirectUri;
  /** Checked in this order before anything else looks at a request. */
  readonly guards: readonly Guard[];
  /** What the pages' Content-Security-Policy lets in (CSP Level 3, source expressions); everything else is shut. */
  readonly policy: {
    readonly style: readonly string[];
    readonly script?: readonly string[];
    readonly connect?: readonly string[];
    readonly form: readonly string[];
  };
  /** Gets method, route and status of each request, never its query; refused ones at `debug` only. Default: no log. */
  readonly log?: FastifyBaseLogger | undefined;
  readonly onNotice?: ((notice: ServerNotice) => void) | undefined;
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
export async function createApp({ redirect, guards, policy, log, onNotice }: AppOptions): Promise<FastifyInstance> {
  const notice = onNotice ?? (() => {});
  const app = fastify({
    ...(log === undefined ? { logger: false } : { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
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
    clientErrorHandler: (error, socket) => {
      // Node types it as Duplex and hands over the socket.
      answerUnreadable(error, socket as Socket, notice);
    },
  });
  limitSockets(app, notice);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: policy.style,
        ...(policy.script === undefined ? {} : { scriptSrc: policy.script }),
        ...(policy.connect === undefined ? {} : { connectSrc: policy.connect }),
        imgSrc: ['data:'],
        baseUri: ["'none'"],
        formAction: policy.form,
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
      if (refusal === serviceWorkerRefusal) notice({ kind: 'service-worker' });
    }),
  );
  logRequests(app);
  return app;
}

/** Any web page can make a browser send requests that are refused: they are counted, so that they cannot fill the log. */
function logRequests(app: FastifyInstance): void {
  let refused = 0;
  app.addHook('onResponse', async ({ log, method, routeOptions }, { statusCode: status }) => {
    const line = { method, route: routeOptions.url ?? 'none', status };
    if (status >= 400) {
      refused += 1;
      log.debug(line, 'request refused');
    } else if (status === 204) {
      log.debug(line, 'request answered');
    } else {
      log.info(line, 'request answered');
    }
  });
  app.addHook('onClose', async () => {
    if (refused > 0) app.log.info({ refused }, 'requests refused');
  });
}

/** Answers what Node's parser could not read. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket, notice: (event: ServerNotice) => void) {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  if (tooLarge) notice({ kind: 'headers-too-large' });
  if (isTls(error)) notice({ kind: 'https' });
  const [status, type, body] = tooLarge
    ? ['431 Request Header Fields Too Large', 'text/html', resultPage(VIEWS.headersTooLarge)]
    : ['400 Bad Request', 'text/plain', ''];
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: ${type}; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `cache-control: no-store\r\nconnection: close\r\n\r\n${body}`,
  );
  setTimeout(() => socket.destroy(), DRAIN_MS);
}

/** Whether a TLS record of the type handshake came (RFC 8446 §5.1). */
function isTls(error: Error & { rawPacket?: unknown }): boolean {
  return error.rawPacket instanceof Uint8Array && error.rawPacket[0] === 0x16 && error.rawPacket[1] === 0x03;
}

/** Beyond the limit, a new socket takes the place of the oldest that has sent nothing, else of the oldest without a whole request. */
function limitSockets(app: FastifyInstance, notice: (event: ServerNotice) => void): void {
  const sockets = new Set<Socket>();
  const withoutRequest = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    withoutRequest.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      withoutRequest.delete(socket);
    });
    if (sockets.size <= MAX_SOCKETS) return;
    notice({ kind: 'crowded' });
    const waiting = [...withoutRequest];
    const leaving = waiting.find(({ bytesRead }) => bytesRead === 0) ?? waiting[0] ?? socket;
    sockets.delete(leaving);
    leaving.destroy();
  });
  app.server.on('request', ({ socket }: IncomingMessage) => withoutRequest.delete(socket));
}

function unused(): never {
  throw new TypeError('No route has a schema.');
}
