import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, test as base, beforeAll, describe, expect } from 'vitest';
import { fileStore } from '../../src/store/file-store.ts';
import type { Profile } from '../../src/store/profile.ts';
import { encodeProfile } from '../../src/store/profile-file.ts';
import { reserve } from '../../src/store/reservation.ts';
import { buildChild, StoreProcess } from './store-process.ts';

const isRoot = userInfo().uid === 0;
const NOBODY = 65534;
const PROFILE: Profile = { provider: 'fitbit', client: { id: 'ABC123' }, redirectUris: [], requestedScopes: [] };
const counting = (count: number): Profile => ({ ...PROFILE, extra: { count } });
const countOf = (profile: Profile | undefined) => profile?.extra?.count;

let programs: string;
let program: string;
let canMount = false;

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'store-child-'));
  program = await buildChild(programs);
  const probe = join(programs, 'probe');
  await mkdir(probe);
  canMount = isRoot && (await mount(probe, 'size=64k').then(unmount, () => false));
});
afterAll(() => rm(programs, { recursive: true, force: true }));

const run = promisify(execFile);

async function mount(path: string, options: string): Promise<string> {
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  return path;
}

async function unmount(path: string): Promise<boolean> {
  await run('umount', [path]);
  return true;
}

interface Surroundings {
  /** A directory of this test's own. */
  readonly root: string;
  /** `root/profiles`, which is not there yet. */
  readonly directory: string;
  /** Starts a process at work on a profile; it does not outlive the test. */
  readonly start: (args: readonly string[], options?: ConstructorParameters<typeof StoreProcess>[2]) => StoreProcess;
}

const test = base.extend<Surroundings>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are wanted
  root: async ({}, use) => {
    const root = await mkdtemp(join(tmpdir(), 'store-'));
    await use(root);
    if (canMount) await unmount(root).catch(() => {}); // most tests have mounted nothing there
    await rm(root, { recursive: true, force: true });
  },
  directory: ({ root }, use) => use(join(root, 'profiles')),
  // biome-ignore lint/correctness/noEmptyPattern: as above
  start: async ({}, use) => {
    const started: StoreProcess[] = [];
    await use((args, options) => {
      const one = new StoreProcess(program, args, options);
      started.push(one);
      return one;
    });
    for (const one of started) one.process.kill('SIGKILL');
    await Promise.all(started.map((one) => one.ended()));
  },
});

describe.concurrent('many processes', () => {
  test.for([2, 50])(
    '%d of them count, and none is lost',
    { timeout: 60_000 },
    async (processes, { directory, start }) => {
      const children = Array.from({ length: processes }, () => start(['count', directory, 'default']));
      for (const child of children) expect(await child.ended()).toEqual(['done']);
      expect(countOf(await fileStore({ directory }).read('default'))).toBe(processes);
      expect(await readdir(directory)).toEqual(['default.json']);
    },
  );

  test('whoever waits says so once, and `unless` ends the wait as soon as the profile is the one hoped for', async ({
    directory,
    start,
  }) => {
    const store = fileStore({ directory });
    const holder = start(['hold', directory, 'default', 'note']);
    await holder.says('holds');
    const seen: unknown[] = [];
    let waits = 0;
    const answer = await store.update('default', () => Promise.reject(new Error('The change was called.')), {
      onWait: () => {
        waits += 1;
        holder.goOn();
      },
      unless: (newest) => {
        seen.push(countOf(newest));
        return newest && 'somebody else did it';
      },
    });
    expect([answer, waits]).toEqual(['somebody else did it', 1]);
    expect(seen[0]).toBeUndefined();
    expect(await holder.ended()).toContain('done');
  });

  test('patience ends with LOCKED, which says for what, how long and which lock', async ({ directory, start }) => {
    const holder = start(['hold', directory, 'default']);
    await holder.says('holds');
    let called = false;
    const change = async () => {
      called = true;
    };
    await expect(fileStore({ directory }).update('default', change, { patienceMs: 1000 })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(/Waited 1 s .* profile "default".*\.default\.lock\.$/),
    });
    const gone = new AbortController();
    const waiting = fileStore({ directory }).update('default', change, {
      signal: gone.signal,
      onWait: () => gone.abort(),
    });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(called).toBe(false);
    holder.goOn();
    expect(await holder.ended()).toContain('done');
  });
});

