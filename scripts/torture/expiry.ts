import { openBench } from './bench.ts';
import type { Row } from './row.ts';

const COUNTS = {
  full: { processes: 100, rounds: 10, answerMs: 2_000 },
  short: { processes: 12, rounds: 2, answerMs: 500 },
} as const;

const LIFETIME_MS = 8 * 3_600_000;

/** Many scripts ask for a token in the moment in which the old one has ended. */
export const expiry: Row = {
  name: 'expiry',
  title: 'many scripts: at the moment of expiry one refreshes, and all get the new token',
  figure: (size) => `${COUNTS[size].processes} processes at the moment of expiry, ${COUNTS[size].rounds} rounds`,
  mustBe: '1 refresh a round, every answer right, 0 invalid_grant',
  run: async (rig) => {
    const { processes, rounds, answerMs } = COUNTS[rig.size];
    await using bench = await openBench(rig);
    const { sandbox, account } = bench;
    const failures: string[] = [];
    let right = 0;
    let waited = 0;
    for (let round = 1; round <= rounds; round += 1) {
      await bench.expire(account);
      sandbox.clock.step(LIFETIME_MS);
      // The first refresh takes so long that most of the others come while it is under way.
      sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: answerMs, times: 1 });
      const before = sandbox.state().counts;
      const asked = Array.from({ length: processes }, () => bench.start(account, ['token'], { gated: true }));
      // To start a hundred processes takes seconds; only now do they all go on at once.
      await Promise.all(asked.map(({ ready }) => ready));
      for (const one of asked) one.release();
      const runs = await Promise.all(asked.map(({ ended }) => ended));
      const { counts } = sandbox.state();
      const newest = (await bench.stored(account)).tokens?.accessToken.reveal() ?? '';
      const good = runs.filter(({ exitCode, stdout }) => exitCode === 0 && stdout === `${newest}\n`);
      right += good.length;
      waited += runs.filter(({ stderr }) => stderr.includes('waiting for it')).length;
      const [refreshes, invalid] = [counts.refreshes - before.refreshes, counts.invalidGrants - before.invalidGrants];
      if (refreshes !== 1) failures.push(`round ${round}: ${refreshes} refreshes`);
      if (invalid !== 0) failures.push(`round ${round}: ${invalid} invalid_grant`);
      if (!(await bench.works(newest))) failures.push(`round ${round}: the newest token does not work`);
      for (const run of runs) {
        if (!good.includes(run)) failures.push(`round ${round}: exit ${run.exitCode} ${run.stderr.trim()}`);
      }
      rig.say(`round ${round} of ${rounds}: ${good.length} right answers, ${refreshes} refresh`);
    }
    failures.push(...(await bench.leftovers(account)).map((name) => `left over: ${name}`));
    const { refreshes, invalidGrants } = sandbox.state().counts;
    return {
      was: `${refreshes} refreshes in ${rounds} rounds, ${right} of ${processes * rounds} right, ${invalidGrants} invalid_grant (${waited} had to wait)`,
      failures,
    };
  },
};
