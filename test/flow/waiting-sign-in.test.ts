import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { waitingSignIn } from '../../src/server/port/waiting-sign-in.ts';
import { WAITING_HEADER, WAITING_PATH } from '../../src/server/waiting-mark.ts';
import { SIGNED_IN, waiting } from './loopback-visitor.ts';
import { hasIpv6 } from './port-programs.ts';

const START = new Date('2026-03-01T12:00:00Z');

describe('a sign-in that waits is recognised, and goes on', () => {
  test.each([
    ['http://127.0.0.1:0/callback', ['127.0.0.1']],
    ...(hasIpv6
      ? ([
          ['http://localhost:0/callback', ['127.0.0.1', '::1']],
          ['http://[::1]:0/callback', ['::1']],
        ] as const)
      : []),
  ] as const)('%s', async (redirectUri, addresses) => {
    let time = START.getTime();
    await using visited = await waiting({ redirectUris: [redirectUri], now: () => new Date(time) });
    time += 184_900;
    for (const address of addresses) {
      expect(await waitingSignIn(address, visited.port, {})).toEqual({ waiting: 'fitbit-login', seconds: 184 });
    }
    expect(visited.exchanges).toBe(0);
    expect((await visited.finish()).body).toContain(SIGNED_IN.title);
  });

  test('a clock that was set back makes no negative wait', async () => {
    let time = START.getTime();
    await using visited = await waiting({ now: () => new Date(time) });
    time -= 3_600_000;
    expect(await waitingSignIn('127.0.0.1', visited.port, {})).toEqual({ waiting: 'fitbit-login', seconds: 0 });
  });

  test('what it says is all that it says', async () => {
    await using visited = await waiting({ now: () => START });
    const { status, head, body } = await visited.send('GET', WAITING_PATH, { [WAITING_HEADER]: '' });
    expect([status, body]).toEqual([200, '{"waiting":"fitbit-login","seconds":0}']);
    expect(head).not.toMatch(/access-control-/i);
    for (const header of ['cache-control: no-store', 'connection: close']) expect(head.toLowerCase()).toContain(header);
  });

  test('a browser that says nothing of itself is told nothing: the header is what it cannot send', async () => {
    await using visited = await waiting();
    const { status, body } = await visited.send('GET', WAITING_PATH);
    expect(status).toBe(403);
    expect(body).not.toContain('waiting');
  });

  test('a redirect URI at that very path is still caught', async () => {
    await using visited = await waiting({ redirectUris: [`http://127.0.0.1:0${WAITING_PATH}`] });
    expect((await visited.navigate(`${WAITING_PATH}?state=right`)).status).toBe(303);
  });
});

describe('another program is not taken for one, whatever it answers', () => {
  const json =
    (body: string): RequestListener =>
    (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);

  test.each<readonly [string, RequestListener]>([
    ['404', (_request, response) => response.writeHead(404).end()],
    ['a redirect', (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['a page', (_request, response) => response.end('<!doctype html><title>Hello</title>')],
    ['other JSON', json('{"waiting":true}')],
    ['a wait that is no number', json('{"waiting":"fitbit-login","seconds":"kill 1"}')],
    ['a wait before it began', json('{"waiting":"fitbit-login","seconds":-1}')],
    [
      'the right words with a 403',
      (_request, response) => response.writeHead(403).end('{"waiting":"fitbit-login","seconds":1}'),
    ],
    [
      'an answer without an end',
      (_request, response) =>
        void response.on('error', () => {}).write('{"waiting":"fitbit-login","seconds":1,"x":"'.padEnd(100_000)),
    ],
    ['a head alone', (_request, response) => response.flushHeaders()],
    ['nothing', () => {}],
  ])('%s', async (_name, answer) => {
    await using server = await serving(createServer(answer));
    expect(await waitingSignIn('127.0.0.1', server.port, {})).toBeUndefined();
  });

  test.each<readonly [string, (socket: Socket) => void]>([
    ['it hangs up', (socket) => socket.destroy()],
    ['it speaks another language', (socket) => socket.end('SSH-2.0-OpenSSH_9.2p1\r\n')],
    ['it speaks at length', (socket) => socket.end(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(100_000)}`)],
  ])('%s', async (_name, greet) => {
    const server = createSocketServer((socket) => {
      socket.on('error', () => {}).resume();
      greet(socket);
    });
    await using at = await serving(server);
    expect(await waitingSignIn('127.0.0.1', at.port, {})).toBeUndefined();
  });

  test('a program that cannot be one is not even asked: a question would spend a listener for one connection', async () => {
    await using visited = await waiting();
    for (const process of ['nc', 'python3.11', 'nginx']) {
      expect(await waitingSignIn('127.0.0.1', visited.port, { holder: { pid: 1, process } })).toBeUndefined();
    }
    for (const process of ['node', 'ssh']) {
      expect(await waitingSignIn('127.0.0.1', visited.port, { holder: { pid: 1, process } })).toBeDefined();
    }
  });
});

async function serving(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
