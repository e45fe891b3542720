import { expect, test } from 'vitest';
import type { Headers } from './server-visitor.ts';
import { OPENED, visitedSite } from './site-visitor.ts';

const SIGN_OUT = { 'sign-out': 'default' };

interface Attack {
  readonly name: string;
  readonly status: number;
  readonly headers: Headers;
}

// Each brings the right cookie and the right token: what is left to judge is where it comes from.
const POSTS: readonly Attack[] = [
  {
    name: 'a cross-site form',
    status: 403,
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  },
  {
    name: 'a form of another port',
    status: 403,
    headers: { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' },
  },
  {
    name: 'a cross-site form of a sandboxed frame',
    status: 403,
    headers: { origin: 'null', 'sec-fetch-site': 'cross-site' },
  },
  {
    name: 'a form of another port without a referrer',
    status: 403,
    headers: { origin: 'null', 'sec-fetch-site': 'same-site' },
  },
  { name: 'a wrong Origin, though Sec-Fetch-Site is right', status: 403, headers: { origin: 'https://evil.example' } },
  {
    name: 'a wrong Sec-Fetch-Site, though Origin is right',
    status: 403,
    headers: { origin: 'OWN', 'sec-fetch-site': 'cross-site' },
  },
  { name: 'a POST that was typed', status: 403, headers: { origin: 'null', 'sec-fetch-site': 'none' } },
  { name: 'DNS rebinding by Host', status: 421, headers: { host: 'evil.example' } },
  { name: 'the right port under another name', status: 421, headers: { host: 'localhost:1' } },
];

test.each(POSTS)('a web page: $name is refused and does nothing', async ({ status, headers }) => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const own = Object.entries(headers).map(([name, text]) => [name, text.replace('OWN', visited.origin)]);
  const answer = await visited.post('status', SIGN_OUT, cookie, Object.fromEntries(own));
  expect(answer.status).toBe(status);
  expect(answer.head).not.toMatch(/access-control-/i);
  expect(visited.handlers.acted).toEqual([]);
});

test('a web page: an old browser without Fetch Metadata must name its own Origin', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const { body } = await visited.send('GET', visited.path('status'), { cookie });
  const token = /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
  const post = (origin: Headers) =>
    visited.send(
      'POST',
      visited.path('status'),
      { cookie, 'content-type': 'application/x-www-form-urlencoded', ...origin },
      new URLSearchParams({ _csrf: token, ...SIGN_OUT }).toString(),
    );
  for (const origin of [{}, { origin: 'null' }, { origin: 'http://localhost:1' }] satisfies Headers[] as Headers[]) {
    expect((await post(origin)).status).toBe(403);
  }
  expect(visited.handlers.acted).toEqual([]);
  expect((await post({ origin: visited.origin })).status).toBe(303);
});

const FETCHES: readonly Attack[] = [
  {
    name: 'fetch with CORS',
    status: 403,
    headers: {
      origin: 'https://evil.example',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
      'sec-fetch-site': 'cross-site',
    },
  },
  {
    name: 'fetch of another port',
    status: 403,
    headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-site' },
  },
  { name: 'a framed page', status: 403, headers: { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' } },
  {
    name: 'a framed page of another port',
    status: 403,
    headers: { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-site' },
  },
  { name: 'a script', status: 403, headers: { 'sec-fetch-dest': 'script', 'sec-fetch-site': 'cross-site' } },
  {
    name: 'an image of another port',
    status: 403,
    headers: { 'sec-fetch-dest': 'image', 'sec-fetch-site': 'same-site' },
  },
  { name: 'a prefetch', status: 403, headers: { 'sec-purpose': 'prefetch' } },
  { name: 'DNS rebinding by Host', status: 421, headers: { host: 'evil.example' } },
];

test.each(FETCHES)(
  'a web page: $name sees neither page nor events, even with the cookie',
  async ({ status, headers }) => {
    await using visited = await visitedSite();
    const cookie = await visited.enter();
    for (const page of ['status', 'setup', 'live']) {
      const answer = await visited.send('GET', visited.path(page), { ...OPENED, cookie, ...headers });
      expect(answer.status).toBe(status);
      expect(answer.head).not.toMatch(/access-control-/i);
      expect(answer.body).not.toContain('WALK01');
    }
  },
);

test.each(['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'])(
  'the browser itself: %s is answered and does nothing',
  async (method) => {
    await using visited = await visitedSite();
    const cookie = await visited.enter();
    const answer = await visited.send(method, visited.path('status'), { ...OPENED, cookie });
    expect(answer.status).toBe(405);
    expect(answer.header('allow')).toBe('GET, POST');
    expect(visited.handlers.acted).toEqual([]);
  },
);

test('a web page: GET on what only a POST may do does nothing', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  for (const target of ['status?sign-out=default', 'sandbox', 'stop', 'setup?clientId:fitbit=23EVIL']) {
    const { status } = await visited.send('GET', visited.path(target), { ...OPENED, cookie });
    expect([200, 404]).toContain(status);
  }
  expect([visited.handlers.acted, visited.handlers.submitted, visited.handlers.sandboxes]).toEqual([[], [], 0]);
  expect((await visited.send('GET', visited.path('status'), { ...OPENED, cookie })).status).toBe(200);
});

test.each([
  ['none', ''],
  ['an empty one', '_csrf=&'],
  ['a made-up one', '_csrf=abcdefgh-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&'],
])('a cross-site POST: with the cookie, but as CSRF token %s, does nothing', async (_name, token) => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  for (const page of ['status', 'setup', 'sandbox', 'ticks', 'stop']) {
    const answer = await visited.send(
      'POST',
      visited.path(page),
      {
        cookie,
        origin: visited.origin,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
      },
      `${token}sign-out=default`,
    );
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('Nothing changed');
  }
  expect([visited.handlers.acted, visited.handlers.submitted, visited.handlers.sandboxes]).toEqual([[], [], 0]);
});

test('a cross-site POST: the CSRF token of another local site is refused', async () => {
  await using visited = await visitedSite();
  await using other = await visitedSite();
  const { body } = await other.send('GET', other.path('status'), { ...OPENED, cookie: await other.enter() });
  const _csrf = /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
  expect((await visited.post('status', { ...SIGN_OUT, _csrf }, await visited.enter())).status).toBe(403);
  expect(visited.handlers.acted).toEqual([]);
});

test.each([
  ['JSON', 'application/json', '{"sign-out":"default"}', 415],
  ['text', 'text/plain', 'sign-out=default', 415],
  ['a file upload', 'multipart/form-data; boundary=x', '--x--', 415],
  ['100 KB', 'application/x-www-form-urlencoded', `sign-out=${'a'.repeat(100_000)}`, 413],
])('a malicious body: %s is refused', async (_name, type, body, status) => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const headers = { cookie, origin: visited.origin, 'content-type': type };
  expect((await visited.send('POST', visited.path('status'), headers, body)).status).toBe(status);
  expect(visited.handlers.acted).toEqual([]);
});

test('an internal error in a handler is not shown', async () => {
  await using visited = await visitedSite({
    act: async () => {
      throw new Error('CANARY');
    },
  });
  const answer = await visited.post('status', SIGN_OUT, await visited.enter());
  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain('CANARY');
});
