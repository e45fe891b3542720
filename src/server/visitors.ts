import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { resultPage } from './pages/result.ts';
import { VIEWS } from './pages/texts.ts';

/** Something about the visitors that the person at the terminal should hear of. It ends nothing. */
export type ServerNotice =
  /** TLS bytes arrived: a browser has made https of our http. */
  | 'https'
  /** A request's headers were larger than 1 MiB: cookies of other programs on this host, as a rule. */
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
    if (reported.has(notice)) return;
    reported.add(notice);
    onNotice(notice);
  };
}

// Beyond this, strangers' sockets would use up the descriptors that the exchange and the save need.
export const MAX_SOCKETS = 128;

/** How long a client that sent too much may continue to send, so that it reads the page before the connection is reset. */
const DRAIN_MS = 250;

/** Answers what Node's parser could not read. */
export function refuseUnreadable(
  error: Error & { code?: string; rawPacket?: unknown },
  socket: Socket,
  onNotice: OnNotice,
) {
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
export function limitSockets({ server }: FastifyInstance, onNotice: OnNotice): void {
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
