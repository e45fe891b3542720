import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import type { Peer } from '../../src/server/peer.ts';
import { peerOf } from '../../src/server/peer.ts';
import type { ServerNotice } from '../../src/server/visitors.ts';
import { type Answer, waiting } from './server-visitor.ts';

const PROVIDER = 'https://provider.example/authorize?state=';
const isLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;
if (!isRoot || !isLinux) console.warn('SKIPPED: another user’s programs, for which one has to be root on Linux.');

/** A bound sign-in. `peer` may be changed as it goes; each beginning has a state of its own. */
async function bound(first: Peer = 'unknown', options: Parameters<typeof waiting>[0] = {}) {
  const at = { peer: first, beginnings: 0, notices: [] as ServerNotice[] };
  const visited = await waiting({
    begin: () => {
      at.beginnings += 1;
      return `${PROVIDER}${at.beginnings}`;
    },
    validate: (params) =>
      at.beginnings > 0 && params.get('state') === String(at.beginnings)
        ? { kind: 'accepted', response: 'the-code' }
        : { kind: 'unexpected', page: { tone: 'waiting', title: 'Not awaited' } },
    peerOf: async () => at.peer,
    onNotice: (notice) => at.notices.push(notice),
    ...options,
  });
  const path = new URL(visited.listener.startUrl ?? '').pathname;
  const start = (headers = {}) => visited.navigate(path, headers);
  const callback = (state: number, cookie?: string) =>
    visited.navigate(`/callback?code=c&state=${state}`, cookie === undefined ? {} : { cookie });
  return Object.assign(at, {
    visited,
    path,
    start,
    callback,
    [Symbol.asyncDispose]: () => visited[Symbol.asyncDispose](),
  });
}

function cookieOf(answer: Answer): string {
  return /^set-cookie: ([^;]+)/im.exec(answer.head)?.[1] ?? '';
}

test('the start address is unguessable, on the redirect URI’s own host and port, and holds no state', async () => {
  await using at = await bound('own', { redirectUris: ['http://localhost:0/a/callback'] });
  expect(at.visited.listener.startUrl).toMatch(/^http:\/\/localhost:\d+\/start\/[\w-]{22}$/);
  expect(at.beginnings).toBe(0);
});

test('it sets a cookie for the redirect path, HttpOnly and Lax, and leads on to the provider', async () => {
  await using at = await bound();
  const { status, head, header } = await at.start();
  expect([status, header('location')]).toEqual([303, `${PROVIDER}1`]);
  expect(head).toMatch(/^set-cookie: fitbit-login-[\w-]{22}=[\w-]{22}; Path=\/callback; HttpOnly; SameSite=Lax$/im);
  expect(header('referrer-policy')).toBe('no-referrer');
});

test.each([
  ['prefetch', { 'sec-purpose': 'prefetch' }],
  ['a frame', { 'sec-fetch-dest': 'iframe' }],
  ['a fetch', { 'sec-fetch-dest': 'empty' }],
  ['another site’s Origin', { origin: 'https://evil.example' }],
])('%s at the start address is refused and uses nothing up', async (_what, headers) => {
  await using at = await bound();
  expect((await at.start(headers)).status).toBe(403);
  expect(at.beginnings).toBe(0);
  expect((await at.start()).status).toBe(303);
});

interface Row {
  readonly peer: Peer;
  readonly cookie: boolean;
  readonly status: number;
  readonly notice?: ServerNotice;
}

const CALLBACKS: readonly Row[] = [
  { peer: 'own', cookie: true, status: 303 },
  { peer: 'own', cookie: false, status: 303 },
  { peer: 'unknown', cookie: true, status: 303 },
  { peer: 'gone', cookie: true, status: 303 },
  { peer: 'unknown', cookie: false, status: 403, notice: 'other-browser' },
  { peer: 'gone', cookie: false, status: 403, notice: 'other-browser' },
  { peer: 'other-user', cookie: false, status: 403, notice: 'other-user' },
  { peer: 'other-user', cookie: true, status: 403, notice: 'other-user' },
];

test.each(CALLBACKS)(
  'a callback from a peer that is $peer, with the cookie $cookie → $status',
  async ({ peer, cookie, status, notice }) => {
    await using at = await bound();
    const brought = cookieOf(await at.start());
    at.peer = peer;
    expect((await at.callback(1, cookie ? brought : `${brought}x`)).status).toBe(status);
    expect(at.notices).toEqual(notice === undefined ? [] : [notice]);
    // The wait goes on for the browser that began.
    at.peer = 'unknown';
    if (status === 403) expect((await at.callback(1, brought)).status).toBe(303);
  },
);

const STARTS: readonly Row[] = [
  { peer: 'own', cookie: true, status: 303 },
  { peer: 'unknown', cookie: true, status: 303 },
  { peer: 'unknown', cookie: false, status: 403, notice: 'other-browser' },
  { peer: 'other-user', cookie: true, status: 403, notice: 'other-user' },
  { peer: 'gone', cookie: true, status: 403 },
];

