import { statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Headers } from './server-visitor.ts';
import { type SignInFixture, signInFixture, type Waiting } from './sign-in.ts';

interface Attack {
  readonly name: string;
  readonly method?: string;
  /** `RIGHT` stands for a callback with the right state and a code. Default: that. */
  readonly target?: string;
  readonly headers?: Headers;
}

const EVIL = 'https://evil.example';

// Wherever it makes sense the attacker knows the state: what is refused then is refused for what it is.
const ATTACKS: readonly Attack[] = [
  { name: 'a web page: DNS rebinding', headers: { host: 'evil.example' } },
  { name: 'a web page: cross-site POST', method: 'POST', headers: { origin: EVIL, 'content-length': '0' } },
  { name: 'a web page: framed', headers: { 'sec-fetch-dest': 'iframe' } },
  {
    name: 'a web page: fetch with CORS',
    headers: { origin: EVIL, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
  },
  { name: 'a web page: an image', headers: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' } },
  { name: 'a web page: a forged callback', target: '/callback?code=forged&state=forged' },
  { name: 'a web page: a callback without state', target: '/callback?code=forged' },
  { name: 'a web page: error= without state', target: '/callback?error=access_denied' },
  { name: 'a web page: error= with a wrong state', target: '/callback?error=access_denied&state=x' },
  { name: '§7: a mix-up, with another issuer', target: `RIGHT&iss=${encodeURIComponent(EVIL)}` },
  { name: '§8: an access token in the place of a code', target: '/callback?access_token=x&state=STATE' },
  { name: '§11: a repeated code', target: 'RIGHT&code=another' },
  { name: '§11: a repeated state', target: 'RIGHT&state=STATE' },
  { name: '§5: another path', target: '/callback/?code=x&state=STATE' },
  { name: '§5: the path in another spelling', target: '/%63allback?code=x&state=STATE' },
  { name: 'a hostile redirect: 1 MB of query', target: `RIGHT&x=${'a'.repeat(1_000_000)}` },
  { name: 'a hostile redirect: 10,000 parameters', target: `RIGHT${'&a=1'.repeat(10_000)}` },
  { name: 'a hostile redirect: NUL', target: 'RIGHT&x=%00' },
  { name: 'a hostile redirect: invalid percent-encoding', target: 'RIGHT&x=%zz' },
  {
    name: 'a hostile redirect: script in error_description',
    target: '/callback?error=%3Cscript%3Ealert(1)%3C%2Fscript%3E&error_description=%3Cscript%3E&state=x',
  },
  { name: 'the browser itself: favicon', target: '/favicon.ico', headers: { 'sec-fetch-dest': 'image' } },
  { name: 'the browser itself: HEAD', method: 'HEAD' },
  { name: 'the browser itself: OPTIONS', method: 'OPTIONS' },
  { name: 'the browser itself: prefetch', headers: { 'sec-purpose': 'prefetch' } },
];

/** The real sign-in, after all. */
async function finished(at: SignInFixture, waiting: Waiting, exchanges = 1): Promise<void> {
  const page = await waiting.consent();
  expect(await page.text()).toMatch(/signed in/i);
  await expect(waiting.result).resolves.toMatchObject({ userId: 'WALK01' });
  expect(at.sandbox.state().counts).toMatchObject({ exchanges, invalidGrants: 0 });
  expect(at.sandbox.isLive(JSON.parse(await at.stored()).refresh_token)).toBe(true);
}

const aimed = (text: string, { state }: Waiting) =>
  text.replaceAll('RIGHT', '/callback?code=stolen&state=STATE').replaceAll('STATE', state);

describe('while a sign-in waits', () => {
  test.each(ATTACKS)('$name: refused, and the sign-in finishes', async ({ method, target = 'RIGHT', headers }) => {
    await using at = await signInFixture();
    const waiting = await at.begin();
    const { status, head, body } = await waiting.visit(aimed(target, waiting), headers, method);
    if (target !== '/favicon.ico') expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(head).not.toMatch(/access-control-/i);
    expect(body).not.toMatch(/<script [^>]|alert|WALK01/);
    await finished(at, waiting);
  });

  test('idle and half-open sockets neither hold up the result nor outlive it', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin();
    const { hostname, port } = new URL(waiting.redirectUri);
    const ends = Array.from({ length: 20 }, (_, index) => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {}).resume();
      if (index % 2 === 0) socket.write('GET /callback?state=');
      return new Promise((resolve) => socket.once('close', resolve));
    });
    await finished(at, waiting);
    await Promise.all(ends);
  });

  test('the browser itself: the callback twice at once is one exchange, and both show the result', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin();
    const target = await waiting.answer();
    const pages = await Promise.all([1, 2, 3].map(() => waiting.visit(target, { accept: '*/*' })));
    for (const { status, body } of pages) {
      expect(status).toBe(200);
      expect(body).toMatch(/signed in/i);
    }
    await waiting.result;
    expect(at.sandbox.state().counts).toMatchObject({ exchanges: 1, invalidGrants: 0 });
  });

  test('§4: the state is invalid after its first use: a forged error after the callback changes nothing', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin();
    const target = await waiting.answer();
    const forged = `/callback?error=access_denied&state=${waiting.state}`;
    const [page] = await Promise.all([waiting.visit(target, { accept: '*/*' }), waiting.visit(forged)]);
    expect(page?.body).toMatch(/signed in/i);
    await expect(waiting.result).resolves.toMatchObject({ userId: 'WALK01' });
    expect(at.sandbox.state().counts).toMatchObject({ exchanges: 1, invalidGrants: 0 });
  });

  test('an unexpected request is reported to the caller and logged, without its content', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin();
    await waiting.visit('/callback?code=marked&state=marked');
    await waiting.visit(`/callback?marked=marked&state=${waiting.state}`);
    expect(waiting.events.slice(1)).toEqual([
      { kind: 'unexpected-request', reason: 'wrong-state' },
      { kind: 'unexpected-request', reason: 'no-answer' },
    ]);
    const log = await readFile(join(at.home, 'log/fitbit-login.log'), 'utf8');
    expect(log.match(/"event":"unexpected_request"/g)).toHaveLength(2);
    expect(log).not.toContain('marked');
    expect(log).not.toContain(waiting.state);
    await finished(at, waiting);
  });

  test('many refused requests leave a line for each reason and their number, in a log that stays within its size', async () => {
    await using at = await signInFixture();
    const [logs, limit] = [join(at.home, 'log'), 1024 * 1024];
    const file = join(logs, 'fitbit-login.log');
    await mkdir(logs, { mode: 0o700 });
    await writeFile(file, `${'x'.repeat(limit - 200)}\n`, { mode: 0o600 });
    const waiting = await at.begin();
    const forged = ['/callback?code=a&state=forged', '/callback?code=a', `/callback?a=a&state=${waiting.state}`];
    for (let round = 0; round < 30; round += 1) {
      await Promise.all([...forged.map((target) => waiting.visit(target)), waiting.visit(forged[0] ?? '', {}, 'POST')]);
      for (const part of [file, `${file}.1`])
        expect(statSync(part, { throwIfNoEntry: false })?.size ?? 0).toBeLessThanOrEqual(limit);
    }
    await finished(at, waiting);
    const lines = [await readFile(`${file}.1`, 'utf8'), await readFile(file, 'utf8')].join('').split('\n').slice(1);
    const events = lines.filter(Boolean).map((line) => JSON.parse(line));
    const reasons = events.flatMap(({ event, reason }) => (event === 'unexpected_request' ? [reason] : []));
    expect(reasons.sort()).toEqual(['no-answer', 'no-state', 'wrong-state']);
    expect(events.flatMap(({ refused = [] }) => refused)).toEqual([120]);
    expect(events.length).toBeLessThan(10);
  });
});
