import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import type { CallbackAnswer } from '../../src/server/pages/view.ts';
import { judge, parse, received, SIGNED_IN, waiting } from './loopback-visitor.ts';

const RIGHT = '/callback?code=the-code&state=right';

test('§10: a browser is led to an unguessable address without the code, and no fragment is carried along', async () => {
  await using visited = await waiting();
  const { status, head, header } = await visited.navigate(RIGHT);
  expect(status).toBe(303);
  expect(header('location')).toMatch(/^\/result\/[0-9a-f]{32}#$/);
  expect(head).not.toContain('the-code');
  await using another = await waiting();
  expect((await another.navigate(RIGHT)).header('location')).not.toBe(header('location'));
});

test('§9: the result page loads nothing, links nowhere, is not framed, not stored and tells nobody of it', async () => {
  await using visited = await waiting();
  const { status, body, header, head } = await visited.finish();
  expect(status).toBe(200);
  const style = /<style>(.*)<\/style>/s.exec(body)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(header('content-security-policy')).toBe(
    `default-src 'none';style-src 'sha256-${hash}';img-src data:;base-uri 'none';form-action 'none';frame-ancestors 'none'`,
  );
  expect(header('referrer-policy')).toBe('no-referrer');
  expect(header('x-content-type-options')).toBe('nosniff');
  expect(header('x-frame-options')).toBe('DENY');
  expect(header('cross-origin-opener-policy')).toBe('same-origin');
  expect(header('cross-origin-resource-policy')).toBe('same-origin');
  expect(header('cache-control')).toBe('no-store');
  expect(head).not.toMatch(/strict-transport-security|access-control-|x-powered-by|set-cookie/i);
  expect(body).not.toMatch(/<script|<a |<form|<iframe|@import|url\(|(src|href)="(?!data:)/i);
  expect(body).toContain('<title>Signed in · fitbit-login</title>');
});

test('the page waits until the answer is there, and says nothing before', async () => {
  let decide: (answer: CallbackAnswer) => void = () => {};
  let asked: () => void = () => {};
  const wasAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  await using visited = await waiting({
    onCallback: () => {
      asked();
      return new Promise((resolve) => {
        decide = resolve;
      });
    },
  });
  const socket = await visited.socket();
  const all = received(socket);
  socket.write(`GET ${RIGHT} HTTP/1.1\r\nhost: ${visited.authority}\r\n\r\n`);
  await wasAsked;
  expect(socket.bytesRead).toBe(0);
  decide({ final: true, view: SIGNED_IN });
  expect(parse(await all).body).toContain('Signed in');
});

test('a client that is no browser gets the page at once', async () => {
  await using visited = await waiting();
  const answer = await visited.send('GET', RIGHT, { accept: '*/*' });
  expect(answer.status).toBe(200);
  expect(answer.body).toContain('Signed in');
  await visited.listener.answered;
});

test('reload, back and a second visit show the result again and ask nobody again', async () => {
  await using visited = await waiting();
  const first = await visited.navigate(RIGHT);
  const again = await visited.navigate(RIGHT);
  expect(again.header('location')).toBe(first.header('location'));
  const path = (first.header('location') ?? '').replace('#', '');
  for (let visit = 0; visit < 3; visit += 1) expect((await visited.navigate(path)).body).toContain('Signed in');
  expect(visited.asked).toHaveLength(1);
});

test('the browser itself: the callback twice at once is one exchange with one result', async () => {
  let exchanges = 0;
  let shared: Promise<CallbackAnswer> | undefined;
  await using visited = await waiting({
    onCallback: (params) => {
      shared ??= new Promise((resolve) => setImmediate(() => resolve(judge(params)))).then((answer) => {
        exchanges += 1;
        return answer as CallbackAnswer;
      });
      return shared;
    },
  });
  const answers = await Promise.all(Array.from({ length: 5 }, () => visited.navigate(RIGHT)));
  expect(new Set(answers.map(({ header }) => header('location'))).size).toBe(1);
  expect(exchanges).toBe(1);
});

test('another user of the same machine who calls after the end is not shown whose data it is', async () => {
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

test('a failure is final too, with its own words', async () => {
  const view = { ...SIGNED_IN, tone: 'failure', title: 'Not signed in', badge: 'sandbox' } as const;
  await using visited = await waiting({ onCallback: async () => ({ final: true, view }) });
  const page = await visited.finish();
  expect(page.status).toBe(200);
  expect(page.body).toContain('Not done');
  expect(page.body).toContain('<span class="badge">sandbox</span>');
});

test('§9: the one link of a result page is the way back that it was given', async () => {
  const back = { label: 'Back to the status page', url: 'http://127.0.0.1:1/"><script>/status' };
  await using visited = await waiting({ onCallback: async () => ({ final: true, view: { ...SIGNED_IN, back } }) });
  const { body } = await visited.finish();
  expect(body.match(/<a [^>]*>[^<]*/g)).toEqual([
    '<a class="button" href="http://127.0.0.1:1/&#34;&#62;&#60;script&#62;/status">Back to the status page',
  ]);
});

test('answered: pending until the page is out, not after the redirect alone', async () => {
  await using visited = await waiting();
  let answered = false;
  void visited.listener.answered.then(() => {
    answered = true;
  });
  const { header } = await visited.navigate(RIGHT);
  expect(answered).toBe(false);
  await visited.navigate((header('location') ?? '').replace('#', ''));
  await visited.listener.answered;
});

test('answered: after the linger when the browser never asks for the page', async () => {
  await using visited = await waiting({ lingerMs: 1 });
  await visited.navigate(RIGHT);
  await visited.listener.answered;
});

test('answered: also when whoever brought the answer has gone away meanwhile', async () => {
  let socketGone: Promise<string> = Promise.resolve('');
  await using visited = await waiting({
    lingerMs: 1,
    onCallback: async (params) => {
      await socketGone;
      return judge(params);
    },
  });
  const socket = await visited.socket();
  socketGone = received(socket);
  socket.write(`GET ${RIGHT} HTTP/1.1\r\nhost: ${visited.authority}\r\n\r\n`, () => socket.destroy());
  await visited.listener.answered;
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

test('closing while a visitor is held open ends that visit', async () => {
  let asked: () => void = () => {};
  const wasAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  await using visited = await waiting({
    onCallback: () => {
      asked();
      return new Promise(() => {});
    },
  });
  const held = visited.navigate(RIGHT);
  await wasAsked;
  await visited.listener.close();
  expect((await held).status).toBe(0);
});

test('closing while the page is on its way to a slow reader lets it out to the last byte', async () => {
  const view = { ...SIGNED_IN, notes: ['a'.repeat(16_000_000)] };
  await using visited = await waiting({ onCallback: async () => ({ final: true, view }) });
  const socket = await visited.socket();
  const begun = new Promise((resolve) => socket.once('readable', resolve));
  socket.write(`GET ${RIGHT} HTTP/1.1\r\nhost: ${visited.authority}\r\n\r\n`);
  await begun;
  const closed = visited.listener.close();
  expect(await received(socket)).toContain('</html>');
  await closed;
});