test.each(STARTS)(
  'a second visit of the start address from a peer that is $peer, with the cookie $cookie → $status',
  async ({ peer, cookie, status, notice }) => {
    await using at = await bound();
    const brought = cookieOf(await at.start());
    at.peer = peer;
    const again = await at.start(cookie ? { cookie: `other=1; ${brought}` } : {});
    expect(again.status).toBe(status);
    if (status === 303) expect([again.header('location'), cookieOf(again)]).toEqual([`${PROVIDER}1`, brought]);
    expect(at.beginnings).toBe(1);
    expect(at.notices).toEqual(notice === undefined ? [] : [notice]);
  },
);

test('another browser of the same user begins anew, and the earlier attempt is void', async () => {
  await using at = await bound('own');
  const earlier = cookieOf(await at.start());
  const anew = await at.start();
  expect(anew.header('location')).toBe(`${PROVIDER}2`);
  expect(cookieOf(anew)).not.toBe(earlier);
  at.peer = 'unknown';
  expect((await at.callback(1, earlier)).status).toBe(400);
  expect((await at.callback(2, earlier)).status).toBe(403);
  expect((await at.callback(2, cookieOf(anew))).status).toBe(303);
});

test('only a request that would be accepted has its peer looked up', async () => {
  let lookUps = 0;
  await using at = await bound('own', {
    peerOf: async () => {
      lookUps += 1;
      return 'own';
    },
  });
  for (const target of ['/callback?code=c&state=forged', '/callback?code=c', '/favicon.ico', '/elsewhere', '/result/x'])
    await at.visited.navigate(target);
  await at.start({ 'sec-purpose': 'prefetch' });
  await at.visited.send('POST', at.path);
  expect(lookUps).toBe(0);
  await at.start();
  await at.callback(1);
  expect(lookUps).toBe(2);
});

