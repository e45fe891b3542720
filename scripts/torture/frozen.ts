import { readFile } from 'node:fs/promises';
import type { Fault } from '../../src/sandbox/faults.ts';
import { type Bench, fileOf, openBench } from './bench.ts';
import { until } from './lanes.ts';
import type { Run } from './program.ts';
import type { Rig, Row } from './row.ts';

const COUNTS = { full: { repetitions: 4 }, short: { repetitions: 1 } } as const;
const PROVIDER_MS = 2_000;
const PAST_THE_REPEAT_MS = 3 * 60_000;

/** What a woken process may say, where it does not give the newest token. */
const HONEST_ENDS = [
  [5, 'did not answer within'],
  [6, 'Another process replaced'],
] as const;

interface Moment {
  readonly name: string;
  readonly fault?: Omit<Fault, 'at' | 'times'>;
  /** Resolves when the holder is to be frozen. */
  readonly reached: (bench: Bench, over: AbortSignal, answered: Promise<void>) => Promise<void>;
}

const MOMENTS: readonly Moment[] = [
  {
    name: 'before the request',
    // Where the machine is so busy that the request was sent before it was frozen, it has at least no answer yet.
    fault: { kind: 'delay', ms: PROVIDER_MS },
    reached: (bench, over) => until(async () => (await bench.leftovers(bench.account)).length > 0, over),
  },
  {
    name: 'before the server rotated',
    fault: { kind: 'delay', ms: PROVIDER_MS },
    reached: (bench, over) =>
      until(async () => (await bench.stored(bench.account)).refreshStartedAt !== undefined, over),
  },
  {
    name: 'after the server rotated',
    fault: { kind: 'delay-answer', ms: PROVIDER_MS },
    reached: ({ sandbox }, over) => until(() => sandbox.state().counts.refreshes > 0, over),
  },
  { name: 'when the answer was on its way', reached: (_bench, _over, answered) => answered },
];

/** The holder of the lock is stopped until others have gone on without it, twice, and is then woken. */
export const frozen: Row = {
  name: 'frozen',
  title: 'the machine: sleep in mid-refresh, §15 no older pair over a newer one',
  figure: (size) => `holder frozen until its lock is taken over, then woken, ${cases(size).length} times`,
  mustBe: 'no older pair over a newer one',
  run: async (rig) => {
    const ends = await Promise.all(cases(rig.size).map((one) => freeze(rig, one)));
    const failures = ends.flatMap((end) => end.failures);
    const older = failures.filter((failure) => failure.includes('older pair')).length;
    const count = (code: number) => ends.filter(({ woken }) => woken.exitCode === code).length;
    return {
      was: `${older} older pairs; of the woken ${count(0)} gave the newest token, ${ends.length - count(0)} ended with an error`,
      failures,
    };
  },
};

interface Case {
  readonly moment: Moment;
  /** Whether the provider has stopped repeating its answer by the time the holder wakes. */
  readonly late: boolean;
}

function cases(size: keyof typeof COUNTS): readonly Case[] {
  const once = MOMENTS.flatMap((moment) => [false, true].map((late) => ({ moment, late })));
  return Array.from({ length: COUNTS[size].repetitions }, () => once).flat();
}

async function freeze(
  rig: Rig,
  { moment, late }: Case,
): Promise<{ readonly woken: Run; readonly failures: readonly string[] }> {
  const failures: string[] = [];
  const fail = (what: string) => failures.push(`frozen ${moment.name}${late ? ', woken late' : ''}: ${what}`);
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await using bench = await openBench(rig, { onTokenRequest: () => answer() });
  const { account, sandbox } = bench;
  await bench.expire(account);
  if (moment.fault !== undefined) sandbox.faults.add({ at: 'token', times: 1, ...moment.fault });

  const holder = bench.start(account, ['token']);
  await moment.reached(bench, holder.over, answered);
  if (!holder.process.kill('SIGSTOP')) fail('it was over before it could be frozen');
  // On a busy machine it may have stored its tokens before it was frozen: then those are what it prints.
  const { tokens: own } = await bench.stored(account);
  const printable = [own?.expiresAt !== undefined && own.expiresAt > new Date() ? own.accessToken.reveal() : undefined];
  // What another process stores while the holder sleeps is one pair ahead of it; what a third one stores is two.
  const second = await bench.token(account);
  for (const failure of await bench.verdict(account, second)) fail(`whoever went on: ${failure}`);
  const third = await bench.start(account, ['refresh']).ended;
  if (third.exitCode !== 0) fail(`a later refresh ended with ${third.exitCode}: ${third.stderr.trim()}`);
  const newest = await readFile(fileOf(account), 'utf8');
  if (late) sandbox.clock.step(PAST_THE_REPEAT_MS);

  holder.process.kill('SIGCONT');
  const woken = await holder.ended;
  const { tokens } = await bench.stored(account);
  if (!sandbox.isLive(tokens?.refreshToken?.reveal() ?? '')) fail('an older pair was stored over a newer one');
  else if ((await readFile(fileOf(account), 'utf8')) !== newest) fail('the woken one wrote to the file');
  if (woken.exitCode === 0) {
    printable.push(tokens?.accessToken.reveal());
    if (!printable.includes(woken.stdout.trim())) fail('the woken one gave another token than the newest');
  } else if (!HONEST_ENDS.some(([exitCode, words]) => woken.exitCode === exitCode && woken.stderr.includes(words))) {
    fail(`the woken one ended with ${woken.exitCode}: ${woken.stderr.trim()}`);
  }
  await bench.expire(account);
  for (const failure of await bench.verdict(account, await bench.token(account))) fail(`afterwards: ${failure}`);
  for (const name of await bench.leftovers(account)) fail(`left over: ${name}`);
  return { woken, failures };
}
