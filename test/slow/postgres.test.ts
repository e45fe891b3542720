import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { consent, login } from '../../src/auth/index.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Secret } from '../../src/secret.ts';
import { postgresAddress } from '../../src/store/postgres-address.ts';
import { postgresStore } from '../../src/store/postgres-store.ts';
import type { Profile } from '../../src/store/profile.ts';
import type { ProfileStore } from '../../src/store/store.ts';
import { hasPostgres, type PostgresDatabase, type PostgresServer, postgresServer } from '../flow/postgres-server.ts';
import { commit, isRoot, mount, run } from '../flow/store-fixture.ts';

const MACHINES = 4;
const PROCESSES = 20;
const ROUNDS = 5;
const MOMENTS = 100;
const PROFILES = 2_000;
const HOUR_MS = 3_600_000;
// Fitbit's, whose refresh tokens work once.
const APP = { FITBIT_CLIENT_ID: SANDBOX_CLIENTS.server.id, FITBIT_CLIENT_SECRET: SANDBOX_CLIENTS.server.secret };

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly exit: number | null;
    readonly stdout: string;
    readonly stderr: string;
    readonly ms: number;
  }>;
}

/** The built program on many machines, each a home of its own, with one database. */
describe.skipIf(!hasPostgres)('many machines', () => {
  let server: PostgresServer;
  let database: PostgresDatabase;
  let sandbox: Sandbox;
  let store: ProfileStore;
  let root: string;
  const people = Array.from({ length: MACHINES }, (_, index) => `P${index}`);
  beforeAll(async () => {
    [server, sandbox, root] = await Promise.all([
      postgresServer(),
      startSandbox({ people: people.map((userId) => ({ userId, displayName: userId })) }),
      mkdtemp(join(tmpdir(), 'machines-')),
    ]);
    database = await server.database();
    const { url, keyFile, environment } = database;
    const address = postgresAddress({ FITBIT_LOGIN_STORE: `${url}&application_name=test` });
    store = await postgresStore({ address, keyFile, location: (name) => name });
    for (const person of people) {
      const visit = (url: string) => {
        const { searchParams } = new URL(url);
        const [id, uri] = ['client_id', 'redirect_uri'].map((name) => searchParams.get(name) ?? '');
        sandbox.register({ id: id ?? '', redirectUris: [uri ?? ''] });
        void consent(url, { person });
      };
      await login(
        {
          sandbox: sandbox.origin,
          profile: person,
          redirectUris: ['http://127.0.0.1:0/callback'],
          browser: false,
          notify: (event) => event.kind === 'waiting' && visit(event.url),
        },
        { environment: { FITBIT_LOGIN_HOME: root, ...APP, ...environment } },
      );
    }
  }, 300_000);
  beforeEach(() => sandbox.faults.clear());
  afterAll(async () => {
    await sandbox?.close();
    await server?.[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  /** @param application what the database knows the process's connection by */
  const start = (machine: number, args: readonly string[], application = 'fitbit-login'): Run => {
    const began = performance.now();
    // The provider and the database of so many processes go first, so that no time limit ends what only waits for a processor.
    const child = spawn('nice', ['-n', '10', process.execPath, resolve('dist/bin.cjs'), ...args], {
      env: {
        PATH: process.env.PATH,
        FITBIT_LOGIN_HOME: join(root, `home${machine}`),
        PGAPPNAME: application,
        ...database.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = once(child, 'close').then(([exit]) => ({
      exit,
      stdout: stdout.trim(),
      stderr,
      ms: performance.now() - began,
    }));
    return { child, ended };
  };
  const token = (machine: number, profile: string) => start(machine, ['token', '--profile', profile], profile);

  /** Dates the stored tokens back, so that they have just expired. */
  const expire = (profile: string) =>
    commit(store, profile, (current) => {
      if (current?.tokens === undefined) throw new Error(`${profile} is lost.`);
      const tokens = { ...current.tokens, obtainedAt: new Date(Date.now() - 8 * HOUR_MS), expiresAt: new Date() };
      return { ...current, tokens } satisfies Profile;
    });
  /** That the sign-in lives on: what a machine prints is what is stored, and the provider knows it. */
  const expectAlive = async (machine: number, profile: string) => {
    const { exit, stdout, stderr } = await token(machine, profile).ended;
    expect([exit, stderr]).toEqual([0, '']);
    const { tokens } = (await store.read(profile)) ?? {};
    expect(tokens?.accessToken.reveal()).toBe(stdout);
    expect(sandbox.isLive(tokens?.refreshToken?.reveal() ?? '')).toBe(true);
  };
  const requested = async (before: number) => {
    while (sandbox.state().counts.refreshes === before) await delay(5);
  };

  test('many processes on each of 4 machines at the moment of expiry: one refresh, and every answer is right', {
    timeout: 600_000,
  }, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      await expire('P0');
      sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 1_000, times: 1 });
      const before = sandbox.state().counts;
      const ends = await Promise.all(
        Array.from({ length: PROCESSES * MACHINES }, (_, index) => token(index % MACHINES, 'P0').ended),
      );
      const { counts } = sandbox.state();
      const newest = (await store.read('P0'))?.tokens?.accessToken.reveal();
      expect(ends.filter(({ exit, stdout }) => exit !== 0 || stdout !== newest)).toEqual([]);
      expect([counts.refreshes - before.refreshes, counts.invalidGrants - before.invalidGrants]).toEqual([1, 0]);
    }
  });

  /** Does something to a refresh at many moments of it, on four machines at once. @returns how many were under way then */
  const atMoments = async (disturb: (running: Run, profile: string) => Promise<void>): Promise<number> => {
    let underWay = 0;
    const moments = Array.from({ length: MOMENTS }, (_, index) => index / MOMENTS).values();
    const lane = async (profile: string, machine: number) => {
      await expire(profile);
      let { ms } = await token(machine, profile).ended;
      for (const moment of moments) {
        await expire(profile);
        const running = token(machine, profile);
        // Most of the time the program is being loaded, when there is nothing to disturb yet.
        await Promise.race([delay(ms * (0.35 + moment * 0.65)), running.ended]);
        await disturb(running, profile);
        const { exit, ms: took } = await running.ended;
        if (exit === 0) ms = (ms + took) / 2;
        if ((await store.read(profile))?.refreshStartedAt !== undefined) underWay += 1;
        await expectAlive((machine + 1) % MACHINES, profile);
      }
    };
    sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 400, times: 10_000 });
    await Promise.all(people.map(lane));
    return underWay;
  };

  test(`kill -9 of a holder at ${MOMENTS} moments: no sign-in is lost, and the next machine has a working token`, {
    timeout: 600_000,
  }, async () => {
    const underWay = await atMoments(async ({ child }) => void child.kill('SIGKILL'));
    expect(underWay).toBeGreaterThan(5);
    expect(sandbox.state().counts.invalidGrants).toBe(0);
  });

  test(`pg_terminate_backend at ${MOMENTS} moments: the token is printed, or exit 6; no sign-in is lost`, {
    timeout: 600_000,
  }, async () => {
    const exits: (number | null)[] = [];
    let terminated = 0;
    await atMoments(async ({ ended }, profile) => {
      // Of this profile alone: a command that proves another one alive takes a lost connection once, and not each time.
      terminated += await database.terminate(profile);
      exits.push((await ended).exit);
    });
    expect(exits.filter((exit) => exit !== 0 && exit !== 6)).toEqual([]);
    expect(terminated).toBeGreaterThan(20);
    expect(sandbox.state().counts.invalidGrants).toBe(0);
  });

  test('a server that crashes while the refresh token is under way: the response is saved once it is back', async () => {
    for (let round = 0; round < 3; round += 1) {
      await expire('P1');
      sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 1_000, times: 1 });
      const before = sandbox.state().counts;
      const running = token(0, 'P1');
      await requested(before.refreshes);
      await server.crash();
      const { exit, stdout, stderr } = await running.ended;
      expect([exit, stderr]).toEqual([0, '']);
      expect((await store.read('P1'))?.tokens?.accessToken.reveal()).toBe(stdout);
      expect(sandbox.state().counts.repeats).toBe(before.repeats);
      await expectAlive(1, 'P1');
    }
  });

  test('a server that stays away after the response: exit 6 after 30 seconds, with how long the response is repeated', {
    timeout: 90_000,
  }, async () => {
    await expire('P1');
    sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 1_000, times: 1 });
    const before = sandbox.state().counts;
    const running = token(0, 'P1');
    await requested(before.refreshes);
    await server.stop();
    const ended = await running.ended;
    await server.restart();
    expect(ended).toMatchObject({ exit: 6, stdout: '', stderr: expect.stringContaining('within two minutes') });
    await expectAlive(1, 'P1');
    expect(sandbox.state().counts).toMatchObject({ repeats: before.repeats + 1, invalidGrants: before.invalidGrants });
  });

  test('a holder that was suspended, lost its lock and wakes up changes nothing, and prints the newest token', async () => {
    await expire('P2');
    sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 500, times: 1 });
    const before = sandbox.state().counts.refreshes;
    const sleeper = token(0, 'P2');
    await requested(before);
    sleeper.child.kill('SIGSTOP');
    await database.terminate('P2');
    const { stdout } = await token(1, 'P2').ended;
    const stored = await database.query('SELECT * FROM fitbit_login.profiles ORDER BY name');
    sleeper.child.kill('SIGCONT');
    expect(await sleeper.ended).toMatchObject({ exit: 0, stdout });
    expect(await database.query('SELECT * FROM fitbit_login.profiles ORDER BY name')).toEqual(stored);
    await expectAlive(2, 'P2');
  });

  test.skipIf(!isRoot)(
    "a server's disk that is full: exit 6 before anything is sent, and no sign-in is lost",
    async (context) => {
      const tiny = join(server.directory, 'tiny');
      await run('mkdir', [tiny]);
      if ((await mount(tiny, 'size=2m')) === undefined) return context.skip();
      const filler = join(tiny, 'filler');
      try {
        await run('chown', ['--reference', server.directory, tiny]);
        await expire('P3');
        // What the tests before have left of dead rows would not fit.
        await database.query('VACUUM FULL fitbit_login.profiles');
        await database.query(`CREATE TABLESPACE tiny LOCATION '${tiny}'`);
        await database.query('ALTER TABLE fitbit_login.profiles SET TABLESPACE tiny');
        // What earlier rows left free would do for the next.
        await database.query('VACUUM FULL fitbit_login.profiles');
        await writeFile(filler, Buffer.alloc(4 * 1024 * 1024)).catch(() => {});
        const before = sandbox.state().counts;
        expect(await token(0, 'P3').ended).toMatchObject({ exit: 6, stderr: expect.stringContaining('disk is full') });
        expect(sandbox.state().counts).toEqual(before);
        await rm(filler);
        await expectAlive(1, 'P3');
      } finally {
        await rm(filler, { force: true });
        await database.query('ALTER TABLE fitbit_login.profiles SET TABLESPACE pg_default');
        await database.query('DROP TABLESPACE tiny');
        await run('umount', ['--lazy', tiny]);
        await rm(tiny, { recursive: true });
      }
    },
  );

  test('refresh --all on 4 machines at once: each profile is refreshed once', {
    timeout: 600_000,
  }, async () => {
    // A provider of our own that counts what it gets: at the sandbox, 2,000 people would have to sign in first.
    await using provider = await countingProvider();
    const plant = async (count: number) => {
      await database.query('DELETE FROM fitbit_login.profiles');
      provider.refreshed.clear();
      for (const name of Array.from({ length: count }, (_, index) => `p${index}`)) {
        const [accessToken, refreshToken] = [new Secret(`marked-access-${name}`), new Secret(name)];
        const [obtainedAt, expiresAt] = [new Date(Date.now() - HOUR_MS), new Date()];
        await commit(store, name, () => ({
          provider: 'custom',
          issuer: provider.origin,
          client: { id: 'study' },
          redirectUris: ['http://127.0.0.1:8976/callback'],
          requestedScopes: ['openid'],
          tokens: { accessToken, refreshToken, tokenType: 'Bearer', scopes: ['openid'], obtainedAt, expiresAt },
        }));
      }
    };
    for (const [machines, count] of [
      [1, PROFILES / MACHINES],
      [MACHINES, PROFILES],
    ] as const) {
      await plant(count);
      const began = performance.now();
      const workers = Array.from({ length: machines }, (_, machine) => start(machine, ['refresh', '--all', '--json']));
      const ends = await Promise.all(workers.map(({ ended }) => ended));
      const seconds = (performance.now() - began) / 1000;
      expect(ends.filter(({ exit }) => exit !== 0)).toEqual([]);
      expect(provider.refreshed.size).toBe(count);
      expect([...provider.refreshed.values()].filter((times) => times !== 1)).toEqual([]);
      console.info(
        `refresh --all, ${count} profiles on ${machines} machines: ${(count / seconds).toFixed(0)} a second`,
      );
    }
  });
});

/** A provider that grants every refresh, and counts how often it was asked for which. */
async function countingProvider() {
  const { createServer } = await import('node:http');
  const refreshed = new Map<string, number>();
  const provider = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { host } = request.headers;
    response.setHeader('content-type', 'application/json');
    if (request.url?.startsWith('/.well-known/')) {
      const origin = `http://${host}`;
      const endpoints = { authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token` };
      response.end(
        JSON.stringify({
          issuer: origin,
          ...endpoints,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
        }),
      );
      return;
    }
    const token = new URLSearchParams(body).get('refresh_token') ?? '';
    refreshed.set(token, (refreshed.get(token) ?? 0) + 1);
    response.end(
      JSON.stringify({
        access_token: `marked-new-${token}`,
        refresh_token: `${token}x`,
        token_type: 'Bearer',
        expires_in: 3_600,
      }),
    );
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const address = provider.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    refreshed,
    [Symbol.asyncDispose]: async () => {
      provider.closeAllConnections();
      await new Promise((resolve) => provider.close(resolve));
    },
  };
}
