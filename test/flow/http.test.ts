import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { boundedFetch, type FetchLimits, nodeFetch, type Send } from '../../src/network/fetch.ts';

const MIB = 1024 * 1024;
// The real limits are 10 and 15 seconds; what is tested is that they hold.
const direct = nodeFetch({});
const SHORT: FetchLimits = { answerMs: 150, totalMs: 300 };

interface Service extends AsyncDisposable {
  readonly url: string;
}

async function listening(server: Server, sockets: ReadonlySet<Socket>): Promise<Service> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/oauth2/token`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function http(handle: RequestListener): Promise<Service> {
  const sockets = new Set<Socket>();
  return listening(
    createServer(handle).on('connection', (socket) => sockets.add(socket)),
    sockets,
  );
}

/** A server that may say anything, HTTP or not. */
function bytes(answer: (socket: Socket) => void): Promise<Service> {
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  return listening(server, sockets);
}

async function failure(response: Promise<Response>): Promise<AuthError> {
  const thrown: unknown = await response.catch((error: unknown) => error);
  if (thrown instanceof AuthError) return thrown;
  throw new Error(`It did not fail as it should: ${thrown}`);
}

/** Writes for as long as anybody takes it. @returns the bytes that were handed over, once the other side has gone */
async function pour(response: ServerResponse, piece: Buffer, total: number): Promise<number> {
  let written = 0;
  const gone = once(response, 'close');
  while (written < total && !response.destroyed) {
    written += piece.length;
    if (!response.write(piece)) await Promise.race([once(response, 'drain'), gone]);
  }
  response.end();
  await gone;
  return written;
}

describe.each<readonly [string, Send]>([
  ['Node’s HTTP client', direct],
  ['Node’s fetch', fetch],
])('a bounded request by %s', (_name, send) => {
  const get = ({ url }: Service, limits: FetchLimits = {}, init?: RequestInit) => boundedFetch(send, limits)(url, init);

  test('returns the whole response: status, headers and body', async () => {
    await using service = await http((_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'x-more': 'yes' }).end('{"a":1}');
    });
    const response = await get(service);
    expect([response.status, response.headers.get('x-more'), await response.json()]).toEqual([201, 'yes', { a: 1 }]);
  });

  test.each([301, 302, 303, 307, 308])('follows no redirect: %i', async (status) => {
    const asked: (string | undefined)[] = [];
    await using service = await http((request, response) => {
      asked.push(request.url);
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    const error = await failure(get(service, {}, { method: 'POST', body: new URLSearchParams({ code: 'marked' }) }));
    expect(error).toMatchObject({ code: 'ANSWER_INVALID', exitCode: 5 });
    expect(asked).toEqual(['/oauth2/token']);
  });

  test('accepts 64 KiB and not a byte more', async () => {
    let size = 65_536;
    await using service = await http((_request, response) => void response.end(Buffer.alloc(size, 'a')));
    expect((await (await get(service)).arrayBuffer()).byteLength).toBe(65_536);
    size += 1;
    expect(await failure(get(service))).toMatchObject({
      code: 'ANSWER_INVALID',
      message: expect.stringContaining('64 KiB'),
    });
  });

  test('stops reading a response of 100 MB', async () => {
    let poured: (bytes: Promise<number>) => void = () => {};
    const handedOver = new Promise<number>((resolve) => {
      poured = resolve;
    });
    await using service = await http((_request, response) =>
      poured(pour(response, Buffer.alloc(65_536, 'a'), 100 * MIB)),
    );
    expect((await failure(get(service))).code).toBe('ANSWER_INVALID');
    // What is not taken fills the buffers of two sockets; that is far from all of it.
    expect(await handedOver).toBeLessThan(20 * MIB);
  });

  test('knows that a server which does not speak TLS was never sent the request', async () => {
    await using service = await bytes((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
    const url = service.url.replace('http:', 'https:');
    const error = await failure(get({ ...service, url }, {}, { method: 'POST', body: new URLSearchParams('a=1') }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { never_sent: true } });
    expect(error.message).toContain("isn't speaking TLS");
  });

  test.each<readonly [string, (socket: Socket) => void]>([
    ['is silent', () => {}],
    ['sends its head in drops', (socket) => socket.write('HTTP/1.1 200 OK\r\nx-a: ')],
  ])('gives up on a server that %s', async (_name, answer) => {
    await using service = await bytes(answer);
    const error = await failure(get(service, SHORT));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('timed out after 0.15'),
    });
  });

  test('gives up on a body that never ends, though data keeps arriving', async () => {
    await using service = await bytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"access_token":"');
      const drip = setInterval(() => socket.write('a'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    const error = await failure(get(service, SHORT));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('timed out') });
  });

  test.each<readonly [string, string]>([
    ['a body shorter than announced', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"access'],
    ['a chunk that is cut off', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a'],
    ['a chunk without a length', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    ['100 Continue, unasked', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['nothing', ''],
    ['a head of 1 MB', `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(MIB)}\r\n\r\n`],
  ])('treats %s as an outage', async (_name, text) => {
    await using service = await bytes((socket) => socket.end(text, 'latin1'));
    expect(await failure(get(service))).toMatchObject({ code: 'UNAVAILABLE', details: { never_sent: false } });
  });

  test('treats a reset as an outage: the request may have arrived', async () => {
    await using service = await bytes((socket) => socket.resetAndDestroy());
    expect(await failure(get(service))).toMatchObject({ code: 'UNAVAILABLE', details: { never_sent: false } });
  });

  test('knows that a refused connection never carried the request', async () => {
    const service = await http(() => {});
    await service[Symbol.asyncDispose]();
    expect(await failure(get(service))).toMatchObject({
      code: 'UNAVAILABLE',
      details: { never_sent: true },
      message: expect.stringContaining('connection refused'),
    });
  });

  test('returns an HTML page unchanged', async () => {
    await using service = await http((_request, response) => void response.end('<h1>Welcome to this network</h1>'));
    expect(await (await get(service)).text()).toContain('Welcome');
  });

  test('aborts with its signal’s reason, before the response and during it', async () => {
    await using silent = await bytes(() => {});
    await using half = await bytes((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'));
    for (const service of [silent, half]) {
      const reason = new AuthError('INTERRUPTED', 'Interrupted.');
      const stop = new AbortController();
      const response = get(service, {}, { signal: stop.signal });
      setImmediate(() => stop.abort(reason));
      await expect(response).rejects.toBe(reason);
    }
  });

  test('leaves no timer behind', async () => {
    await using service = await http((_request, response) => void response.end('{}'));
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await get(service, { answerMs: 3_600_000, totalMs: 3_600_000 });
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('an encoded body', () => {
  test('is not asked for, and refused by Node’s HTTP client', async () => {
    const asked: unknown[] = [];
    await using service = await http((request, response) => {
      asked.push(request.headers['accept-encoding']);
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'));
    });
    expect(await failure(boundedFetch(direct)(service.url))).toMatchObject({ code: 'ANSWER_INVALID' });
    expect(asked).toEqual(['identity']);
  });

  test('that a fetch has unpacked no longer says that it is packed', async () => {
    await using service = await http((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'));
    });
    const response = await boundedFetch(fetch)(service.url);
    expect([response.headers.has('content-encoding'), await response.json()]).toEqual([false, { a: 1 }]);
  });

  test('is bounded by what a fetch unpacks, and its damage by time', async () => {
    const bodies = [gzipSync(Buffer.alloc(20 * MIB)), 'not gzip'];
    await using service = await http((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bodies.shift());
    });
    expect((await failure(boundedFetch(fetch)(service.url))).code).toBe('ANSWER_INVALID');
    expect((await failure(boundedFetch(fetch, SHORT)(service.url))).code).toBe('UNAVAILABLE');
  });
});

describe('Node’s HTTP client', () => {
  test.each<readonly [string, RequestInit]>([
    ['nothing', {}],
    ['a form', { method: 'POST', body: new URLSearchParams({ code: 'a b&c', ü: 'ß' }) }],
    ['a text', { method: 'PUT', body: 'ü' }],
    ['bytes', { method: 'POST', body: Uint8Array.of(0, 255, 10), headers: { 'content-type': 'image/png' } }],
    [
      'a form by another name',
      { method: 'POST', body: new URLSearchParams('a=1'), headers: { 'Content-Type': 'x/y' } },
    ],
    ['its own headers', { method: 'DELETE', headers: new Headers({ authorization: 'Bearer marked', accept: 'a/b' }) }],
  ])('sends what fetch sends: %s', async (_name, init) => {
    const taken: unknown[] = [];
    await using service = await http(async (request, response) => {
      const { connection, 'accept-encoding': _, ...headers } = request.headers;
      const own = Object.entries(headers).filter(([name]) => !/^(sec-fetch-|accept-language|user-agent)/.test(name));
      taken.push([request.method, request.url, own.sort(), Buffer.concat(await request.toArray())]);
      response.end();
    });
    for (const send of [fetch, direct]) await boundedFetch(send)(`${service.url}?a=%20b&c=d`, init);
    expect(taken).toHaveLength(2);
    expect(taken[1]).toEqual(taken[0]);
  });

  test('returns every value of a repeated header', async () => {
    await using service = await http((_request, response) => {
      response.writeHead(200, [
        ['x-a', '1'],
        ['set-cookie', 'a=1'],
        ['X-A', '2'],
        ['set-cookie', 'b=2'],
      ]);
      response.end();
    });
    const { headers } = await boundedFetch(direct)(service.url);
    expect([headers.get('x-a'), headers.getSetCookie()]).toEqual(['1, 2', ['a=1', 'b=2']]);
  });

  test('refuses an unsupported body', async () => {
    await using service = await http((_request, response) => void response.end());
    await expect(direct(service.url, { method: 'POST', body: new FormData() })).rejects.toThrow('Only text');
  });

  test('knows that nothing was sent if the TLS handshake is interrupted or times out', async () => {
    for (const answer of [(socket: Socket) => socket.resetAndDestroy(), () => {}]) {
      await using service = await bytes(answer);
      const send = boundedFetch(nodeFetch({}, { connectMs: 100 }));
      const error = await failure(send(service.url.replace('http:', 'https:'), { method: 'POST', body: 'a=1' }));
      expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { never_sent: true } });
    }
  });

  test('a protocol switch (101) is an outage', async () => {
    await using service = await bytes((socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
    });
    expect(await failure(boundedFetch(direct)(service.url))).toMatchObject({ code: 'UNAVAILABLE' });
  });
});
