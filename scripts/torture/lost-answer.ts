import { type Bench, openBench } from './bench.ts';
import { inLanes } from './lanes.ts';
import type { Row } from './row.ts';

const COUNTS = { full: { times: 100, lanes: 20 }, short: { times: 4, lanes: 4 } } as const;

/** The provider rotates the refresh token, and its answer never arrives: once, or as often as the process asks. */
export const lostAnswer: Row = {
  name: 'lost-answer',
  title: 'the machine: the answer is lost after the server rotated',
  figure: (size) => `the answer lost after the server rotated, ${2 * COUNTS[size].times} times`,
  mustBe: '0 sign-ins lost',
  run: async (rig) => {
    const { times, lanes } = COUNTS[rig.size];
    const failures: string[] = [];
    let [lost, gaveUp, repeats] = [0, 0, 0];
    const recover = async (bench: Bench, what: string) => {
      const wrong = await bench.verdict(bench.account, await bench.token(bench.account));
      if (wrong.length > 0) lost += 1;
      failures.push(...wrong.map((failure) => `${what}: ${failure}`));
    };
    await inLanes(Array.from({ length: lanes }), Array(times).keys(), async () => {
      await using bench = await openBench(rig);
      const { account, sandbox } = bench;
      await bench.expire(account);
      sandbox.faults.add({ at: 'token', kind: 'lost-answer', times: 1 });
      await recover(bench, 'lost once');
      if (sandbox.faults.list().length > 0) failures.push('lost once: nothing was asked, so nothing was lost');

      await bench.expire(account);
      sandbox.faults.add({ at: 'token', kind: 'lost-answer' });
      failures.push(...(await giveUp(bench)));
      sandbox.faults.clear();
      await recover(bench, 'lost for good');
      const { counts } = sandbox.state();
      repeats += counts.repeats;
      if (counts.invalidGrants > 0) failures.push(`${counts.invalidGrants} times invalid_grant`);
      gaveUp += 1;
      if (gaveUp % lanes === 0) rig.say(`${2 * gaveUp} of ${2 * times} answers lost`);
    });
    return {
      was: `${times} lost once, ${gaveUp} until the process gave up: ${lost} sign-ins lost, ${repeats} answers repeated`,
      failures,
    };
  },
};

/** What is wrong with a refresh whose every answer is lost: it must end with exit code 5, noted, and with the old tokens kept. */
async function giveUp(bench: Bench): Promise<readonly string[]> {
  const before = await bench.stored(bench.account);
  const run = await bench.token(bench.account);
  const after = await bench.stored(bench.account);
  const failures: string[] = [];
  if (run.exitCode !== 5) failures.push(`without any answer: exit ${run.exitCode}, not 5: ${run.stderr.trim()}`);
  if (after.tokens?.refreshToken?.equals(before.tokens?.refreshToken) !== true)
    failures.push('the tokens were not kept');
  if (after.refreshStartedAt === undefined) failures.push('the refresh that was begun is not noted');
  return failures;
}
