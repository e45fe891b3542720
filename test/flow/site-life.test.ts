import { afterEach, expect, test, vi } from 'vitest';
import { received } from './server-visitor.ts';
import { OPENED, visitedSite } from './site-visitor.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('idle: it ends by itself without any visit', async () => {
  await using visited = await visitedSite({ idleMs: 1 });
  expect(await visited.site.ended).toBe('idle');
  await expect(visited.socket()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('idle: it ends 15 minutes after the last accepted request; refused requests do not count', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  for (let quarter = 0; quarter < 3; quarter += 1) {
    await vi.advanceTimersByTimeAsync(15 * 60_000 - 1);
    expect((await visited.send('GET', visited.path('live'), { ...OPENED, cookie })).status).toBe(200);
  }
  await vi.advanceTimersByTimeAsync(15 * 60_000 - 1);
  expect((await visited.send('GET', visited.path('status'), OPENED)).status).toBe(403);
  await vi.advanceTimersByTimeAsync(1);
  expect(await visited.site.ended).toBe('idle');
});

test('the Stop button ends it after its goodbye', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const idle = received(await visited.socket());
  const answer = await visited.post('stop', {}, cookie);
  expect(answer.body).toMatch(/has stopped[\s\S]*<\/html>/);
  expect(await visited.site.ended).toBe('stopped');
  await idle;
  await expect(visited.socket()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('§3: close() ends every socket at once, held requests too', async () => {
  let pressed: () => void = () => {};
  const acting = new Promise<void>((resolve) => {
    pressed = resolve;
  });
  await using visited = await visitedSite({
    act: () => {
      pressed();
      return new Promise(() => {});
    },
  });
  const cookie = await visited.enter();
  const idle = received(await visited.socket());
  const held = visited.post('status', { check: 'default' }, cookie);
  await acting;
  await visited.site.close();
  await visited.site.close();
  await idle;
  expect((await held).status).toBe(0);
});

test('§6: the port is bound on 127.0.0.1 alone', async () => {
  await using visited = await visitedSite();
  await expect(fetch(`http://[::1]:${new URL(visited.site.url).port}/`)).rejects.toThrow();
});

test('a site with one page has no way to the other', async () => {
  await using visited = await visitedSite({ only: 'setup' });
  const cookie = await visited.enter();
  expect((await visited.send('GET', visited.path('setup'), { ...OPENED, cookie })).status).toBe(200);
  expect((await visited.send('GET', visited.path('status'), { ...OPENED, cookie })).status).toBe(404);
});
