import { setTimeout as delay } from 'node:timers/promises';
import { type Account, type Bench, openBench } from './bench.ts';
import { inLanes } from './lanes.ts';
import type { Row } from './row.ts';

const COUNTS = { full: { kills: 1_000, lanes: 20 }, short: { kills: 16, lanes: 6 } } as const;

/** How long the provider takes in one half of the kills before it rotates, and in the other half after that. */
const PROVIDER_MS = 150;
const MEASURE_EVERY = 8;
// Its multiples, taken modulo one, fill the span evenly however far one gets.
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** How far the refresh was when it was killed, as what it left behind tells. */
type Stage = 'nothing begun' | 'noted' | 'rotated, answer lost' | 'stored';

/** Kills a refreshing process, at moments that cover all of the time from its start to its end. */
export const kill: Row = {
  name: 'kill',
  title: 'the machine: kill -9 at any moment of a refresh',
  figure: (size) => `kill -9 at ${COUNTS[size].kills} moments spread over a refresh`,
  mustBe: '0 damaged files, 0 sign-ins lost',
  run: async (rig) => {
    const { kills, lanes } = COUNTS[rig.size];
    await using bench = await openBench(rig, { people: lanes });
    const stages = new Map<Stage, number>();
    const failures: string[] = [];
    let [killed, damaged, lost, spanMs] = [0, 0, 0, 0];

    const measure = async (account: Account) => {
      await bench.expire(account);
      const run = await bench.token(account);
      failures.push(...(await bench.verdict(account, run)).map((failure) => `unharmed: ${failure}`));
      spanMs = spanMs === 0 ? run.ms : (spanMs + run.ms) / 2;
    };
    for (const kind of ['delay', 'delay-answer'] as const) {
      bench.sandbox.faults.clear();
      bench.sandbox.faults.add({ at: 'token', kind, ms: PROVIDER_MS });
      const goal = kind === 'delay' ? kills / 2 : kills;
      await Promise.all(bench.accounts.map(measure));
      const moments = function* () {
        for (let tried = 0; killed < goal; tried += 1) yield tried;
      };
      await inLanes(bench.accounts, moments(), async (tried, account) => {
        // The machine is busier now than a minute ago: what a refresh takes is measured again and again.
        if (tried % MEASURE_EVERY === MEASURE_EVERY - 1) await measure(account);
        const fraction = (tried * GOLDEN + Math.random() / goal) % 1;
        const at = `killed ${Math.round(fraction * 100)} % into a refresh`;
        const stage = await killAt(bench, account, fraction * spanMs).catch((error: unknown) => {
          damaged += 1;
          failures.push(`${at}: ${error}`);
        });
        if (stage === undefined) return;
        killed += 1;
        if (killed % 50 === 0) rig.say(`${killed} of ${kills} killed; a refresh takes ${Math.round(spanMs)} ms`);
        stages.set(stage, (stages.get(stage) ?? 0) + 1);
        const wrong = await bench.verdict(account, await bench.token(account));
        if (wrong.length > 0) lost += 1;
        failures.push(...wrong.map((failure) => `${at}, ${stage}: ${failure}`));
      });
    }
    // What a dead process left, the next refresh removes.
    bench.sandbox.faults.clear();
    await Promise.all(bench.accounts.map(measure));
    const left = (await Promise.all(bench.accounts.map((account) => bench.leftovers(account)))).flat();
    failures.push(...left.map((name) => `left over: ${name}`));
    const { invalidGrants } = bench.sandbox.state().counts;
    if (invalidGrants > 0) failures.push(`${invalidGrants} times invalid_grant`);
    const found = [...stages].map(([stage, times]) => `${stage} ${times}`).join(', ');
    return {
      was: `${killed} killed (${found}): ${damaged} damaged, ${lost} lost, ${left.length} leftovers`,
      failures,
    };
  },
};

/** `undefined` where it ended before it could be killed. Throws where the file is damaged. */
async function killAt(bench: Bench, account: Account, ms: number): Promise<Stage | undefined> {
  await bench.expire(account);
  const before = await bench.stored(account);
  const running = bench.start(account, ['token']);
  await delay(ms);
  running.process.kill('SIGKILL');
  const { exitCode } = await running.ended;
  const after = await bench.stored(account);
  if (exitCode !== null) return undefined;
  const [old, now] = [before, after].map(({ tokens }) => tokens?.refreshToken);
  if (now === undefined || !now.equals(old)) return 'stored';
  if (after.refreshStartedAt === undefined) return 'nothing begun';
  return bench.sandbox.isLive(now.reveal()) ? 'noted' : 'rotated, answer lost';
}
