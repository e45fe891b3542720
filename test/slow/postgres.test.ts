import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asAuthError } from '../../src/errors.ts';
import { hasPostgres } from '../flow/postgres-server.ts';
import { isRoot, mount, run } from '../flow/store-fixture.ts';
import { MACHINES, type Machines, machinesOf } from './machines.ts';

const PROCESSES = 20;
const ROUNDS = 5;
const MOMENTS = 100;
const canCut = isRoot && spawnSync('ip', ['netns']).status === 0;
if (!canCut) console.warn('SKIPPED: no network is cut, which takes root and `ip netns`.');

/** One for each of the machines. */
const named = (letter: string) => Array.from({ length: MACHINES }, (_, index) => `${letter}${index}`);

describe.skipIf(!hasPostgres)('many machines', () => {
  // Each of these waits more than it works.
  describe('at once', { concurrent: true, timeout: 600_000 }, () => {
    const [killed, broken] = [named('K'), named('B')];
    let m: Machines;
    beforeAll(async () => {
      m = await machinesOf([...killed, ...broken]);
      m.sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 300, times: 100_000 });
    }, 300_000);
    afterAll(() => m?.[Symbol.asyncDispose]());

    interface Work {
      /** How long it took, unless it was disturbed before its end. */
      readonly took: Promise<number | undefined>;
      disturb(): unknown;
    }
    /**
     * Disturbs refreshes of several profiles, at many moments between their beginning and their end.
     * @param first the share of a refresh in which there is nothing to disturb
     */
    const atMoments = async (
      profiles: readonly string[],
      first: number,
      begin: (profile: string, machine: number) => Work,
    ) => {
      const moments = Array.from({ length: MOMENTS }, (_, index) => first + (index / MOMENTS) * (1 - first)).values();
      const lane = async (profile: string, machine: number) => {
        await m.expire(profile);
        let ms = (await begin(profile, machine).took) ?? Number.NaN;
        for (const moment of moments) {
          await m.expire(profile);
          const { took, disturb } = begin(profile, machine);
          await Promise.race([delay(ms * moment), took]);
          await disturb();
          ms = (ms + ((await took) ?? ms)) / 2;
          await m.expectAlive(profile);
        }
      };
      await Promise.all(profiles.map(lane));
      expect(m.sandbox.state().counts.invalidGrants).toBe(0);
    };

    test(`kill -9 of a holder at ${MOMENTS} moments: no sign-in is lost, and the next machine has a working token`, async () => {
      let underWay = 0;
      // For a third of the time the program is being loaded.
      await atMoments(killed, 0.35, (profile, machine) => {
        const { child, ended } = m.token(machine, profile);
        const took = async () => {
          const { exit, ms } = await ended;
          if ((await m.store.read(profile))?.refreshStartedAt !== undefined) underWay += 1;
          return exit === 0 ? ms : undefined;
        };
        return { took: took(), disturb: () => child.kill('SIGKILL') };
      });
      expect(underWay).toBeGreaterThan(5);
    });

    test(`pg_terminate_backend at ${MOMENTS} moments: the token comes, or exit 6; no sign-in is lost`, async () => {
      const exits: number[] = [];
      let terminated = 0;
      await atMoments(broken, 0, (profile, machine) => {
        const began = performance.now();
        const exit = m.library(machine, profile, profile).then(
          () => 0,
          (error) => asAuthError(error).exitCode,
        );
        const took = async () => {
          exits.push(await exit);
          return exits.at(-1) === 0 ? performance.now() - began : undefined;
        };
        return {
          took: took(),
          disturb: async () => {
            // Of this profile alone: a lost connection is taken once, and not each time.
            terminated += await m.database.terminate(profile);
          },
        };
      });
      expect(exits.filter((exit) => exit !== 0 && exit !== 6)).toEqual([]);
      expect(terminated).toBeGreaterThan(20);
    });

    test('a server that crashes while the refresh token is under way: the response is saved once it is back', async () => {
      await using m = await machinesOf(['C0']);
      for (let round = 0; round < 3; round += 1) {
        const { before, ended } = await m.refreshing('C0');
        await m.server.crash();
        const { exit, stdout, stderr } = await ended;
        expect([exit, stderr]).toEqual([0, '']);
        expect((await m.store.read('C0'))?.tokens?.accessToken.reveal()).toBe(stdout);
        expect(m.sandbox.state().counts.repeats).toBe(before.repeats);
        await m.expectAlive('C0');
      }
    });

    test('a server that stays unavailable after the response: exit 6 after 30 seconds, with how long the response is repeated', async () => {
      await using m = await machinesOf(['S0']);
      const { before, ended } = await m.refreshing('S0');
      await m.server.stop();
      const end = await ended;
      await m.server.restart();
      expect(end).toMatchObject({ exit: 6, stdout: '', stderr: expect.stringContaining('within two minutes') });
      await m.expectAlive('S0');
      const { repeats, invalidGrants } = before;
      expect(m.sandbox.state().counts).toMatchObject({ repeats: repeats + 1, invalidGrants });
    });

    test.skipIf(!canCut)(
      'a holder that is cut off from the network: another machine has the lock within its 30 seconds of waiting, and what comes late changes nothing',
      async () => {
        await using cable = await cableToNamespace();
        await using m = await machinesOf(['N0'], { namespace: cable.namespace });
        const password = 'marked-password-of-the-owner';
        await m.database.query(`ALTER ROLE owner PASSWORD '${password}'`);
        const { before, ended } = await m.refreshing('N0', {
          FITBIT_LOGIN_STORE: `postgresql://owner@${cable.there}:${m.server.port}/${m.database.name}`,
          PGPASSWORD: password,
        });
        await cable.cut();
        const { exit, stdout } = await m.token(1, 'N0').ended;
        expect(exit).toBe(0);
        const stored = await m.database.query('SELECT * FROM fitbit_login.profiles');
        await cable.restore();
        const late = await ended;
        expect([0, 6]).toContain(late.exit);
        expect(late.stdout).toBe(late.exit === 0 ? stdout : '');
        expect(await m.database.query('SELECT * FROM fitbit_login.profiles')).toEqual(stored);
        await m.expectAlive('N0');
        expect(m.sandbox.state().counts.invalidGrants).toBe(before.invalidGrants);
      },
    );
  });

  describe('one after another', { timeout: 600_000 }, () => {
    let m: Machines;
    beforeAll(async () => {
      m = await machinesOf(named('P'));
    }, 300_000);
    beforeEach(() => m.sandbox.faults.clear());
    afterAll(() => m?.[Symbol.asyncDispose]());

    test('many processes on each of 4 machines at the moment of expiry: one refresh, and every result is right', async () => {
      for (let round = 1; round <= ROUNDS; round += 1) {
        await m.expire('P0');
        m.sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 1_000, times: 1 });
        const before = m.sandbox.state().counts;
        const ends = await Promise.all(
          Array.from({ length: PROCESSES * MACHINES }, (_, index) => m.token(index % MACHINES, 'P0').ended),
        );
        const { counts } = m.sandbox.state();
        const newest = (await m.store.read('P0'))?.tokens?.accessToken.reveal();
        expect(ends.filter(({ exit, stdout }) => exit !== 0 || stdout !== newest)).toEqual([]);
        expect([counts.refreshes - before.refreshes, counts.invalidGrants - before.invalidGrants]).toEqual([1, 0]);
      }
    });

    test('a holder that was suspended, lost its lock and wakes up changes nothing, and prints the newest token', async () => {
      const sleeper = await m.refreshing('P2');
      sleeper.child.kill('SIGSTOP');
      await m.database.terminate('P2');
      const { stdout } = await m.token(1, 'P2').ended;
      const stored = await m.database.query('SELECT * FROM fitbit_login.profiles ORDER BY name');
      sleeper.child.kill('SIGCONT');
      expect(await sleeper.ended).toMatchObject({ exit: 0, stdout });
      expect(await m.database.query('SELECT * FROM fitbit_login.profiles ORDER BY name')).toEqual(stored);
      await m.expectAlive('P2');
    });

    test.skipIf(!isRoot)(
      "a server's disk that is full: exit 6 before anything is sent, and no sign-in is lost",
      async (context) => {
        const tiny = join(m.server.directory, 'tiny');
        await run('mkdir', [tiny]);
        if ((await mount(tiny, 'size=2m')) === undefined) return context.skip();
        const filler = join(tiny, 'filler');
        try {
          await run('chown', ['--reference', m.server.directory, tiny]);
          await m.expire('P3');
          // What the tests before have left of dead rows would not fit.
          await m.database.query('VACUUM FULL fitbit_login.profiles');
          await m.database.query(`CREATE TABLESPACE tiny LOCATION '${tiny}'`);
          await m.database.query('ALTER TABLE fitbit_login.profiles SET TABLESPACE tiny');
          // What earlier rows left free would do for the next.
          await m.database.query('VACUUM FULL fitbit_login.profiles');
          await writeFile(filler, Buffer.alloc(4 * 1024 * 1024)).catch(() => {});
          const before = m.sandbox.state().counts;
          expect(await m.token(0, 'P3').ended).toMatchObject({
            exit: 6,
            stderr: expect.stringContaining('disk is full'),
          });
          expect(m.sandbox.state().counts).toEqual(before);
          await rm(filler);
          await m.expectAlive('P3');
        } finally {
          await rm(filler, { force: true });
          await m.database.query('ALTER TABLE fitbit_login.profiles SET TABLESPACE pg_default');
          await m.database.query('DROP TABLESPACE tiny');
          await run('umount', ['--lazy', tiny]);
          await rm(tiny, { recursive: true });
        }
      },
    );
  });
});

