import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Peer } from '../../src/server/peer.ts';
import type { ServerNotice } from '../../src/server/visitors.ts';
import { OPENED, visitedSite } from './site-visitor.ts';

test('another user of the same machine: the key becomes a cookie that no one else can read, and leaves the URL', async () => {
  await using visited = await visitedSite();
  const { search } = new URL(visited.site.url);
  const { status, header, head, body } = await visited.send('GET', `/${search}`, OPENED);
  expect(status).toBe(303);
  expect(header('location')).toBe(visited.path('status'));
  const base = visited.path('').replace(/\/$/, '');
  expect(base).toMatch(/^\/[\w-]{22}$/);
  expect(header('set-cookie')).toMatch(
    new RegExp(`^fitbit-login-[\\w-]{11}=[\\w-]{43}; Path=${base}; HttpOnly; SameSite=Strict$`),
  );
  const key = search.replace('?key=', '');
  expect(head.replace(search, '') + body).not.toContain(key);
});

test('another user of the same machine: the key works once; a second use says to run the command again', async () => {
  await using visited = await visitedSite();
  expect(await visited.enter()).not.toBe('');
  const { pathname, search } = new URL(visited.site.url);
  const again = await visited.send('GET', pathname + search, OPENED);
  expect(again.status).toBe(403);
  expect(again.header('set-cookie')).toBeUndefined();
  expect(again.body).toMatch(/run the command again/);
});

test.each<readonly [Peer, number, readonly ServerNotice[]]>([
  ['own', 303, []],
  ['unknown', 303, []],
  ['gone', 403, []],
  ['other-user', 403, ['other-user']],
])('the key from a peer that is %s → %s', async (peer, status, expected) => {
  const notices: ServerNotice[] = [];
  let at = peer;
  await using visited = await visitedSite({ peerOf: async () => at, onNotice: (notice) => notices.push(notice) });
  const { pathname, search } = new URL(visited.site.url);
  const answer = await visited.send('GET', pathname + search, OPENED);
  expect([answer.status, answer.header('set-cookie') !== undefined]).toEqual([status, status === 303]);
  expect(notices).toEqual(expected);
  // A refused visitor has not used it up.
  at = 'own';
  if (status === 403) expect(await visited.enter()).not.toBe('');
});

test('of two visitors with the key whose users are looked up at once, one gets in', async () => {
  const decide: (() => void)[] = [];
  await using visited = await visitedSite({
    peerOf: () => new Promise((resolve) => decide.push(() => resolve('unknown'))),
  });
  const { pathname, search } = new URL(visited.site.url);
  const visits = [1, 2].map(() => visited.send('GET', pathname + search, OPENED));
  while (decide.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const proceed of decide) proceed();
  expect((await Promise.all(visits)).map(({ status }) => status).sort()).toEqual([303, 403]);
});

test('two sites of the same machine share neither path nor cookie name nor key', async () => {
  await using one = await visitedSite();
  await using other = await visitedSite();
  const name = async (visited: typeof one) => (await visited.enter()).split('=')[0];
  expect(one.path('')).not.toBe(other.path(''));
  expect(new URL(one.site.url).search).not.toBe(new URL(other.site.url).search);
  expect(await name(one)).not.toBe(await name(other));
});

test.each([
  ['HEAD', 'HEAD', {}, 405],
  ['OPTIONS', 'OPTIONS', {}, 405],
  ['POST', 'POST', { origin: 'null', 'sec-fetch-site': 'same-origin' }, 403],
  ['prefetch', 'GET', { 'sec-purpose': 'prefetch' }, 403],
  ['prerender', 'GET', { 'sec-purpose': 'prefetch;prerender' }, 403],
  ['prefetch of older ones', 'GET', { purpose: 'prefetch' }, 403],
  ['prefetch of Firefox', 'GET', { 'x-moz': 'prefetch' }, 403],
] as const)('the browser itself: %s does not use up the key', async (_name, method, headers, status) => {
  await using visited = await visitedSite();
  const { pathname, search } = new URL(visited.site.url);
  const answer = await visited.send(method, pathname + search, { ...OPENED, ...headers });
  expect(answer.status).toBe(status);
  expect(answer.header('set-cookie')).toBeUndefined();
  expect(await visited.enter()).not.toBe('');
});

