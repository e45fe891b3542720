import { openBench } from './bench.ts';
import { until } from './lanes.ts';
import type { Run } from './program.ts';
import type { Rig, Row } from './row.ts';

const DAY_MS = 86_400_000;
/** By then a token has ended. */
const SHIFT_MS = 9 * 3_600_000;

/** Whose clock is wrong, and by how much, at one call of the program. */
interface Step {
  /** Of the machine, against real time. */
  readonly machineMs: number;
  /** Of the provider, against real time. Default 0. */
  readonly providerMs?: number;
  /** Whether this refresh is killed once the server has rotated. */
  readonly cutOff?: boolean;
  /** Calls `api` instead of `token`, which learns from the provider that a token has ended. */
  readonly viaApi?: boolean;
}

/** What happens to one person's clocks, call after call. */
const STORIES: Readonly<Record<string, readonly Step[]>> = {
  'a day ahead, and right again': [{ machineMs: DAY_MS }, { machineMs: DAY_MS }, { machineMs: 0 }],
  'a day ahead, and right again after nine hours': [
    { machineMs: DAY_MS },
    { machineMs: SHIFT_MS, providerMs: SHIFT_MS },
  ],
  'a day back, and right again': [{ machineMs: -DAY_MS }, { machineMs: -DAY_MS }, { machineMs: 0 }],
  'from a day ahead to a day back': [{ machineMs: DAY_MS }, { machineMs: -DAY_MS }, { machineMs: DAY_MS }],
  'a cut-off refresh, then a day ahead': [{ machineMs: 0, cutOff: true }, { machineMs: DAY_MS }, { machineMs: 0 }],
  'a cut-off refresh, then a day back': [{ machineMs: 0, cutOff: true }, { machineMs: -DAY_MS }, { machineMs: 0 }],
  'cut off a day ahead, then right': [{ machineMs: DAY_MS, cutOff: true }, { machineMs: 0 }],
  'cut off a day back, then right': [{ machineMs: -DAY_MS, cutOff: true }, { machineMs: 0 }],
  'the provider a day ahead': [
    { machineMs: 0, providerMs: DAY_MS, viaApi: true },
    { machineMs: 0, providerMs: DAY_MS },
  ],
  'the provider a day back': [
    { machineMs: 0, providerMs: -DAY_MS, viaApi: true },
    { machineMs: 0, providerMs: -DAY_MS },
  ],
  'the machine sleeps for a day, its clock stands still': [
    { machineMs: -DAY_MS, providerMs: 0 },
    { machineMs: -DAY_MS, providerMs: DAY_MS, viaApi: true },
    { machineMs: 0, providerMs: DAY_MS },
  ],
};

/** The machine's clock, or the provider's, jumps. */
export const clock: Row = {
  name: 'clock',
  title: 'the machine: a clock set back or ahead by a day',
  figure: () => `clock a day ahead, a day back: ${Object.keys(STORIES).length} stories`,
  mustBe: 'a working token, or an honest error',
  run: async (rig) => {
    const ends = await Promise.all(Object.entries(STORIES).map(([name, steps]) => tell(rig, name, steps)));
    const failures = ends.flatMap((end) => end.failures);
    const working = ends.reduce((sum, end) => sum + end.working, 0);
    return { was: `${working} working answers, ${failures.length} that did not work`, failures };
  },
};

async function tell(
  rig: Rig,
  name: string,
  steps: readonly Step[],
): Promise<{ readonly working: number; readonly failures: readonly string[] }> {
  const failures: string[] = [];
  let working = 0;
  await using bench = await openBench(rig);
  const { account, sandbox } = bench;
  let providerIsAt = 0;
  for (const [index, { machineMs, providerMs = 0, cutOff = false, viaApi = false }] of steps.entries()) {
    sandbox.clock.step(providerMs - providerIsAt);
    providerIsAt = providerMs;
    const options = { clockOffsetMs: machineMs };
    if (cutOff) {
      await bench.expire(account);
      sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 60_000, times: 1 });
      const { refreshes } = sandbox.state().counts;
      const running = bench.start(account, ['refresh'], options);
      await until(() => sandbox.state().counts.refreshes > refreshes, running.over);
      running.process.kill('SIGKILL');
      await running.ended;
      continue;
    }
    const wrong = viaApi
      ? await apiVerdict(bench.start(account, ['api', '/1/user/-/profile.json'], options).ended)
      : await bench.verdict(account, await bench.token(account, options));
    if (wrong.length === 0) working += 1;
    failures.push(...wrong.map((failure) => `${name}, call ${index + 1}: ${failure}`));
  }
  for (const left of await bench.leftovers(account)) failures.push(`${name}: left over: ${left}`);
  return { working, failures };
}

/** What is wrong with the answer to a request: the provider must have taken the token. */
async function apiVerdict(ended: Promise<Run>): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await ended;
  if (exitCode !== 0) return [`api ended with ${exitCode}: ${stderr.trim()}`];
  return stdout.includes('"encodedId"') ? [] : ['api gave something else than the profile'];
}
