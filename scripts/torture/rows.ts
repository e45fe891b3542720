import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokenAnswers } from './broken-answers.ts';
import { Canary } from './canary.ts';
import { clock } from './clock.ts';
import { disk } from './disk.ts';
import { expiry } from './expiry.ts';
import { frozen } from './frozen.ts';
import { kill } from './kill.ts';
import { lostAnswer } from './lost-answer.ts';
import { copyProgram, Program } from './program.ts';
import type { Finding, Rig, Row, Size } from './row.ts';
import { secrets } from './secrets.ts';

/** The table, in the order in which it is printed. */
export const ROWS: readonly Row[] = [expiry, kill, lostAnswer, frozen, disk, brokenAnswers, clock, secrets];

export interface TortureOptions {
  readonly size: Size;
  /** Told of the progress, a line at a time. Default: nobody. */
  readonly say?: (text: string) => void;
}

/** The built program in a place of its own, ready for any row, each at most once. */
export interface Torture extends AsyncDisposable {
  run(row: Row): Promise<Finding>;
}

/** Sets up what every row needs, in a temporary directory that goes with it. The program has to be built. */
export async function openTorture({ size, say = () => {} }: TortureOptions): Promise<Torture> {
  const root = await mkdtemp(join(tmpdir(), 'torture-'));
  // Some of the processes run as another user.
  await chmod(root, 0o755);
  const place = join(root, 'program');
  await copyProgram(place);
  return {
    run: async (row) => {
      const directory = join(root, row.name);
      await mkdir(directory, { mode: 0o755 });
      const canary = new Canary();
      await using program = new Program(place, canary);
      const rig: Rig = { size, program, canary, directory, say: (text) => say(`${row.name}: ${text}`) };
      const { was, failures } = await row.run(rig);
      // Whatever a row is about, no secret may show in it.
      return { was, failures: [...failures, ...canary.search()] };
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
