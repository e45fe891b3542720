import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { CallbackWait } from '../../src/server/callback.ts';
import type { ListenOptions } from '../../src/server/listen.ts';
import { parse, received, SIGNED_IN, validate, type Waiting, waiting } from './server-visitor.ts';

const RIGHT = '/callback?code=the-code&state=right';

test('§10: a browser is redirected to an unguessable URL without the code and without a fragment', async () => {
  await using visited = await waiting();
  const { status, head, header } = await visited.navigate(RIGHT);
  expect(status).toBe(303);
  expect(header('location')).toMatch(/^\/result\/[0-9a-f]{32}#$/);
  expect(head).not.toContain('the-code');
  await using another = await waiting();
  expect((await another.navigate(RIGHT)).header('location')).not.toBe(header('location'));
});

test('§9: the result page loads nothing, links nowhere, is not framed or cached, and sends no referrer', async () => {
  await using visited = await waiting();
  const { status, body, header, head } = await visited.finish();
  expect(status).toBe(200);
  const style = /<style>(.*)<\/style>/s.exec(body)?.[1] ?? '';
  const script = /<script>(.*)<\/script>/s.exec(body)?.[1] ?? '';
  const [styleHash, scriptHash] = [style, script].map((text) => createHash('sha256').update(text).digest('base64'));
  expect(header('content-security-policy')).toBe(
    `default-src 'none';style-src 'sha256-${styleHash}';script-src 'sha256-${scriptHash}';form-action 'none';img-src data:;base-uri 'none';frame-ancestors 'none'`,
  );
  expect(header('referrer-policy')).toBe('no-referrer');
  expect(header('x-content-type-options')).toBe('nosniff');
  expect(header('x-frame-options')).toBe('DENY');
  expect(header('cross-origin-opener-policy')).toBe('same-origin');
  expect(header('cross-origin-resource-policy')).toBe('same-origin');
  expect(header('cache-control')).toBe('no-store');
  expect(header('clear-site-data')).toBe('"storage"');
  expect(head).not.toMatch(/strict-transport-security|access-control-|x-powered-by|set-cookie/i);
  expect(body).not.toMatch(/<script [^>]|<a |<form|<iframe|@import|url\(|(src|href)="(?!data:)/i);
  expect(body).toContain('<title>Signed in · fitbit-login</title>');
});

/** A listener whose callback is answered by the test. */
async function heldOpen(options: Partial<ListenOptions<string>> = {}) {
  const visited = await waiting({ ...options, onCallback: () => {} });
  return { visited, callback: visited.listener.callback, [Symbol.asyncDispose]: () => visited[Symbol.asyncDispose]() };
}

/** Sends the callback as a client that is no browser. */
async function sendCallback(visited: Waiting, target = RIGHT) {
  const socket = await visited.socket();
  socket.write(`GET ${target} HTTP/1.1\r\nhost: ${visited.authority}\r\n\r\n`);
  return socket;
}

test('the request is held open until respond(page), and nothing is sent before', async () => {
  await using at = await heldOpen();
  const socket = await sendCallback(at.visited);
  const all = received(socket);
  const pending = await at.callback;
  expect(pending.response).toBe('the-code');
  expect(socket.bytesRead).toBe(0);
  await pending.respond(SIGNED_IN);
  expect(parse(await all).body).toContain('Signed in');
});

test('a client that is not a browser gets the page at once', async () => {
  await using visited = await waiting();
  const answer = await visited.send('GET', RIGHT, { accept: '*/*' });
  expect(answer.status).toBe(200);
  expect(answer.body).toContain('Signed in');
});

test('reload, back and a second visit show the result again without another exchange', async () => {
  await using visited = await waiting();
  const first = await visited.navigate(RIGHT);
  const again = await visited.navigate(RIGHT);
  expect(again.header('location')).toBe(first.header('location'));
  const path = (first.header('location') ?? '').replace('#', '');
  for (let visit = 0; visit < 3; visit += 1) expect((await visited.navigate(path)).body).toContain('Signed in');
  expect(visited.asked).toHaveLength(1);
});

test('the browser itself: the same callback five times at once is one callback with one result', async () => {
  await using at = await heldOpen();
  const visits = Promise.all(Array.from({ length: 5 }, () => at.visited.navigate(RIGHT)));
  void (await at.callback).respond(SIGNED_IN);
  expect(new Set((await visits).map(({ header }) => header('location'))).size).toBe(1);
});

test('another callback, while the first is being exchanged, shows that the sign-in is over', async () => {
  await using at = await heldOpen();
  const first = at.visited.navigate(RIGHT);
  const pending = await at.callback;
  const other = await at.visited.navigate('/callback?code=other&state=right');
  expect([other.status, other.body]).toEqual([400, expect.stringContaining('over')]);
  void pending.respond(SIGNED_IN);
  expect((await first).status).toBe(303);
  expect(at.visited.asked).toHaveLength(1);
});

test('a callback after the wait has expired gets the page for it and is not handed over', async () => {
  const handedOver: unknown[] = [];
  await using visited = await waiting({ onCallback: (pending) => handedOver.push(pending) });
  visited.listener.expire({ ...SIGNED_IN, title: 'Too late' });
  const { status, body } = await visited.navigate(RIGHT);
  expect([status, body]).toEqual([400, expect.stringContaining('Too late')]);
  expect([handedOver, visited.asked]).toEqual([[], []]);
});

test('a callback still being processed when the wait expires shows so', async () => {
  await using at = await heldOpen();
  const socket = await sendCallback(at.visited);
  const all = received(socket);
  await at.callback;
  at.visited.listener.expire({ ...SIGNED_IN, title: 'Too late' });
  expect(parse(await all).body).toContain('Too late');
});

test('a visit that is not the awaited callback shows so', async () => {
  await using visited = await waiting();
  const { status, body } = await visited.navigate('/callback?code=the-code&state=wrong');
  expect([status, body]).toEqual([400, expect.stringContaining('Not the awaited')]);
});

test.each<readonly [string, string, (wait: CallbackWait<string>) => unknown]>([
  ['another was accepted', 'over', () => {}],
  ['the wait has expired', 'Too late', (wait) => wait.expire({ ...SIGNED_IN, title: 'Too late' })],
  ['the sign-in began anew', 'Old state', (wait) => wait.beginAnew()],
])('a visitor whose lookup takes long is not accepted if %s', async (_name, title, change) => {
  const old = { kind: 'unexpected', page: { ...SIGNED_IN, title: 'Old state' } } as const;
  let isOld = false;
  const wait = new CallbackWait<string>({ validate: (query) => (isOld ? old : validate(query)), lingerMs: 1 });
  let known = () => {};
  const lookedUp = new Promise<undefined>((resolve) => {
    known = () => resolve(undefined);
  });
  const visit = (query: string) => wait.visit(query, new URLSearchParams(query), () => lookedUp);
  const first = visit('code=1&state=right');
  const second = visit('code=2&state=right');
  change(wait);
  isOld = title === 'Old state';
  expect(wait.result).toBeUndefined();
  known();
  expect(await second).toMatchObject({ status: 400, page: { title: expect.stringContaining(title) } });
  wait.expire(SIGNED_IN);
  await first;
});

test('another user of the same machine does not see the account after the end', async () => {
  await using visited = await waiting();
  await visited.navigate(RIGHT);
  for (const target of ['/callback', '/callback?state=guess', '/callback?error=access_denied']) {
    const answer = await visited.send('GET', target);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('This sign-in is over');
    expect(answer.body).not.toContain('activity');
  }
  expect(visited.asked).toHaveLength(1);
});

test('a failure is shown with its own words and a 200', async () => {
  const page = { ...SIGNED_IN, tone: 'failure', title: 'Not signed in', badge: 'sandbox' } as const;
  await using visited = await waiting({ onCallback: (pending) => void pending.respond(page) });
  const { status, body } = await visited.finish();
  expect(status).toBe(200);
  expect(body).toContain('Not signed in');
  expect(body).toMatch(/<header>.*sandbox/);
});

test('§9: the only link of a result page is its back link', async () => {
  const button = { label: 'Back to the status page', url: 'http://127.0.0.1:1/"><script>/status' };
  await using visited = await waiting({ onCallback: (pending) => void pending.respond({ ...SIGNED_IN, button }) });
  const { body } = await visited.finish();
  expect(body.match(/<a [^>]*>[^<]*/g)).toEqual([
    '<a class="button primary" href="http://127.0.0.1:1/&#34;&#62;&#60;script&#62;/status">Back to the status page',
  ]);
});

test('respond() resolves when the page is out, not after the redirect alone', async () => {
  await using at = await heldOpen();
  const visit = at.visited.navigate(RIGHT);
  let delivered = false;
  const responded = (await at.callback).respond(SIGNED_IN).then(() => {
    delivered = true;
  });
  const { header } = await visit;
  expect(delivered).toBe(false);
  await at.visited.navigate((header('location') ?? '').replace('#', ''));
  await responded;
});

test('respond() resolves after the linger when the browser never asks for the page', async () => {
  await using at = await heldOpen({ lingerMs: 1 });
  const visit = at.visited.navigate(RIGHT);
  await (await at.callback).respond(SIGNED_IN);
  await visit;
});

test('respond() resolves even if the browser has disconnected', async () => {
  await using at = await heldOpen({ lingerMs: 1 });
  const socket = await sendCallback(at.visited);
  const pending = await at.callback;
  const gone = received(socket);
  socket.destroy();
  await gone;
  await pending.respond(SIGNED_IN);
});

test('§3: once closed, kept-alive and preconnected sockets are ended and the port is free', async () => {
  await using visited = await waiting();
  const idle = received(await visited.socket());
  const kept = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: visited.authority, connection: 'keep-alive' };
    request({ port: visited.port, host: '127.0.0.1', path: RIGHT, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    })
      .once('error', reject)
      .end();
  });
  expect(kept).toBe(200);
  await visited.listener.close();
  await visited.listener.close();
  expect(await idle).toBe('');
  await expect(visited.socket()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('closing while a browser is held open ends its visit', async () => {
  await using at = await heldOpen();
  const held = at.visited.navigate(RIGHT);
  const pending = await at.callback;
  await at.visited.listener.close();
  expect((await held).status).toBe(0);
  await pending.respond(SIGNED_IN);
});

test('closing while the page is on its way to a slow reader lets it out to the last byte', async () => {
  const page = { ...SIGNED_IN, notes: ['a'.repeat(8_000_000)] };
  await using visited = await waiting({ onCallback: (pending) => void pending.respond(page) });
  const socket = await visited.socket();
  const begun = new Promise((resolve) => socket.once('readable', resolve));
  socket.write(`GET ${RIGHT} HTTP/1.1\r\nhost: ${visited.authority}\r\n\r\n`);
  await begun;
  const closed = visited.listener.close();
  expect(await received(socket)).toContain('</html>');
  await closed;
});
