import { execFile } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Socket } from 'node:net';
import process from 'node:process';
import { inspect, promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Environment } from '../../src/environment.ts';
import { AuthError } from '../../src/errors.ts';
import { boundedFetch, type FetchLimits, nodeFetch } from '../../src/network/fetch.ts';
import { authority, skipWithoutOpenssl } from './authority.ts';
import { bytes, forwardProxy, type Listening, listening } from './forward-proxy.ts';

const PASSWORD = 'marked-p@ss:w/rd%#?';
const TARGET = 'https://idp.test/token';

const send = (environment: Environment, url = TARGET, limits: FetchLimits = {}, init?: RequestInit) =>
  boundedFetch(nodeFetch(environment), limits)(url, init);

async function failure(response: Promise<Response>): Promise<AuthError> {
  const thrown: unknown = await response.catch((error: unknown) => error);
  if (thrown instanceof AuthError) return thrown;
  throw new Error(`It did not fail as it should: ${thrown}`);
}

const withPassword = (url: string) => url.replace('://', `://walker:${encodeURIComponent(PASSWORD)}@`);
const closed = async () => {
  const gone = await listening(createServer());
  await gone[Symbol.asyncDispose]();
  return gone;
};
/** Everything an error could reveal, however it is printed. */
const everything = (error: AuthError) => JSON.stringify(error) + inspect(error, { depth: null, showHidden: true });