test('what a database needs is loaded only when one is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'without-database-'));
  await cp(resolve('dist'), folder, { recursive: true });
  for (const file of await readdir(folder)) if (file.startsWith('postgres')) await rm(join(folder, file));
  const exit = (FITBIT_LOGIN_STORE: string) =>
    run(process.execPath, [join(folder, 'bin.cjs'), 'token'], {
      env: { FITBIT_LOGIN_HOME: folder, FITBIT_LOGIN_STORE },
    }).then(
      () => 0,
      ({ code }) => code,
    );
  expect(await exit('')).toBe(3);
  expect(await exit('postgresql:///x?host=/nowhere')).toBe(1);
  await rm(folder, { recursive: true });
});

/** A namespace with a network of its own, at the other end of a cable. */
async function cableToNamespace() {
  const namespace = `login${process.pid}`;
  // Of the networks for such tests (RFC 2544), another one for each process: two with one address would get each other's packets.
  const network = `198.${18 + (process.pid & 1)}.${(process.pid >> 1) & 255}`;
  const [here, there] = [`${network}.1`, `${network}.2`];
  const [thisEnd, otherEnd] = [`l${process.pid}a`, `l${process.pid}b`];
  const ip = async (...lines: readonly string[]) => {
    for (const line of lines) await run('ip', line.split(' '));
  };
  await ip(
    `netns add ${namespace}`,
    `link add ${thisEnd} type veth peer name ${otherEnd} netns ${namespace}`,
    `address add ${here}/30 dev ${thisEnd}`,
    `link set ${thisEnd} up`,
    `-n ${namespace} address add ${there}/30 dev ${otherEnd}`,
    `-n ${namespace} link set ${otherEnd} up`,
    `-n ${namespace} link set lo up`,
  );
  return {
    namespace,
    there,
    // To an address that no card has, packets go and are lost, and neither end notices.
    cut: () =>
      ip(
        `neigh replace ${there} dev ${thisEnd} lladdr 02:00:00:00:00:01 nud permanent`,
        `-n ${namespace} neigh replace ${here} dev ${otherEnd} lladdr 02:00:00:00:00:01 nud permanent`,
      ),
    restore: () => ip(`neigh del ${there} dev ${thisEnd}`, `-n ${namespace} neigh del ${here} dev ${otherEnd}`),
    [Symbol.asyncDispose]: () => ip(`netns del ${namespace}`),
  };
}
