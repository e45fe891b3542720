import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pino from 'pino';
import { type Account, type Bench, fileOf, openBench } from './bench.ts';
import type { RunOptions } from './program.ts';
import type { Rig, Row } from './row.ts';

const COUNTS = { full: { freeStepKiB: 8 }, short: { freeStepKiB: 64 } } as const;
// Twice what a refresh takes: from a full disk to one with room enough.
const MOST_FREE_KIB = 320;
const NOBODY = 65_534;
const isRoot = userInfo().uid === 0;
const run = promisify(execFile);

/** A home in which nothing can be stored, or so it may be. */
interface Trouble {
  readonly name: string;
  /** Whether there may be room enough after all: then the new tokens must be stored. */
  readonly maySucceed?: boolean;
  readonly needs?: 'root' | 'mount';
  readonly options?: Partial<RunOptions>;
  /** Makes the trouble, in an account whose home is a copy. */
  readonly make: (account: Account) => Promise<void>;
}

/** The disk takes nothing more: the refresh token must not be sent. */
export const disk: Row = {
  name: 'disk',
  figure: () => 'full disk, size limit, read-only directory, foreign owner',
  mustBe: 'exit 6, 0 refresh tokens spent',
  run: async (rig) => {
    let requests = 0;
    const logger = pino({}, { write: (line: string) => void (requests += line.includes('/oauth2/token') ? 1 : 0) });
    await using bench = await openBench(rig, { logger });
    requests = 0;
    await bench.expire(bench.account);
    const canMount = isRoot && (await mount(join(rig.directory, 'probe'), '').then(unmount, () => false));
    const failures: string[] = [];
    const skipped: string[] = [];
    const tally = { refused: 0, stored: 0 };
    for (const trouble of troubles(COUNTS[rig.size].freeStepKiB)) {
      if ((trouble.needs === 'mount' && !canMount) || (trouble.needs === 'root' && !isRoot)) {
        skipped.push(trouble.name);
        continue;
      }
      const fail = (what: string) => failures.push(`${trouble.name}: ${what}`);
      const before = requests;
      const { exitCode, stderr, sound } = await tryIn(rig, bench, trouble);
      const spent = requests - before;
      if (exitCode === 0 && trouble.maySucceed) tally.stored += 1;
      else if (exitCode === 6) tally.refused += 1;
      else fail(`exit ${exitCode}, not 6: ${stderr.trim()}`);
      if (exitCode !== 0 && spent > 0) fail(`${spent} token requests although there was no place for the answer`);
      if (!sound) fail('the stored refresh token is not the live one');
      rig.say(`${trouble.name}: exit ${exitCode}, ${spent} token requests`);
    }
    return {
      was: `${tally.refused} times exit 6, ${tally.stored} stored where room was just enough, ${failures.length} spent in vain${skipped.length > 0 ? `; not tried here: ${skipped.join(', ')}` : ''}`,
      failures,
    };
  },
};

function troubles(freeStepKiB: number): readonly Trouble[] {
  const steps = Array.from({ length: MOST_FREE_KIB / freeStepKiB }, (_, index) => index * freeStepKiB);
  return [
    ...steps.map(
      (freeKiB): Trouble => ({
        name: `${freeKiB} KiB left on the disk`,
        needs: 'mount',
        maySucceed: freeKiB > 128,
        make: ({ home }) => fill(home, freeKiB * 1024),
      }),
    ),
    {
      name: 'no inode left',
      needs: 'mount',
      make: async ({ home }) => {
        for (let index = 0; (await statfs(home)).ffree > 0; index += 1)
          await writeFile(join(home, `full-${index}`), '');
      },
    },
    { name: 'read-only file system', needs: 'mount', make: ({ home }) => remount(home, 'ro') },
    { name: 'files limited to 8 KiB', options: { largestFileBytes: 8_192 }, make: async () => {} },
    { name: 'files limited to nothing', options: { largestFileBytes: 0 }, make: async () => {} },
    { name: 'read-only directory', ...asNobody, make: (account) => chmod(dirname(fileOf(account)), 0o500) },
    { name: 'foreign file', needs: 'root', make: (account) => chown(fileOf(account), NOBODY, NOBODY) },
    { name: 'foreign directory', needs: 'root', make: (account) => chown(dirname(fileOf(account)), NOBODY, NOBODY) },
    {
      name: 'everything foreign and readable',
      needs: 'root',
      options: { uid: NOBODY },
      make: async (account) => {
        for (const path of [account.home, dirname(fileOf(account)), fileOf(account)]) await chown(path, 0, 0);
        await chmod(dirname(fileOf(account)), 0o755);
        await chmod(fileOf(account), 0o644);
      },
    },
  ];
}

// Root writes wherever it likes: as root, the program runs as somebody else, who owns the directory.
const asNobody = isRoot ? { options: { uid: NOBODY } } : {};

async function tryIn(rig: Rig, bench: Bench, trouble: Trouble) {
  const home = join(rig.directory, trouble.name.replaceAll(' ', '-'));
  if (trouble.needs === 'mount') await mount(home, 'size=1m,nr_inodes=64,mode=755');
  else await mkdir(home);
  try {
    const account: Account = { ...bench.account, home };
    await mkdir(dirname(fileOf(account)), { mode: 0o700 });
    await copyFile(fileOf(bench.account), fileOf(account));
    const owner = trouble.options?.uid;
    if (owner !== undefined) {
      for (const path of [home, dirname(fileOf(account)), fileOf(account)]) await chown(path, owner, owner);
    }
    await trouble.make(account);
    const { exitCode, stderr } = await bench.token(account, trouble.options);
    const { tokens } = await bench.stored(account);
    const sound = bench.sandbox.isLive(tokens?.refreshToken?.reveal() ?? '');
    // The next trouble begins where this one ended.
    if (exitCode === 0) {
      await writeFile(fileOf(bench.account), await readFile(fileOf(account)));
      await bench.expire(bench.account);
    }
    if ((await readdir(dirname(fileOf(account)))).length > 1)
      throw new Error(`${trouble.name}: something was left over`);
    return { exitCode, stderr, sound };
  } finally {
    if (trouble.needs === 'mount') await unmount(home);
  }
}

/** Leaves `free` bytes on the file system of `home`. */
async function fill(home: string, free: number): Promise<void> {
  const { bavail, bsize } = await statfs(home);
  await writeFile(join(home, 'full'), Buffer.alloc(Math.max(0, bavail * bsize - free)));
}

async function mount(path: string, options: string): Promise<string> {
  await mkdir(path);
  await run('mount', ['-t', 'tmpfs', ...(options === '' ? [] : ['-o', options]), 'tmpfs', path]);
  return path;
}

async function remount(path: string, options: string): Promise<void> {
  await run('mount', ['-o', `remount,${options}`, path]);
}

async function unmount(path: string): Promise<boolean> {
  await run('umount', [path]);
  return true;
}
