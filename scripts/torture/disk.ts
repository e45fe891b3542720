import { chmod, chown, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { type Account, type Bench, fileOf, openBench } from './bench.ts';
import type { RunOptions } from './program.ts';
import type { Rig, Row } from './row.ts';
import { canMount, fill, makeReadOnly, mount, unmount, useUpInodes } from './small-disk.ts';

const COUNTS = { full: { freeStepKiB: 8 }, short: { freeStepKiB: 64 } } as const;
// Twice what a refresh takes: from a full disk to one with room enough.
const MOST_FREE_KIB = 320;
const NOBODY = 65_534;
const isRoot = userInfo().uid === 0;

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
  title: 'the machine: a full disk, a read-only directory, a foreign owner: no refresh token is spent',
  figure: () => 'full disk, size limit, read-only directory, foreign owner',
  mustBe: 'exit 6, 0 refresh tokens spent',
  run: async (rig) => {
    let requests = 0;
    const onTokenRequest = () => {
      requests += 1;
    };
    await using bench = await openBench(rig, { onTokenRequest });
    await bench.expire(bench.account);
    const mounts = await canMount(join(rig.directory, 'probe'));
    const failures: string[] = [];
    const skipped: string[] = [];
    const tally = { refused: 0, stored: 0, spent: 0 };
    for (const trouble of troubles(COUNTS[rig.size].freeStepKiB)) {
      if ((trouble.needs === 'mount' && !mounts) || (trouble.needs === 'root' && !isRoot)) {
        skipped.push(trouble.name);
        continue;
      }
      const fail = (what: string) => failures.push(`${trouble.name}: ${what}`);
      const before = requests;
      const { exitCode, stderr, sound, beside } = await tryIn(rig, bench, trouble);
      const spent = requests - before;
      if (exitCode === 0 && trouble.maySucceed) tally.stored += 1;
      else if (exitCode === 6) tally.refused += 1;
      else fail(`exit ${exitCode}, not 6: ${stderr.trim()}`);
      if (exitCode !== 0 && spent > 0) fail(`${spent} token requests although there was no place for the answer`);
      if (exitCode !== 0) tally.spent += spent;
      if (!sound) fail('the stored refresh token is not the live one');
      if (beside.length > 0) fail(`left over: ${beside.join(', ')}`);
      rig.say(`${trouble.name}: exit ${exitCode}, ${spent} token requests`);
    }
    const untried = skipped.length === 0 ? '' : `; needs root: ${skipped.length} not tried`;
    return {
      was: `${tally.refused} times exit 6, ${tally.stored} stored where there was room, ${tally.spent} spent${untried}`,
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
    { name: 'no inode left', needs: 'mount', make: ({ home }) => useUpInodes(home) },
    { name: 'read-only file system', needs: 'mount', make: ({ home }) => makeReadOnly(home) },
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
  if (trouble.needs === 'mount') await mount(home);
  else await mkdir(home);
  const account: Account = { ...bench.account, home };
  try {
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
    return { exitCode, stderr, sound, beside: await bench.leftovers(account) };
  } finally {
    if (trouble.needs === 'mount') await unmount(home);
    // So that the directory can be removed in the end.
    else await chmod(dirname(fileOf(account)), 0o700);
  }
}
