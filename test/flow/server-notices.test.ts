import { once } from 'node:events';
import { Writable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { MAX_HEADER_BYTES } from '../../src/server/app.ts';
import { MAX_SOCKETS, type ServerNotice } from '../../src/server/visitors.ts';
import { received, waiting } from './server-visitor.ts';

const RIGHT = '/callback?code=the-code&state=right';

/** A waiting listener and its notices for the terminal. */
async function watched() {
  const notices: ServerNotice[] = [];
  const visited = await waiting({ onNotice: (notice) => notices.push(notice) });
  return { visited, notices, [Symbol.asyncDispose]: () => visited[Symbol.asyncDispose]() };
}

test('other programs’ cookies of 900 KiB do not keep the callback out', async () => {
  await using at = await watched();
  const answer = await at.visited.navigate(RIGHT, { cookie: `other=${'a'.repeat(900 * 1024)}` });
  expect(answer.status).toBe(303);
  expect(at.notices).toEqual([]);
});

test('headers beyond 1 MiB get a page that says why, one notice, and the sign-in still waits', async () => {
  await using at = await watched();
  for (let visit = 0; visit < 2; visit += 1) {
    const { status, body } = await at.visited.navigate(RIGHT, { cookie: `other=${'a'.repeat(MAX_HEADER_BYTES)}` });
    expect([status, body]).toEqual([431, expect.stringContaining('cookies')]);
  }
  expect(at.notices).toEqual(['headers-too-large']);
  expect((await at.visited.finish()).status).toBe(200);
});

test('TLS at the callback port is reported to the terminal, and the sign-in still waits', async () => {
  await using at = await watched();
  const socket = connectTls({ port: at.visited.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'error');
  expect(at.notices).toEqual(['https']);
  expect((await at.visited.finish()).status).toBe(200);
});

test('bytes that are neither HTTP nor TLS are refused without a notice', async () => {
  await using at = await watched();
  expect(await at.visited.raw('\x16nonsense\r\n\r\n')).toContain(' 400 ');
  expect(at.notices).toEqual([]);
});

test('the script of an earlier program’s service worker is gone, whatever its path, with a notice', async () => {
  await using at = await watched();
  for (const target of ['/worker.js', RIGHT]) {
    const { status, header } = await at.visited.send('GET', target, { 'service-worker': 'script' });
    expect([status, header('clear-site-data')]).toEqual([404, '"storage"']);
  }
  expect(at.notices).toEqual(['service-worker']);
  expect(at.visited.asked).toEqual([]);
  expect((await at.visited.finish()).header('clear-site-data')).toBe('"storage"');
});

test('idle sockets beyond the limit give way, the oldest first, and do not keep the callback out', async () => {
  await using at = await watched();
  const gone: number[] = [];
  for (let index = 0; index < MAX_SOCKETS + 10; index += 1) {
    const socket = await at.visited.socket();
    void received(socket).then(() => gone.push(index));
  }
  expect((await at.visited.navigate(RIGHT)).status).toBe(303);
  expect(gone.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(gone.length).toBeLessThan(15);
  expect(at.notices).toEqual(['crowded']);
});

test('a socket that has sent half a request gives way after those that sent nothing', async () => {
  await using at = await watched();
  const half = await at.visited.socket();
  half.write('GET /callback HTTP/1.1\r\n');
  for (let index = 0; index < MAX_SOCKETS; index += 1) await at.visited.socket();
  expect((await at.visited.navigate(RIGHT)).status).toBe(303);
  expect(half.destroyed).toBe(false);
});

test('refused requests are counted in the log, and each is a line at debug only', async () => {
  for (const level of ['info', 'debug']) {
    const lines: string[] = [];
    const sink = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
    {
      await using visited = await waiting({ log: pino({ level }, sink) });
      for (let index = 0; index < 20; index += 1) {
        await visited.send('GET', '/favicon.ico');
        await visited.send('POST', RIGHT);
      }
      await visited.finish();
    }
    expect(lines.filter((line) => line.includes('"refused":20'))).toHaveLength(1);
    expect(lines.length < 10).toBe(level === 'info');
    expect(lines.length > 40).toBe(level === 'debug');
  }
});