describe('a proxy’s refusal is reported as the proxy’s, and the request was never sent', () => {
  const answers = (head: string) => () => bytes((socket) => socket.end(`${head}\r\n\r\n`));
  const NEGOTIATE = 'HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM abc';
  const BOTH = 'HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm="marked-realm"';
  const IN_ONE = 'HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM, basic realm="marked, realm", charset="UTF-8"';
  const FAULTS: readonly [string, () => Promise<Listening>, string, string | RegExp, string | RegExp, boolean?][] = [
    [
      '407',
      answers('HTTP/1.1 407 No'),
      'NETWORK_BLOCKED',
      /^The proxy PROXY requires a user name and password \(407\)\.$/,
      'HTTPS_PROXY=http://USER:PASSWORD@',
    ],
    ['407, Basic among others', answers(BOTH), 'NETWORK_BLOCKED', /requires a user name and password/, 'USER:PASSWORD'],
    [
      '407, the same in one header',
      answers(IN_ONE),
      'NETWORK_BLOCKED',
      /requires a user name and password/,
      'USER:PASSWORD',
    ],
    [
      '407, with a password',
      answers(BOTH),
      'NETWORK_BLOCKED',
      /^The proxy PROXY rejected the user name and password in HTTPS_PROXY \(407\)\.$/,
      'Correct them',
      true,
    ],
    [
      '401, as tinyproxy has it',
      answers('HTTP/1.1 401 No'),
      'NETWORK_BLOCKED',
      /rejected the user name and password in HTTPS_PROXY \(401\)/,
      'Correct them',
      true,
    ],
    [
      '407, anything but Basic',
      answers(NEGOTIATE),
      'NETWORK_BLOCKED',
      /requires Negotiate or NTLM authentication; only Basic is supported \(407\)/,
      'cntlm',
      true,
    ],
    [
      '403',
      answers('HTTP/1.1 403 Forbidden'),
      'NETWORK_BLOCKED',
      /^The proxy PROXY refuses to connect to idp\.test:443 \(403\)\.$/,
      'NO_PROXY=idp.test',
    ],
    [
      '302 to a page',
      answers('HTTP/1.1 302 Found\r\nLocation: http://marked.test/'),
      'NETWORK_BLOCKED',
      /refuses to connect to idp\.test:443 \(302\)/,
      'NO_PROXY=idp.test',
    ],
    [
      '502',
      answers('HTTP/1.1 502 Bad Gateway'),
      'UNAVAILABLE',
      /^The proxy PROXY can't connect to idp\.test:443 at the moment \(502\)\.$/,
      'Try again later',
    ],
    ['503', answers('HTTP/1.1 503 Busy'), 'UNAVAILABLE', /at the moment \(503\)/, 'Try again later'],
    ['429', answers('HTTP/1.1 429 Busy'), 'UNAVAILABLE', /at the moment \(429\)/, 'Try again later'],
    [
      'connection refused',
      closed,
      'UNAVAILABLE',
      /^Can't reach the proxy PROXY: connection refused \(ECONNREFUSED\)\.$/,
      'Check HTTPS_PROXY',
    ],
    [
      'a reset',
      () => bytes((socket) => socket.resetAndDestroy()),
      'UNAVAILABLE',
      /connection lost \(ECONNRESET\)/,
      'Check HTTPS_PROXY',
    ],
    ['it hangs up', () => bytes((socket) => socket.end()), 'UNAVAILABLE', /Can't reach the proxy/, 'Check HTTPS_PROXY'],
    [
      'another protocol',
      answers('SSH-2.0-OpenSSH_9.2'),
      'UNAVAILABLE',
      /it isn't speaking HTTP|connection failed/,
      'Check HTTPS_PROXY',
    ],
    [
      'silence',
      () => bytes(() => {}),
      'UNAVAILABLE',
      /^Can't reach the proxy PROXY: connection timed out/,
      'Check HTTPS_PROXY',
    ],
    [
      'a head that never ends',
      () => bytes(drip('HTTP/1.1 200 OK\r\nx-a: ')),
      'UNAVAILABLE',
      /connection timed out/,
      'Check HTTPS_PROXY',
    ],
  ];
  test.each(FAULTS)('%s', async (name, start, code, message, hint, given = false) => {
    await using proxy = await start();
    const environment = { HTTPS_PROXY: given ? withPassword(proxy.url) : proxy.url };
    // The real limit is 8 seconds; what is tested is that it holds.
    const options = /silence|never ends/.test(name) ? { connectMs: 300 } : {};
    const error = await failure(boundedFetch(nodeFetch(environment, options))(TARGET));
    expect(error).toMatchObject({
      code,
      exitCode: code === 'UNAVAILABLE' ? 5 : 2,
      details: { never_sent: true, proxy: proxy.url },
    });
    expect(error.message.replaceAll(proxy.url, 'PROXY')).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(everything(error)).not.toMatch(/marked|walker/);
    await expectNothingOpen(proxy);
  });

  test('a proxy that does not speak TLS, spoken to with it', async () => {
    await using proxy = await forwardProxy({});
    const error = await failure(send({ HTTPS_PROXY: withPassword(`https://localhost:${proxy.port}`) }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { never_sent: true } });
    expect(error.message).toMatch(/^Can't reach the proxy https:\S+: it isn't speaking TLS/);
    expect(error.hint).toContain(`HTTPS_PROXY=http://localhost:${proxy.port}`);
    expect(everything(error)).not.toMatch(/marked|walker/);
  });
});

describe('a request through a proxy', () => {
  test('is unchanged, and so is its response', async () => {
    await using service = await listening(
      createHttpServer({ keepAliveTimeout: 0 }, async (request, response) => {
        const body = await request.setEncoding('utf8').toArray();
        const { method, url, headers } = request;
        // It would hold the connection for ten minutes.
        response
          .writeHead(201, { 'x-more': 'yes', 'keep-alive': 'timeout=600' })
          .end(JSON.stringify({ method, url, headers, body: body.join('') }));
      }),
    );
    await using proxy = await forwardProxy({ 'idp.test:80': service.port });
    const environment = { http_proxy: withPassword(proxy.url) };
    const response = await send(
      environment,
      'http://idp.test/token?a=b',
      {},
      {
        method: 'POST',
        headers: { authorization: 'Bearer marked' },
        body: new URLSearchParams({ code: 'c d' }),
      },
    );
    expect([response.status, response.headers.get('x-more')]).toEqual([201, 'yes']);
    expect(response).toBeInstanceOf(Response);
    const { method, url, headers, body } = JSON.parse(await response.text());
    expect([method, url, body]).toEqual(['POST', '/token?a=b', 'code=c+d']);
    expect(headers).toMatchObject({
      host: 'idp.test',
      authorization: 'Bearer marked',
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
    });
    // The password is the proxy's alone.
    expect(JSON.stringify(headers)).not.toMatch(/proxy/i);
    expect(proxy.asked).toEqual(['idp.test:80']);
    expect(proxy.shown).toEqual([`Basic ${Buffer.from(`walker:${PASSWORD}`).toString('base64')}`]);
    await expectNothingOpen(proxy);
  });

  const BROKEN: readonly [string, (socket: Socket) => void, RegExp, FetchLimits?][] = [
    ['silent', () => {}, /^idp\.test.*timed out after 0\.3/, { answerMs: 300 }],
    ['dripping', drip('HTTP/1.1 200 OK\r\n\r\n{"a":"'), /^idp\.test.*timed out after 0\.9/, { totalMs: 900 }],
    ['pouring', (socket) => void socket.write(`HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(70_000)}`), /^idp\.test .*64 KiB/],
    [
      'redirecting',
      (socket) => void socket.write('HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n'),
      /^idp\.test .*redirect \(302\)/,
    ],
    ['hanging up', (socket) => void socket.end(), /^Can't reach idp\.test: connection lost/],
  ];
  test.each(BROKEN)(
    'is bounded as any other, and leaves nothing open: a server that is %s',
    async (_name, answer, message, limits) => {
      await using service = await bytes(answer);
      await using proxy = await forwardProxy({ 'idp.test:80': service.port });
      const error = await failure(send({ HTTP_PROXY: proxy.url }, 'http://idp.test/', limits));
      expect(error.message).toMatch(message);
      // It may have arrived.
      expect(error.details.never_sent).not.toBe(true);
      await expectNothingOpen(proxy);
      await expectNothingOpen(service);
    },
  );

  test('ends when its signal does, before the tunnel and within it', async () => {
    await using mute = await bytes(() => {});
    await using proxy = await forwardProxy({ 'idp.test:80': mute.port });
    for (const through of [mute, proxy]) {
      const reason = new AuthError('INTERRUPTED', 'Interrupted.');
      const stop = new AbortController();
      const fetch = boundedFetch(nodeFetch({ HTTP_PROXY: through.url }, { connectMs: 3_600_000 }));
      const response = fetch('http://idp.test/', { signal: stop.signal });
      setTimeout(() => stop.abort(reason), 50);
      await expect(response).rejects.toBe(reason);
      await expectNothingOpen(through);
    }
  });

  test('is sent directly if it is to this machine', async () => {
    await using service = await listening(createHttpServer((_request, response) => response.end('straight')));
    const dead = await closed();
    const environment = { HTTP_PROXY: dead.url, HTTPS_PROXY: dead.url, ALL_PROXY: dead.url };
    expect(await (await send(environment, service.url)).text()).toBe('straight');
  });
});

describe.skipIf(skipWithoutOpenssl)('a certificate', () => {
  const root = skipWithoutOpenssl ? undefined : authority('Example Proxy Root');
  const served = async (names: readonly string[], days?: number) => {
    let read = 0;
    const server = createHttpsServer({ ...root?.certify(names, days) }, (_request, response) => response.end());
    server.on('secureConnection', (socket) => socket.on('data', (chunk) => (read += chunk.length)));
    const service = await listening(server);
    return { ...service, read: () => read };
  };

  test('is accepted if its CA is known, and Node’s own proxy variables are ignored', async () => {
    const asked: unknown[] = [];
    const server = createHttpsServer({ ...root?.certify(['localhost']) }, async (request, response) => {
      asked.push([request.method, Buffer.concat(await request.toArray()).toString()]);
      response.setHeader('content-type', 'application/json').end('{"a":1}');
    });
    await using service = await listening(server);
    const dead = await closed();
    const script = `
      const { boundedFetch, nodeFetch } = await import('./src/network/fetch.ts');
      const body = new URLSearchParams({ code: 'the-code' });
      const answer = await boundedFetch(nodeFetch({}))('https://localhost:${service.port}/token', { method: 'POST', body });
      console.log(await answer.text());
    `;
    const env = {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: root?.file,
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: dead.url,
      ALL_PROXY: dead.url,
    };
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    expect((await promisify(execFile)(process.execPath, args, { env })).stdout).toBe('{"a":1}\n');
    expect(asked).toEqual([['POST', 'code=the-code']]);
  });

  test('of an unknown authority is refused with a hint, directly and through a proxy', async () => {
    await using service = await served(['idp.test', 'localhost']);
    await using proxy = await forwardProxy({ 'idp.test:443': service.port });
    const ways = [
      [{}, `https://localhost:${service.port}/`, `localhost:${service.port}`],
      [{ HTTPS_PROXY: withPassword(proxy.url) }, TARGET, 'idp.test'],
    ] as const;
    for (const [environment, url, owner] of ways) {
      const error = await failure(send(environment, url, {}, { method: 'POST', body: 'marked' }));
      expect(error).toMatchObject({
        code: 'NETWORK_BLOCKED',
        exitCode: 2,
        message: expect.stringMatching(`certificate of ${owner} .*UNABLE_TO_VERIFY_LEAF_SIGNATURE`),
        hint: expect.stringContaining('NODE_EXTRA_CA_CERTS=/path/to/ca.pem'),
        details: { never_sent: true, reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
      });
      expect(everything(error)).not.toMatch(/marked|walker/);
    }
    expect(service.read()).toBe(0);
    await expectNothingOpen(service);
    await expectNothingOpen(proxy);
  });

  test('of the proxy itself is reported as the proxy’s', async () => {
    const server = createHttpsServer({ ...root?.certify(['localhost']) });
    await using proxy = await listening(server);
    const error = await failure(send({ HTTPS_PROXY: withPassword(`https://localhost:${proxy.port}`) }));
    expect(error).toMatchObject({
      code: 'NETWORK_BLOCKED',
      message: expect.stringMatching(
        `certificate of the proxy https://localhost:${proxy.port} .*UNABLE_TO_VERIFY_LEAF_SIGNATURE`,
      ),
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS=/path/to/ca.pem'),
      details: { never_sent: true },
    });
    expect(everything(error)).not.toMatch(/marked|walker/);
    await expectNothingOpen(proxy);
  });

  test.each([
    ['has expired', ['localhost'], -1, 'CERT_HAS_EXPIRED'],
    ['is for another host', ['hotel.test'], 2, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const)('that %s is refused before anything is sent', async (_name, names, days, reason) => {
    const server = createHttpsServer({ ...root?.certify(names, days) });
    await using service = await listening(server);
    const script = `
      const { boundedFetch, nodeFetch } = await import('./src/network/fetch.ts');
      await boundedFetch(nodeFetch({}))('https://localhost:${service.port}/').catch((error) => console.log(JSON.stringify(error.report())));
    `;
    const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: root?.file };
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const { error } = JSON.parse((await promisify(execFile)(process.execPath, args, { env })).stdout);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', never_sent: true, reason });
  });
});

/** What is left of connections once everything is over: they end without being waited for. */
async function expectNothingOpen({ sockets }: Listening): Promise<void> {
  for (const socket of [...sockets])
    await new Promise((resolve) => (socket.destroyed ? resolve(undefined) : socket.once('close', resolve)));
}

function drip(head: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write('a'), 10);
    socket.once('close', () => clearInterval(timer));
  };
}
