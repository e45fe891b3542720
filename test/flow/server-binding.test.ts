import { createServer, type Server } from 'node:net';
import process from 'node:process';
import { expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { listen } from '../../src/server/listen.ts';
import { atPort, authorities, parseRedirectUri } from '../../src/server/redirect-uri.ts';
import { SIGNED_IN, validate, waiting } from './server-visitor.ts';

/** A server of another program on one address. */
async function listenAsAnother(host: string, port = 0): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen({ host, port, exclusive: true }, resolve),
  );
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  return { port: address.port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

const hasIpv6 = await listenAsAnother('::1').then(
  (server) => server[Symbol.asyncDispose]().then(() => true),
  () => false,
);

test.each([
  'https://127.0.0.1:8976/callback',
  'http://0.0.0.0:8976/callback',
  'http://127.0.0.2/callback',
  'http://127.1/callback',
  'http://2130706433/callback',
  'http://[::]:8976/callback',
  'http://[::ffff:127.0.0.1]/callback',
  'http://localhost.evil.example/callback',
  'http://localhost./callback',
  'http://example.com/callback',
  'http://user@127.0.0.1/callback',
  'http://127.0.0.1@evil.example/callback',
  'http://127.0.0.1:8976/callback#fragment',
  'http://127.0.0.1:8976/callback?a=b',
  'http://127.0.0.1:8976/a/../callback',
  'http://127.0.0.1:8976/:callback',
  'http://127.0.0.1:8976/*',
  'http://127.0.0.1:8976/call back',
  'http://127.0.0.1:70000/callback',
  'http://127.0.0.1:08976/callback',
  ' http://127.0.0.1/callback',
  'http://127.0.0.1/callback\n',
  'fitbit-login://callback',
  '',
])('§3: %j is refused: only loopback can be caught', async (uri) => {
  const refused = listen({ redirectUris: [uri], validate });
  await expect(refused).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
  await expect(refused).rejects.toThrow('loopback');
});

test.each([
  ['http://127.0.0.1:8976/callback', ['127.0.0.1'], ['127.0.0.1:8976']],
  ['http://[::1]:8976/callback', ['::1'], ['[::1]:8976']],
  ['http://LocalHost:8976/', ['127.0.0.1', '::1'], ['localhost:8976']],
  ['http://127.0.0.1/callback', ['127.0.0.1'], ['127.0.0.1', '127.0.0.1:80']],
  ['http://127.0.0.1:1234', ['127.0.0.1'], ['127.0.0.1:1234']],
])('§13: %s is unchanged, and determines addresses and Host', (uri, addresses, hosts) => {
  const redirect = parseRedirectUri(uri);
  expect(redirect).toMatchObject({ uri, addresses });
  expect(authorities(redirect)).toEqual(hosts);
  expect(atPort(redirect, 4321)).toBe(redirect);
});

test('only port 0 is replaced, by the real port', async () => {
  expect(atPort(parseRedirectUri('http://[::1]:0/a:0'.replace(':0', ':0').slice(0, 14)), 4321).uri).toBe(
    'http://[::1]:4321',
  );
  await using visited = await waiting();
  expect(visited.listener.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/callback$/);
});

test.each(['', '/', '/callback/', '/favicon.ico', '/result/a', '/A-b_c.d~e'])(
  '§5: the path %j is caught as it is written',
  async (path) => {
    await using visited = await waiting({ redirectUris: [`http://127.0.0.1:0${path}`] });
    expect((await visited.navigate(`${path || '/'}?state=right`)).status).toBe(303);
  },
);

test('§6: the port is not shared: a second bind of the same address fails', async () => {
  await using visited = await waiting();
  await expect(listenAsAnother('127.0.0.1', visited.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await expect(listenAsAnother('0.0.0.0', visited.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await expect(listen({ redirectUris: [visited.listener.redirectUri], validate })).rejects.toMatchObject({
    code: 'PORT_BUSY',
    exitCode: 6,
  });
});

test.skipIf(!hasIpv6)('§6: localhost is caught on both stacks, under its own name only', async () => {
  await using visited = await waiting({ redirectUris: ['http://localhost:0/callback'] });
  const at = `http://localhost:${visited.port}`;
  expect(visited.listener.redirectUri).toBe(`${at}/callback`);
  for (const host of ['127.0.0.1', '::1']) {
    await expect(listenAsAnother(host, visited.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  }
  expect((await fetch(`http://[::1]:${visited.port}/callback?state=right`)).status).toBe(421);
  expect((await visited.finish()).body).toContain(SIGNED_IN.title);
});

test.skipIf(!hasIpv6).each(['127.0.0.1', '::1'])(
  '§6: localhost taken on %s only is busy, and nothing stays bound',
  async (host) => {
    await using other = await listenAsAnother(host);
    const busy = listen({ redirectUris: [`http://localhost:${other.port}/callback`], validate });
    await expect(busy).rejects.toMatchObject({ code: 'PORT_BUSY' });
    await using _free = await listenAsAnother(host === '::1' ? '127.0.0.1' : '::1', other.port);
  },
);

test.skipIf(!hasIpv6)('[::1] alone leaves the other stack to others', async () => {
  await using visited = await waiting({ redirectUris: ['http://[::1]:0/callback'] });
  await using _other = await listenAsAnother('127.0.0.1', visited.port);
  expect((await visited.finish()).status).toBe(200);
});

test('the first redirect URI whose port is free is used', async () => {
  await using taken = await listenAsAnother('127.0.0.1');
  await using visited = await waiting({
    redirectUris: [`http://127.0.0.1:${taken.port}/callback`, 'http://127.0.0.1:0/callback', 'http://[::1]:0/never'],
  });
  expect(visited.port).not.toBe(taken.port);
  expect(visited.listener.redirectUri).toContain('/callback');
});

test('all taken: every address that was tried is named', async () => {
  await using one = await listenAsAnother('127.0.0.1');
  await using two = await listenAsAnother('127.0.0.1');
  const uris = [one, two].map(({ port }) => `http://127.0.0.1:${port}/callback`);
  const error = await listen({ redirectUris: uris, validate }).catch((thrown: unknown) => thrown);
  if (!(error instanceof AuthError)) throw error;
  expect(error.code).toBe('PORT_BUSY');
  for (const { port } of [one, two]) expect(error.message).toContain(`port ${port}`);
});

test('a port that this very program holds is not to be freed by ending it', async () => {
  await using visited = await waiting();
  const again = listen({ redirectUris: [visited.listener.redirectUri], validate, pid: process.pid });
  const error = await again.catch((thrown: unknown) => thrown);
  if (!(error instanceof AuthError)) throw error;
  expect(error.message).toMatch(`this process (pid ${process.pid})`);
  expect(error.hint).toContain('other sign-in');
  expect(error.hint).not.toContain('kill');
  expect((await visited.finish()).status).toBe(200);
});

test('no redirect URI at all is a wrong usage', async () => {
  await expect(listen({ redirectUris: [], validate })).rejects.toMatchObject({ code: 'USAGE' });
});