test('a callback of the earlier attempt is not accepted when another begins while its peer is looked up', async () => {
  let proceed: (peer: Peer) => void = () => {};
  let lookUps = 0;
  const slow = new Promise<Peer>((resolve) => {
    proceed = resolve;
  });
  await using at = await bound('own', {
    peerOf: async () => {
      lookUps += 1;
      return lookUps === 2 ? slow : 'own';
    },
  });
  await at.start();
  const callback = at.callback(1);
  while (lookUps < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await at.start();
  proceed('own');
  expect((await callback).status).toBe(400);
});

test('a callback whose peer is looked up while the listener closes still gets its page', async () => {
  let proceed: (peer: Peer) => void = () => {};
  const slow = new Promise<Peer>((resolve) => {
    proceed = resolve;
  });
  let lookUps = 0;
  await using at = await bound('own', {
    peerOf: async () => {
      lookUps += 1;
      return lookUps === 2 ? slow : 'own';
    },
    onCallback: (pending) => void pending.respond({ tone: 'success', title: 'Just in time' }),
  });
  await at.start();
  const callback = at.visited.send('GET', '/callback?code=c&state=1');
  while (lookUps < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const decided = at.visited.listener.decided();
  const closed = at.visited.listener.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  proceed('own');
  await decided;
  expect((await callback).body).toContain('Just in time');
  await closed;
});

test('the start address of another user’s peer is refused at once; one that has gone uses nothing up', async () => {
  for (const peer of ['other-user', 'gone'] as const) {
    await using at = await bound(peer);
    expect((await at.start()).status).toBe(403);
    expect(at.beginnings).toBe(0);
  }
});

test('once the sign-in is over or expired, the start address leads nowhere', async () => {
  await using at = await bound('own');
  await at.start();
  await at.callback(1);
  expect((await at.start()).status).toBe(400);
  await using other = await bound('own');
  other.visited.listener.expire();
  expect((await other.start()).status).toBe(400);
});

test('a sign-in that is not bound accepts a callback from an unknown peer, but not from another user', async () => {
  const RIGHT = '/callback?code=the-code&state=right';
  let peer: Peer = 'other-user';
  await using visited = await waiting({ peerOf: async () => peer });
  expect(visited.listener.startUrl).toBeUndefined();
  expect((await visited.navigate(RIGHT)).status).toBe(403);
  peer = 'unknown';
  expect((await visited.navigate(RIGHT)).status).toBe(303);
});

describe.skipIf(!isLinux)('the peer’s user on Linux', () => {
  /** What a server finds out about a client that is a process of its own, run by `as`, and sends what it is given. */
  async function lookedUp(
    options: { as?: readonly string[]; script?: string; host?: string; to?: string; sudoUid?: number } = {},
  ): Promise<Peer> {
    const { as = [], script = '', host = '127.0.0.1', to = host, sudoUid } = options;
    const { createServer } = await import('node:net');
    const server = createServer({ allowHalfOpen: true }).listen(0, host);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const code = `const s = require('net').connect({ host: '${to}', port: ${port}, allowHalfOpen: true }, () => { s.write('x'); ${script} })`;
    const [file = '', ...args] = [...as, process.execPath, '--eval', code];
    const child: ChildProcess = spawn(file, args, { stdio: 'ignore' });
    const [socket] = await once(server, 'connection');
    socket.on('error', () => {});
    await once(socket, 'data');
    if (script !== '') await new Promise((resolve) => setTimeout(resolve, 50));
    const peer = await peerOf(socket, { sudoUid });
    child.kill('SIGKILL');
    socket.destroy();
    server.close();
    return peer;
  }

  test('a program of our own is verified, on either stack', async () => {
    expect(await lookedUp()).toBe('own');
    expect(await lookedUp({ host: '::1' })).toBe('own');
    // An IPv4 address in the table of IPv6.
    expect(await lookedUp({ to: '::ffff:127.0.0.1' })).toBe('own');
  });

  test('one that has closed its end, or half of it, is gone', async () => {
    expect(await lookedUp({ script: 's.end()' })).toBe('gone');
    expect(['gone', 'unknown']).toContain(await lookedUp({ script: 's.destroy()' }));
  });

  test.skipIf(!isRoot)('run as root, another user’s program is unverified; the sudo caller’s is our own', async () => {
    const as = ['setpriv', '--reuid', '4711', '--regid', '4711', '--clear-groups'];
    expect(await lookedUp({ as })).toBe('unknown');
    expect(await lookedUp({ as, sudoUid: 4711 })).toBe('own');
  });
});

test.skipIf(!isLinux || !isRoot)(
  'run by sudo, a callback from the caller’s program needs no cookie; from others it does',
  async () => {
    await using visited = await waiting({
      begin: () => PROVIDER,
      peerOf: (socket) => peerOf(socket, { sudoUid: 4711 }),
    });
    const callback = `${visited.listener.redirectUri}?code=the-code&state=right`;
    const statusFor = async (uid: number) => {
      const script = `fetch('${callback}').then(({ status }) => process.exit(status === 200 ? 0 : 1))`;
      const as = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
      const [file = '', ...args] = [...as, process.execPath, '--eval', script];
      const [code] = await once(spawn(file, args, { stdio: 'ignore' }), 'exit');
      return code;
    };
    expect([await statusFor(4712), await statusFor(4711)]).toEqual([1, 0]);
  },
);

describe.skipIf(!isLinux || !isRoot)('another user', () => {
  const as = (uid: number) => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const [AS_US, AS_OTHER] = [as(4711), as(4712)];

  /** A server of the user 4711, which prints its port and what it thinks of each peer. */
  async function served() {
    const script = `import { createServer } from 'node:http'; import { peerOf } from './src/server/peer.ts';
      createServer(async (request, response) => { const peer = await peerOf(request.socket); console.log(peer); response.end(peer); })
        .listen(0, '127.0.0.1', function () { console.log(this.address().port) });`;
    const stdin = { contents: script, resolveDir: '.', loader: 'ts' } as const;
    const bundled = await build({ stdin, bundle: true, platform: 'node', format: 'cjs', write: false });
    const [file = '', ...args] = [...AS_US, process.execPath, '--eval', bundled.outputFiles[0]?.text ?? ''];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const said: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return { port: said[0], said, [Symbol.asyncDispose]: async () => void child.kill('SIGKILL') };
  }

  test('is told apart over a real socket, and never accepted if it closes at once', async () => {
    await using server = await served();
    const get = (who: readonly string[], end: string) => {
      const code = `const s = require('net').connect(${server.port}, '127.0.0.1', () => { s.write('GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n'); ${end} }); s.on('data', (d) => process.stdout.write(d)); s.on('error', () => {});`;
      const [file = '', ...args] = [...who, process.execPath, '--eval', code];
      const child = spawn(file, args, { stdio: 'ignore' });
      return once(child, 'exit');
    };
    await get(AS_US, 's.setTimeout(500, () => s.destroy())');
    await get(AS_OTHER, 's.setTimeout(500, () => s.destroy())');
    // Root may act for anyone, and 65534 stands for all users of another namespace.
    await get([], 's.setTimeout(500, () => s.destroy())');
    await get(as(65_534), 's.setTimeout(500, () => s.destroy())');
    expect(server.said.slice(1)).toEqual(['own', 'other-user', 'unknown', 'unknown']);
    const burst = `for (let i = 0; i < 200; i += 1) { const t = require('net').connect(${server.port}, '127.0.0.1', () => { t.write('GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n', () => i % 2 ? t.destroy() : t.resetAndDestroy()); }); t.on('error', () => {}); }`;
    const burstDone = get(AS_OTHER, `${burst}setTimeout(process.exit, 3000)`);
    // Those that were reset before the server read their request are not asked about.
    while (server.said.length < 60) await new Promise((resolve) => setTimeout(resolve, 50));
    await burstDone;
    expect(server.said.slice(5)).not.toContain('own');
  });
});
