import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { compared, contest } from './contest.ts';
import { makeHome } from './home.ts';
import type { Row } from './row.ts';
import { fitbitLogin, waiters } from './waiters.ts';
import { type Login, startWaiting } from './waiting.ts';

/** So long after it has printed the address, a program has loaded whatever it loads while it waits. */
const SETTLE_MS = 300;

/** What a `login` needs while it waits for a person. */
export const memory: Row = {
  name: 'memory',
  method:
    `The peak of the resident memory (VmHWM on Linux; elsewhere what \`ps\` says at that moment), ${SETTLE_MS} ms after the address to open ` +
    'was printed.',
  rounds: { full: 5, quick: 1 },
  measure: async (rig) => {
    const ours = fitbitLogin(rig, await makeHome(rig.directory, 0));
    const series = await contest(waiters(rig, ours, peakMiB), rig.rounds);
    return [
      {
        title: 'login: peak memory, waiting',
        unit: 'MiB',
        statistic: 'median',
        ...compared(series, (mib) => mib),
        goal: { of: 'ratio', is: '≤', limit: 1.4 },
      },
    ];
  },
};

async function peakMiB(login: Login): Promise<number> {
  await using waiting = await startWaiting(login);
  await delay(SETTLE_MS);
  return peakKiB(waiting.process.pid ?? 0) / 1024;
}

function peakKiB(pid: number): number {
  if (platform() !== 'linux')
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
