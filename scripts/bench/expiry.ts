import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openBench } from '../torture/bench.ts';
import { Canary } from '../torture/canary.ts';
import { Program, type Run } from '../torture/program.ts';
import { compared, contest } from './contest.ts';
import type { Row } from './row.ts';

const PROCESSES = { full: 100, quick: 4 } as const;
const LIFETIME_MS = 8 * 3_600_000;

/** Many scripts that ask in the moment in which their token has ended. */
export const expiry: Row = {
  name: 'expiry',
  method:
    'From the start of the first of so many processes to the end of the last, started one right after the other: with a token that has ' +
    'just ended, so that one of them refreshes it at a sandbox while the others wait, and with one that works. Every answer is checked, ' +
    'and that there was one refresh.',
  rounds: { full: 8, quick: 1 },
  measure: async (rig) => {
    const processes = PROCESSES[rig.size];
    const canary = new Canary();
    await using program = new Program(dirname(rig.program), canary, rig.node.path);
    await using bench = await openBench({ program, canary, directory: rig.directory });
    const { account, sandbox } = bench;
    const batchMs = async (refreshes: number) => {
      const before = sandbox.state().counts.refreshes;
      const started = performance.now();
      const asked: Promise<Run>[] = [];
      while (asked.length < processes) {
        asked.push(bench.token(account));
        // The sandbox is in this process: to start a hundred others must not keep it from answering.
        await turn();
      }
      const runs = await Promise.all(asked);
      const ms = performance.now() - started;
      const answer = `${(await bench.stored(account)).tokens?.accessToken.reveal()}\n`;
      const [wrong] = runs.filter(({ stdout }) => stdout !== answer);
      if (wrong !== undefined) throw new Error(`A process ended with ${wrong.exitCode}: ${wrong.stderr.trim()}`);
      const refreshed = sandbox.state().counts.refreshes - before;
      if (refreshed !== refreshes) throw new Error(`There were ${refreshed} refreshes.`);
      return ms;
    };
    const series = await contest(
      [
        { role: 'against', name: `${processes} fresh ones`, measure: () => batchMs(0) },
        {
          role: 'ours',
          name: 'token',
          measure: async () => {
            await bench.expire(account);
            sandbox.clock.step(LIFETIME_MS);
            return batchMs(1);
          },
        },
      ],
      rig.rounds,
    );
    return [
      {
        title: `${processes} × token at expiry`,
        unit: 's',
        statistic: 'median',
        ...compared(series, (ms) => ms / 1000),
        goal: { of: 'ratio', is: '≤', limit: 1.3 },
      },
    ];
  },
};
