import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { Presence } from '../../src/server/presence.ts';
import { startSite } from '../../src/server/site.ts';
import { received } from './server-visitor.ts';
import { NOW } from './site-views.ts';
import { OPENED, type VisitedSite, visitedSite } from './site-visitor.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A page's stream of events: the socket, once its first bytes are here. */
async function stream(visited: VisitedSite, cookie: string): Promise<Socket> {
  const socket = await visited.socket();
  const lines = { host: visited.authority, cookie, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty' };
  const head = Object.entries(lines).map(([name, text]) => `${name}: ${text}\r\n`);
  socket.write(`GET ${visited.path('events')} HTTP/1.1\r\n${head.join('')}\r\n`);
  await until(socket, 'retry: 2000\n\n');
  return socket;
}

async function until(socket: Socket, expected: string): Promise<string> {
  let text = '';
  while (!text.includes(expected)) {
    const [chunk]: Buffer[] = await once(socket, 'data');
    text += String(chunk);
  }
  return text;
}

test('every open page hears of a change at once, and none that was closed is kept', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const pages = await Promise.all([stream(visited, cookie), stream(visited, cookie)]);
  expect(visited.desk.listening).toBe(2);
  const heard = pages.map((page) => until(page, 'data: changed\n\n'));
  visited.desk.change();
  await Promise.all(heard);
  for (const page of pages) {
    const left = once(visited.desk.events, 'left');
    page.destroy();
    await left;
  }
  expect(visited.desk.listening).toBe(0);
});

test('the stream is no page of its own: no store, no sharing, text/event-stream', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const socket = await visited.socket();
  socket.write(`GET ${visited.path('events')} HTTP/1.1\r\nhost: ${visited.authority}\r\ncookie: ${cookie}\r\n\r\n`);
  const text = await until(socket, 'retry:');
  expect(text).toMatch(/^content-type: text\/event-stream/im);
  expect(text).toMatch(/^cache-control: no-store/im);
  expect(text).not.toMatch(/access-control-/i);
});

test('presence: an open page holds it, and the time runs from the last page that is closed', async () => {
  vi.useFakeTimers();
  const presence = new Presence({ idleMs: 1_000 });
  let gone = false;
  void presence.gone.then(() => {
    gone = true;
  });
  const [closeOne, closeTwo] = [presence.arrive(), presence.arrive()];
  await vi.advanceTimersByTimeAsync(100_000);
  closeOne();
  closeOne();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(gone).toBe(false);
  closeTwo();
  await vi.advanceTimersByTimeAsync(999);
  presence.touch();
  await vi.advanceTimersByTimeAsync(999);
  expect(gone).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(gone).toBe(true);
});

test('presence: once stopped it never says that all are gone, and leaves no timer', async () => {
  vi.useFakeTimers();
  const presence = new Presence({ idleMs: 1 });
  const close = presence.arrive();
  presence.stop();
  close();
  expect(vi.getTimerCount()).toBe(0);
});

test('idle: it ends by itself when nobody ever comes', async () => {
  await using visited = await visitedSite({ idleMs: 1 });
  expect(await visited.site.ended).toBe('idle');
  await expect(visited.socket()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('idle: an open page keeps it; it ends by itself 15 minutes after the last one was closed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const page = await stream(visited, cookie);
  await vi.advanceTimersByTimeAsync(24 * 60 * 60_000);
  expect((await visited.send('GET', visited.path('status'), { ...OPENED, cookie })).status).toBe(200);
  const left = once(visited.desk.events, 'left');
  page.destroy();
  await left;
  await vi.advanceTimersByTimeAsync(15 * 60_000 - 1);
  expect((await visited.send('GET', visited.path('status'), OPENED)).status).toBe(403);
  await vi.advanceTimersByTimeAsync(1);
  expect(await visited.site.ended).toBe('idle');
});

test('the Stop button ends it, although other pages are open, after its own goodbye', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const other = received(await stream(visited, cookie));
  const idle = received(await visited.socket());
  const answer = await visited.post('stop', {}, cookie);
  expect(answer.body).toContain('fitbit-login has stopped');
  expect(answer.body).toContain('</html>');
  expect(await visited.site.ended).toBe('stopped');
  await other;
  await idle;
  await expect(visited.socket()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('§3: close() ends every socket at once, open streams and held requests too', async () => {
  await using visited = await visitedSite({ act: () => new Promise(() => {}) });
  const cookie = await visited.enter();
  const ends = [received(await stream(visited, cookie)), received(await visited.socket())];
  const acted = once(visited.desk.events, 'acted');
  const held = visited.post('status', { action: 'refresh' }, cookie);
  await acted;
  await visited.site.close();
  await visited.site.close();
  await Promise.all(ends);
  expect((await held).status).toBe(0);
});

test('§6: the port is bound on 127.0.0.1 alone, and not shared', async () => {
  await using visited = await visitedSite();
  const port = Number(new URL(visited.site.url).port);
  const view = async () => ({ profiles: [] });
  const status = { view, act: async () => ({ kind: 'page' }) as const, subscribe: () => () => {} };
  await expect(startSite({ status, now: () => NOW, port })).rejects.toMatchObject({ code: 'PORT_BUSY' });
  await expect(fetch(`http://[::1]:${port}/`)).rejects.toThrow();
});

test('a site of one page leads to it, and has no way to the other', async () => {
  await using visited = await visitedSite({ only: 'setup' });
  const cookie = await visited.enter();
  const page = await visited.send('GET', visited.path('setup'), { ...OPENED, cookie });
  expect(page.body).not.toContain('<nav');
  expect((await visited.send('GET', visited.path('status'), { ...OPENED, cookie })).status).toBe(404);
});
