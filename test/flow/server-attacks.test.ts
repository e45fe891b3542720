import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { resultPage } from '../../src/server/pages/result.ts';
import {
  type Headers,
  NAVIGATION,
  parse,
  received,
  SIGNED_IN,
  validate,
  type Waiting,
  waiting,
} from './server-visitor.ts';

const RIGHT = '/callback?code=the-code&state=right';

interface Attack {
  readonly name: string;
  readonly status: number;
  readonly method?: string;
  readonly target?: string | ((visited: Waiting) => string);
  readonly headers?: Headers;
}

// Every one of them brings the right parameters, where it can: none may spend them.
const ATTACKS: readonly Attack[] = [
  { name: 'a web page: DNS rebinding by Host', status: 421, headers: { host: 'evil.example' } },
  { name: 'a web page: the right port under another name', status: 421, headers: { host: 'localhost:1' } },
  { name: 'a web page: Host with a trailing dot', status: 421, headers: { host: '127.0.0.1.:1' } },
  { name: 'a web page: cross-site POST', status: 405, method: 'POST', headers: { origin: 'https://evil.example' } },
  {
    name: 'a web page: fetch with CORS',
    status: 403,
    headers: { origin: 'https://evil.example', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
  },
  {
    name: 'a web page: fetch with no-cors',
    status: 403,
    headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' },
  },
  {
    name: 'a web page: an old browser that sends only Origin',
    status: 403,
    headers: { origin: 'https://evil.example' },
  },
  { name: 'a web page: iframe', status: 403, headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' } },
  { name: 'a web page: img', status: 403, headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' } },
  { name: 'a web page: script', status: 403, headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' } },
  {
    name: 'a web page: WebSocket',
    status: 403,
    headers: { connection: 'upgrade', upgrade: 'websocket', origin: 'https://evil.example' },
  },
  { name: 'a web page: forged callback', status: 400, target: '/callback?code=x&state=wrong' },
  { name: 'a web page: error= without state', status: 400, target: '/callback?error=access_denied' },
  {
    name: 'a web page: preflight',
    status: 405,
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
  },
  { name: 'a hostile redirect: a long query', status: 414, target: `${RIGHT}&x=${'a'.repeat(9_000)}` },
  { name: 'a hostile redirect: 1 MB of query', status: 414, target: `${RIGHT}&x=${'a'.repeat(1_000_000)}` },
  { name: 'a hostile redirect: 10,000 parameters', status: 414, target: `${RIGHT}${'&a=1'.repeat(10_000)}` },
  { name: 'a hostile redirect: 51 parameters', status: 400, target: `${RIGHT}${'&a=1'.repeat(49)}` },
  { name: 'a hostile redirect: NUL', status: 400, target: `${RIGHT}&x=%00` },
  { name: 'a hostile redirect: invalid percent-encoding', status: 400, target: `${RIGHT}&x=%zz` },
  { name: 'a hostile redirect: not UTF-8', status: 400, target: `${RIGHT}&x=%ff%fe` },
  { name: 'a hostile redirect: invalid percent-encoding in the path', status: 400, target: '/%zz?state=right' },
  { name: '§5: the path in another spelling', status: 404, target: '/%63allback?code=x&state=right' },
  { name: '§5: the path with a slash more', status: 404, target: '/callback/?code=x&state=right' },
  { name: '§5: the path in capitals', status: 404, target: '/CALLBACK?code=x&state=right' },
  { name: '§5: a target in absolute-form', status: 400, target: ({ authority }) => `http://${authority}${RIGHT}` },
  { name: '§5: a target in absolute-form for another host', status: 400, target: `http://evil.example${RIGHT}` },
  { name: 'the browser itself: HEAD', status: 405, method: 'HEAD' },
  { name: 'the browser itself: OPTIONS', status: 405, method: 'OPTIONS' },
  { name: 'the browser itself: OPTIONS *', status: 405, method: 'OPTIONS', target: '*' },
  { name: 'the browser itself: prefetch', status: 403, headers: { 'sec-purpose': 'prefetch' } },
  { name: 'the browser itself: prerender', status: 403, headers: { 'sec-purpose': 'prefetch;prerender' } },
  { name: 'the browser itself: prefetch of older ones', status: 403, headers: { purpose: 'prefetch' } },
  { name: 'the browser itself: prefetch of Firefox', status: 403, headers: { 'x-moz': 'prefetch' } },
  {
    name: 'the browser itself: favicon',
    status: 204,
    target: '/favicon.ico',
    headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  },
  { name: 'an unusual method: PROPFIND', status: 405, method: 'PROPFIND' },
  { name: 'a curious visitor: another path', status: 404, target: '/' },
  { name: 'a curious visitor: a guessed result', status: 404, target: `/result/${'0'.repeat(32)}` },
];

test.each(ATTACKS)(
  '$name → $status, and the sign-in still waits',
  async ({ status, method = 'GET', target = RIGHT, headers = {} }) => {
    await using visited = await waiting();
    const answer = await visited.send(method, typeof target === 'string' ? target : target(visited), {
      ...NAVIGATION,
      ...headers,
    });
    expect(answer.status).toBe(status);
    expect(answer.head).not.toMatch(/access-control-/i);
    expect(answer.header('connection')).toBe('close');
    expect(visited.exchanges).toBe(0);
    if (method === 'HEAD' || method === 'OPTIONS') expect(answer.body).toBe('');
    expect((await visited.finish()).body).toContain('Signed in');
    expect(visited.exchanges).toBe(1);
  },
);

test.each([
  ['no Host', 'GET /callback?state=right HTTP/1.1\r\n\r\n', 400],
  ['no Host in HTTP/1.0', 'GET /callback?state=right HTTP/1.0\r\n\r\n', 421],
  ['two Hosts', 'GET /callback?state=right HTTP/1.1\r\nhost: AUTHORITY\r\nhost: evil.example\r\n\r\n', 421],
  ['not HTTP', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', 400],
  ['CONNECT', 'CONNECT AUTHORITY HTTP/1.1\r\nhost: AUTHORITY\r\n\r\n', 0],
])('a web page: %s is refused, and the sign-in still waits', async (_name, bytes, status) => {
  await using visited = await waiting();
  expect(parse(await visited.raw(bytes.replaceAll('AUTHORITY', visited.authority))).status).toBe(status);
  expect(visited.exchanges).toBe(0);
  expect((await visited.finish()).status).toBe(200);
});

test('a consent form whose POST was redirected is accepted: with Origin null or its own Origin', async () => {
  for (const origin of ['null', undefined]) {
    await using visited = await waiting();
    const own = origin ?? `http://${visited.authority}`;
    expect((await visited.navigate(RIGHT, { origin: own, referer: 'https://www.fitbit.com/' })).status).toBe(303);
  }
});

test('a hostile redirect: a repeated parameter reaches the validation as it came (§11)', async () => {
  await using visited = await waiting();
  await visited.navigate('/callback?code=a&code=b&state=wrong');
  expect(visited.asked[0]?.getAll('code')).toEqual(['a', 'b']);
});

test('a hostile redirect: script in any value of a page is text (§12)', async () => {
  const nasty = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
  const page = resultPage({
    ...SIGNED_IN,
    title: nasty,
    lead: nasty,
    badge: nasty,
    account: { name: nasty, provider: nasty },
    lines: [{ icon: 'tab', text: nasty }],
    facts: [
      { label: nasty, value: nasty },
      { label: nasty, value: nasty, code: true },
    ],
    command: { label: nasty, command: nasty },
  });
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).not.toContain('<img');
});

test('a defect provoked by a visitor is not a 5xx and does not end the wait', async () => {
  await using visited = await waiting({
    validate: (params) => {
      if (params.has('boom')) throw new Error('boom');
      return validate(params);
    },
  });
  const answer = await visited.navigate('/callback?boom=1');
  expect(answer.status).toBe(400);
  expect(answer.body).not.toContain('boom');
  expect((await visited.finish()).status).toBe(200);
});

test('pipelined requests: one request a connection, the rest are dropped unanswered', async () => {
  await using visited = await waiting();
  const one = `GET /callback?state=wrong HTTP/1.1\r\nhost: ${visited.authority}\r\n\r\n`;
  const text = await visited.raw(one.repeat(50));
  expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 400']);
  expect((await visited.finish()).status).toBe(200);
});

test('slowloris and idle sockets neither delay the answer nor outlive the listener', async () => {
  await using visited = await waiting();
  const sockets = await Promise.all(Array.from({ length: 40 }, () => visited.socket()));
  const ends = sockets.map(received);
  for (const socket of sockets.slice(0, 20)) socket.write('GET /callback?state=right HTTP/1.1\r\nhost: ');
  expect((await visited.finish()).status).toBe(200);
  await visited.listener.close();
  expect(await Promise.all(ends)).toHaveLength(40);
});

test('the log holds no query, no path and no header of any visitor', async () => {
  const lines: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  await using visited = await waiting({
    log: pino({ level: 'trace' }, sink),
    validate: (params) => {
      if (params.has('boom')) throw new Error('a defect');
      return validate(params);
    },
  });
  const marks = [
    '/callback?code=CANARY',
    '/CANARY?code=CANARY',
    '/callback?boom=CANARY',
    '/callback?boom=CANARY&again',
    '/%zz?CANARY',
    '/callback?a=CANARY%zz',
  ];
  for (const target of marks)
    for (const method of ['GET', 'POST', 'PROPFIND']) await visited.send(method, target, { 'x-a': 'CANARY' });
  await visited.send('GET', '/callback?code=CANARY', { host: 'CANARY' });
  await visited.send('GET', 'http://CANARY/?CANARY');
  expect((await visited.navigate('/callback?code=CANARY&state=right')).status).toBe(303);
  expect(lines.join('')).toContain('"route":"/callback"');
  const defects = lines.filter((line) => line.includes('a defect')).map((line) => JSON.parse(line).level);
  expect(defects, 'the second one at debug').toEqual([50, 20]);
  expect(lines.join('')).not.toContain('CANARY');
});
