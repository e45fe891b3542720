import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import type { Credentials } from './authority.ts';

/** Where a name leads: `idp.test:443` to a port of 127.0.0.1. Only a proxy knows these names. */
export type Names = Readonly<Record<string, number>>;

/** Something that listens on 127.0.0.1 and takes connections, if nothing else. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

export async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A server that sends anything to a client that has sent something. */
export function bytes(answer: (socket: Socket) => void): Promise<Listening> {
  return listening(createServer((socket) => socket.once('data', () => answer(socket))));
}

export interface ForwardProxy extends Listening {
  /** What it was asked to connect to: `idp.test:443`. */
  readonly asked: readonly string[];
  /** The `Proxy-Authorization` of each. */
  readonly shown: readonly (string | undefined)[];
}

type Connector = (target: number, socket: Duplex, request: IncomingMessage) => void;

/** A forward proxy that connects to what it has names for, and answers 502 to all else. With `own`, it is spoken to by TLS. */
export async function forwardProxy(
  names: Names,
  { connector = tunnel, own }: { readonly connector?: Connector; readonly own?: Credentials } = {},
): Promise<ForwardProxy> {
  const asked: string[] = [];
  const shown: (string | undefined)[] = [];
  const server = own === undefined ? createHttpServer() : createHttpsServer(own);
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    shown.push(request.headers['proxy-authorization']);
    socket.on('error', () => {});
    const target = names[request.url ?? ''];
    if (target === undefined) socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    else connector(target, socket, request);
  });
  return { ...(await listening(server)), asked, shown };
}

const tunnel: Connector = (target, socket) => {
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  join(socket, connect(target, '127.0.0.1'));
};

/** A proxy with a certificate of its own for everything, which reads along. */
export async function interceptor(names: Names, own: Credentials, trusted: string) {
  let read = '';
  const context = createSecureContext(own);
  const connector: Connector = (target, socket, { url = '' }) => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const inner = new TLSSocket(socket, { isServer: true, secureContext: context });
    inner.on('data', (chunk) => {
      read += chunk;
    });
    const servername = url.replace(/:\d+$/, '');
    join(inner, connectTls({ port: target, host: '127.0.0.1', servername, ca: trusted }));
  };
  const proxy = await forwardProxy(names, { connector });
  return {
    ...proxy,
    /** What it has read of what was sent. */
    get read(): string {
      return read;
    },
  };
}

function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => {});
    from.once('close', () => to.destroy());
  }
}
