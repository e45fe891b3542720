import { mkdir, mkdtemp, readdir, rm, rmdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test as base, describe, expect } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { lockPath, type TakeLockOptions, takeLock } from '../../src/store/lock.ts';

type Take = (options?: Partial<TakeLockOptions>) => ReturnType<typeof takeLock>;

/** Tests with a lock of their own, so that their waits run at the same time. */
const test = base.extend<{ readonly root: string; readonly path: string; readonly take: Take }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are wanted
  root: async ({}, use) => {
    const root = await mkdtemp(join(tmpdir(), 'lock-'));
    await use(root);
    await rm(root, { recursive: true, force: true });
  },
  path: ({ root }, use) => use(lockPath(join(root, 'default.json'))),
  take: ({ path }, use) =>
    use((options = {}) => takeLock(path, { what: 'profile "default"', timeoutMs: 200, ...options })),
});

describe.concurrent('a lock', () => {
  test('is a hidden directory next to its file', () => {
    expect(lockPath('/profiles/a.b.json')).toBe(join('/profiles', '.a.b.lock'));
  });

  test('exists while it is held', async ({ root, take }) => {
    const waits: string[] = [];
    const lock = await take({ onWait: () => waits.push('wait') });
    expect(await readdir(root)).toEqual(['.default.lock']);
    await lock?.release();
    expect([await readdir(root), waits]).toEqual([[], []]);
    await lock?.release();
  });

  test('held by another process is waited for, and reported once', async ({ root, take }) => {
    const first = await take();
    const waits: string[] = [];
    let attempts = 0;
    const fifthAttempt = async () => {
      attempts += 1;
      if (attempts === 5) await first?.release();
      return false;
    };
    const lock = await take({ timeoutMs: 20_000, onWait: () => waits.push('wait'), stopWhen: fifthAttempt });
    expect(waits).toEqual(['wait']);
    expect(await readdir(root)).toEqual(['.default.lock']);
    await lock?.release();
  });

  test('that stays held ends in LOCKED, with profile and path', async ({ path, take }) => {
    const first = await take();
    const start = performance.now();
    await expect(take({ timeoutMs: 600 })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(/profile "default".* 1 s .*\.default\.lock/),
      preserved: expect.stringContaining('Nothing'),
      details: { path },
    });
    expect(performance.now() - start).toBeGreaterThan(500);
    expect(performance.now() - start).toBeLessThan(3_000);
    await first?.release();
  });

  test('is not waited for once stopWhen says so', async ({ root, take }) => {
    const first = await take();
    let asked = 0;
    expect(await take({ timeoutMs: 5_000, stopWhen: async () => ++asked === 3 })).toBeUndefined();
    expect(asked).toBe(3);
    await first?.release();
    expect(await take({ stopWhen: async () => true })).toBeUndefined();
    expect(await readdir(root)).toEqual([]);
  });

  test('that a process left an hour ago is taken over at once', async ({ path, take }) => {
    await mkdir(path);
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(path, anHourAgo, anHourAgo);
    await (await take())?.release();
  });

  test('dated into the future is taken over if it was not updated meanwhile', async ({ path, take }) => {
    await mkdir(path);
    const tomorrow = new Date(Date.now() + 86_400_000);
    await utimes(path, tomorrow, tomorrow);
    await expect(take({ timeoutMs: 1_500 })).rejects.toMatchObject({ code: 'LOCKED' });
    await (await take({ timeoutMs: 6_000 }))?.release();
  });

  test('dated into the future and updated is not taken over', async ({ path, take }) => {
    await mkdir(path);
    let days = 1;
    const update = async () => {
      days += 1;
      const later = new Date(Date.now() + days * 86_400_000);
      await utimes(path, later, later);
    };
    await update();
    const updates = setInterval(update, 500);
    await expect(take({ timeoutMs: 4_500 })).rejects.toMatchObject({ code: 'LOCKED' });
    clearInterval(updates);
  });

  test('is updated while it is held', async ({ take }) => {
    const lock = await take();
    await expect(take({ timeoutMs: 4_500 })).rejects.toMatchObject({ code: 'LOCKED' });
    await lock?.release();
  });

  test('that is abandoned is not removed', async ({ root, take }) => {
    const lock = await take();
    await lock?.abandon();
    expect(await readdir(root)).toEqual(['.default.lock']);
    await lock?.abandon();
    await lock?.release();
    expect(await readdir(root)).toEqual(['.default.lock']);
  });

  test('is not taken if something else is in its place', async ({ path, take }) => {
    await writeFile(path, '');
    await expect(take()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('not a fitbit-login lock'),
      preserved: expect.stringContaining('Nothing'),
      hint: expect.stringContaining('move'),
      details: { path },
    });
  });

  test('that was lost is forgotten, and its successor is not', async ({ root, path, take }) => {
    const lost = await take();
    await rmdir(path);
    const taken = await take();
    await lost?.abandon();
    expect(await readdir(root)).toEqual(['.default.lock']);
    await taken?.release();
    expect(await readdir(root)).toEqual([]);
  });

  test.for([
    ['missing', 4],
    ['a-file', 1],
  ] as const)('whose directory is %s is an error after %i attempts', async ([name, count], { root }) => {
    await writeFile(join(root, 'a-file'), '');
    let attempts = 0;
    const stopWhen = async () => {
      attempts += 1;
      return false;
    };
    const options = { what: 'profile', timeoutMs: 10_000, stopWhen };
    await expect(takeLock(join(root, name, '.default.lock'), options)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('take the lock'),
    });
    expect(attempts).toBe(count);
  });
});

describe('waiting for a lock that is interrupted', () => {
  test('ends at once, with the signal’s own error or INTERRUPTED', async ({ take }) => {
    const lock = await take();
    const own = new AuthError('TIMED_OUT', 'own');
    await expect(take({ signal: AbortSignal.abort(own) })).rejects.toBe(own);
    const controller = new AbortController();
    const waiting = take({ timeoutMs: 10_000, signal: controller.signal });
    const interrupted = expect(waiting).rejects.toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringContaining('waiting'),
      preserved: expect.stringContaining('Nothing'),
      cause: 'enough',
    });
    await sleep(60);
    controller.abort('enough');
    await interrupted;
    await lock?.release();
  });
});