describe.concurrent('§16 what a change writes is its owner’s alone from the first byte', () => {
  test.for(['000', '022', '777'])('under umask %s', async (umask, { root, start }) => {
    const home = join(root, 'home');
    const directory = join(home, 'profiles');
    // Nobody makes directories that he himself cannot enter: that umask is for the files.
    if (umask === '777') await mkdir(join(directory, '.default.new'), { recursive: true, mode: 0o700 });
    const holder = start(['hold', directory, 'default', `umask=${umask}`]);
    await holder.says('holds');
    const modes = new Map<string, string>();
    for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
      const { mode } = await lstat(join(entry.parentPath, entry.name));
      modes.set(entry.name, (mode & 0o777).toString(8));
    }
    modes.delete('.default.lock'); // an empty directory, in one that nobody else can enter
    expect([...modes.keys()].filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
    for (const [name, mode] of modes) expect(`${name} ${mode}`).toBe(`${name} ${name.endsWith('.tmp') ? 600 : 700}`);
    holder.goOn();
    expect(await holder.ended()).toContain('done');
    expect((await lstat(join(directory, 'default.json'))).mode & 0o777).toBe(0o600);
  });
});

describe.concurrent('the machine', () => {
  test('a full file system: the change is not called, and a profile can still be deleted', async ({
    root,
    start,
    skip,
  }) => {
    if (!canMount) skip('needs root and the right to mount');
    const directory = await mount(root, 'size=64k,mode=700');
    const path = join(directory, 'default.json');
    await writeFile(path, encodeProfile(counting(7)), { mode: 0o600 });
    const [line] = await start(['try', directory, 'default']).ended();
    expect(line).toMatch(/^STORE_UNAVAILABLE: .*default\.json: the disk is full \(ENOSPC\)\.$/);
    expect(await readFile(path, 'utf8')).toBe(encodeProfile(counting(7)));
    expect(await readdir(directory)).toEqual(['default.json']);
    await writeFile(join(directory, 'rest'), Buffer.alloc(64 * 1024)).catch(() => {});
    expect(await start(['remove', directory, 'default']).ended()).toEqual(['true', 'done']);
  });

  test('a limit on the size of files: the change is not called', async ({ directory, start }) => {
    const [line] = await start(['try', directory, 'default'], { wrapper: 'ulimit -f 8' }).ended();
    expect(line).toMatch(/^STORE_UNAVAILABLE: .*EFBIG/);
    expect(await readdir(directory)).toEqual([]);
  });

  test('a read-only directory: the change is not called', async ({ root, directory, start }) => {
    await mkdir(directory);
    const path = join(directory, 'default.json');
    await writeFile(path, encodeProfile(counting(7)), { mode: 0o600 });
    if (isRoot) for (const one of [root, directory, path]) await chown(one, NOBODY, NOBODY);
    await chmod(directory, 0o500);
    const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    const [line] = await start(['try', directory, 'default'], user).ended();
    await chmod(directory, 0o700);
    expect(line).toMatch(/^STORE_UNAVAILABLE: .*permission was refused \(EACCES\)/);
    expect(await readdir(directory)).toEqual(['default.json']);
    expect(await readFile(path, 'utf8')).toBe(encodeProfile(counting(7)));
  });

  test('a read-only file system: the change is not called', async ({ root, start, skip }) => {
    if (!canMount) skip('needs root and the right to mount');
    const directory = await mount(root, 'size=1m,mode=700');
    await writeFile(join(directory, 'default.json'), encodeProfile(counting(7)), { mode: 0o600 });
    await run('mount', ['-o', 'remount,ro', directory]);
    const [line] = await start(['try', directory, 'default']).ended();
    expect(line).toMatch(/^STORE_UNAVAILABLE: .*read-only \(EROFS\)/);
  });

  test('kill -9 of a holder: the next update goes on, and clears up after it', async ({ directory, start }) => {
    const holder = start(['hold', directory, 'default']);
    await holder.says('holds');
    holder.process.kill('SIGKILL');
    await holder.ended();
    expect((await readdir(directory)).sort()).toEqual(['.default.lock', '.default.new']);
    await fileStore({ directory }).update('default', ({ save }) => save(counting(1)));
    expect(await readdir(directory)).toEqual(['default.json']);
  });

  test('a clock set back by a day after a holder died: its lock is not kept for a day', async ({ directory }) => {
    const lock = join(directory, '.default.lock');
    await mkdir(lock, { recursive: true, mode: 0o700 });
    const tomorrow = new Date(Date.now() + 86_400_000);
    await utimes(lock, tomorrow, tomorrow);
    await fileStore({ directory }).update('default', ({ save }) => save(counting(1)));
    expect(await readdir(directory)).toEqual(['default.json']);
    await mkdir(lock);
    await utimes(lock, tomorrow, tomorrow);
    expect(await fileStore({ directory }).remove('default')).toBe(true);
  });

  test.for(['save', 'note'])(
    'sleep in the middle: a holder that wakes up after another went on cannot %s',
    async (how, { directory, start }) => {
      const store = fileStore({ directory });
      const holder = start(['hold', directory, 'default', how]);
      await holder.says('holds');
      holder.process.kill('SIGSTOP');
      await store.update('default', ({ save }) => save(counting(100)));
      // Woken while a third party holds the lock, whose lock it must not take away either.
      await store.update('default', async ({ current, save }) => {
        holder.process.kill('SIGCONT');
        holder.goOn();
        expect((await holder.ended()).at(-1)).toMatch(/^LOCKED: Another process took .*default\.json over/);
        expect((await lstat(join(directory, '.default.lock'))).isDirectory()).toBe(true);
        expect(countOf(await store.read('default'))).toBe(100);
        await save(counting(Number(countOf(current)) + 1));
      });
      expect(countOf(await store.read('default'))).toBe(101);
      expect(await readdir(directory)).toEqual(['default.json']);
    },
  );

  test('where several hold the lock at once, a change is stored whole or refused, and none is lost', async ({
    root,
  }) => {
    const target = join(root, 'default.json');
    const count = async () => Number(await readFile(target, 'utf8').catch(() => '0'));
    const add = async (round: number, who: number) => {
      // Now they come together, now one behind the other.
      for (let step = (round * 7 + who * 13) % 40; step > 0; step -= 1) await count();
      const mine = await reserve(target, join(root, '.default.new'), 4096);
      try {
        const current = await count();
        if ((round + who) % 2 === 0) await mine.note(`${current}`);
        await mine.save(`${current + 1}`);
      } finally {
        await mine.discard();
      }
    };
    let stored = 0;
    for (let round = 0; round < 200; round += 1) {
      const ends = await Promise.allSettled([0, 1, 2, 3].map((who) => add(round, who)));
      for (const end of ends) {
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'LOCKED' });
        else stored += 1;
      }
      expect(await count()).toBe(stored);
    }
    expect(stored).toBeGreaterThan(0);
    expect(await readdir(root)).toEqual(['default.json']);
  });

  test('kill -9 at every operation of an update: the file is whole, old or new, and nothing stays behind', {
    timeout: 90_000,
  }, async ({ directory, start }) => {
    const store = fileStore({ directory });
    const tells = await start(['die', directory, 'whole', '0,never']).ended();
    const operations = Number(/^operations (\d+)$/.exec(tells[0] ?? '')?.[1]);
    expect(operations).toBeGreaterThan(30);

    // In the first round the profile is new, in the others there is an older one.
    const rounds = [
      { round: 1, when: 'before' },
      { round: 2, when: 'before' },
      { round: 3, when: 'under-way' },
    ];
    const moments = rounds.flatMap((one) =>
      Array.from({ length: operations }, (_, index) => ({ ...one, operation: index + 1 })),
    );
    const queue = moments.values();
    const states = new Set<string>();
    const names: string[] = [];
    let kills = 0;
    async function work(): Promise<void> {
      for (const { when, operation, round } of queue) {
        const name = `${when}-${operation}-${round}`;
        names.push(name);
        if (round > 1) await writeFile(store.location(name), encodeProfile(counting(1)), { mode: 0o600 });
        const child = start(['die', directory, name, `${operation},${when}`]);
        const lines = await child.ended();
        // Not every update takes as many operations as the first, which made the directories.
        if (child.process.signalCode === 'SIGKILL') kills += 1;
        else expect(lines.at(-1)).toBe('done');
        const left = await store.read(name);
        const state = left === undefined ? 'none' : `${countOf(left) ?? 'no'} ${left.refreshStartedAt ? 'noted' : ''}`;
        states.add(`${round === 1 ? 'new' : 'older'}: ${state}`);
      }
    }
    await Promise.all([work(), work(), work()]);
    expect(kills).toBeGreaterThanOrEqual(100);
    expect([...states].sort()).toEqual(['new: 1 ', 'new: no noted', 'new: none', 'older: 1 ', 'older: 1 noted', 'older: 2 ']);

    await Promise.all(names.map((name) => store.update(name, ({ save }) => save(counting(9)))));
    expect((await readdir(directory)).sort()).toEqual([...names, 'whole'].map((name) => `${name}.json`).sort());
  });
});

describe.concurrent('Ctrl-C while a profile is held', () => {
  test('ends a process that does not listen for it, as it would without the lock, and gives the lock back', async ({
    directory,
    start,
  }) => {
    const child = start(['linger', directory, 'default']);
    await child.says('holds');
    child.process.kill('SIGINT');
    await child.ended();
    expect(child.process.signalCode).toBe('SIGINT');
    expect(await readdir(directory)).not.toContain('.default.lock');
  });

  test('is left to a process that listens for it, and the change is finished', async ({ directory, start }) => {
    const child = start(['hold', directory, 'default', 'SIGINT']);
    await child.says('holds');
    child.process.kill('SIGINT');
    await child.says('SIGINT seen');
    child.goOn();
    expect((await child.ended()).at(-1)).toBe('done');
    expect(countOf(await fileStore({ directory }).read('default'))).toBe(1);
  });
});