test.each(['', '?key=', '?key=wrong', '?key=%00', '?key=%zz', `?key=${'a'.repeat(9_000)}`])(
  'another user of the same machine: a guess does not use up the key: /%s',
  async (query) => {
    await using visited = await visitedSite();
    expect((await visited.send('GET', `/${query}`, OPENED)).status).toBe(403);
    expect(await visited.enter()).not.toBe('');
  },
);

test.each(['status', 'setup', 'live', 'onward', 'nothing', ''])(
  'another user of the same machine: /…/%s without the cookie, or with another, is refused alike',
  async (page) => {
    await using visited = await visitedSite();
    const [name] = (await visited.enter()).split('=');
    for (const cookie of ['', `${name}=`, `${name}=${'a'.repeat(43)}`, 'other=value']) {
      const answer = await visited.send('GET', visited.path(page), { ...OPENED, cookie });
      expect(answer.status).toBe(403);
      expect(answer.body).toMatch(/run the command again/);
      expect(answer.body).not.toMatch(/WALK01|23ABCD|_csrf/);
    }
  },
);

test.each(['status', 'setup', 'sandbox', 'stop'])(
  'another user of the same machine: POST to /…/%s without the cookie does nothing',
  async (page) => {
    await using visited = await visitedSite();
    await visited.enter();
    const answer = await visited.post(page, { 'sign-out': 'default' }, 'none=at-all');
    expect(answer.status).toBe(403);
    expect([visited.handlers.acted, visited.handlers.submitted, visited.handlers.sandboxes]).toEqual([[], [], 0]);
    expect(await visited.send('GET', '/', OPENED)).toMatchObject({ status: 403 });
  },
);

test.each(['status', 'setup'] as const)(
  '§9, clickjacking: the %s page loads nothing, is not framed or cached, and sends no referrer',
  async (page) => {
    await using visited = await visitedSite();
    const cookie = await visited.enter();
    const { head, header, body } = await visited.send('GET', visited.path(page), { ...OPENED, cookie });
    const hash = (text = '') => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const styles = [...body.matchAll(/<style>(.*?)<\/style>/gs)].map(([, text]) => hash(text));
    const scripts = [...body.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => hash(text));
    expect(scripts).toHaveLength(2);
    expect(header('content-security-policy')).toBe(
      `default-src 'none';style-src ${styles.join(' ')};script-src ${scripts.join(' ')};connect-src 'self';form-action 'self';img-src data:;base-uri 'none';frame-ancestors 'none'`,
    );
    expect(header('cache-control')).toBe('no-store');
    expect(header('referrer-policy')).toBe('no-referrer');
    expect(header('x-content-type-options')).toBe('nosniff');
    expect(header('x-frame-options')).toBe('DENY');
    expect(header('cross-origin-opener-policy')).toBe('same-origin');
    expect(header('cross-origin-resource-policy')).toBe('same-origin');
    expect(head).not.toMatch(/access-control-|set-cookie/i);
    expect(body.replaceAll(/<script>.*?<\/script>/gs, '')).not.toMatch(
      / on[a-z]+=| style=|<iframe|@import|url\(|(src|href)="(?!data:|\/|#|https:\/\/console\.cloud\.google\.com\/|https:\/\/dev\.fitbit\.com\/)/i,
    );
  },
);

test('a form’s token is not part of the cookie, and no page contains the cookie or the key', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const secrets = [cookie.split('=')[1] ?? '', new URL(visited.site.url).searchParams.get('key') ?? ''];
  for (const page of ['status', 'setup']) {
    const { body } = await visited.send('GET', visited.path(page), { ...OPENED, cookie });
    for (const secret of secrets) {
      for (let at = 0; at + 12 <= secret.length; at += 1) expect(body).not.toContain(secret.slice(at, at + 12));
    }
  }
});
