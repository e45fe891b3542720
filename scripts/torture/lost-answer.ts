import { type Account, type Bench, openBench } from './bench.ts';
import { inLanes } from './lanes.ts';
import type { Row } from './row.ts';

const COUNTS = { full: { once: 100, always: 100, lanes: 20 }, short: { once: 6, always: 4, lanes: 4 } } as const;

/** The provider rotates the refresh token, and its answer never arrives. */
export const lostAnswer: Row = {
  name: 'lost-answer',
  title: 'the machine: the answer is lost after the server rotated',
  figure: (size) => `the answer lost after the server rotated, ${COUNTS[size].once + COUNTS[size].always} times`,
  mustBe: '0 sign-ins lost',
  run: async (rig) => {
    const { once, always, lanes } = COUNTS[rig.size];
    await using bench = await openBench(rig, { people: lanes });
    const { sandbox } = bench;
    const failures: string[] = [];
    const check = async (account: Account, what: string) => {
      const run = await bench.token(account);
      failures.push(...(await bench.verdict(account, run)).map((failure) => `${what}: ${failure}`));
    };

    // Lost once: the same process asks again.
    sandbox.faults.add({ at: 'token', kind: 'lost-answer', times: once });
    const struck = () => sandbox.faults.list().length === 0;
    const untilStruck = function* () {
      while (!struck()) yield undefined;
    };
    await inLanes(bench.accounts, untilStruck(), async (_, account) => {
      await bench.expire(account);
      await check(account, 'lost once');
    });
    rig.say(`${once} lost once`);

    // Lost as often as the process asks: it gives up, and the next one asks again.
    let gaveUp = 0;
    while (gaveUp < always) {
      sandbox.faults.add({ at: 'token', kind: 'lost-answer' });
      const ends = await Promise.all(bench.accounts.map((account) => giveUp(bench, account)));
      sandbox.faults.clear();
      failures.push(...ends.flat());
      await inLanes(bench.accounts, bench.accounts, (account) => check(account, 'lost for good'));
      gaveUp += lanes;
      rig.say(`${gaveUp} of ${always} lost for as long as the process asked`);
    }
    const { refreshes, repeats, invalidGrants } = sandbox.state().counts;
    if (invalidGrants > 0) failures.push(`${invalidGrants} times invalid_grant`);
    const lost = failures.filter((failure) => failure.includes('sign-in is lost')).length;
    return {
      was: `${once} lost once, ${gaveUp} until the process gave up: ${lost} sign-ins lost (${refreshes} rotations, ${repeats} repeated answers)`,
      failures,
    };
  },
};

/** What is wrong with a refresh whose every answer is lost: it must end with exit code 5, a noted refresh, and the old tokens. */
async function giveUp(bench: Bench, account: Account): Promise<readonly string[]> {
  await bench.expire(account);
  const before = await bench.stored(account);
  const run = await bench.token(account);
  const after = await bench.stored(account);
  const failures: string[] = [];
  if (run.exitCode !== 5) failures.push(`without any answer: exit ${run.exitCode}, not 5: ${run.stderr.trim()}`);
  if (after.tokens?.refreshToken?.equals(before.tokens?.refreshToken) !== true)
    failures.push('the tokens were not kept');
  if (after.refreshStartedAt === undefined) failures.push('the refresh that was begun is not noted');
  return failures;
}
