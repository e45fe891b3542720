import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { accessToken } from '../../src/auth/index.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { postgresAddress } from '../../src/store/postgres-address.ts';
import { postgresStore } from '../../src/store/postgres-store.ts';
import type { Profile } from '../../src/store/profile.ts';
import type { ProfileStore } from '../../src/store/store.ts';
import {
  type PostgresDatabase,
  type PostgresServer,
  postgresServer,
  type ServerOptions,
} from '../flow/postgres-server.ts';
import { signInFixture } from '../flow/sign-in.ts';
import { commit } from '../flow/store-fixture.ts';

export const MACHINES = 4;
const HOUR_MS = 3_600_000;
// Fitbit's, whose refresh tokens work once.
const APP = { FITBIT_CLIENT_ID: SANDBOX_CLIENTS.server.id, FITBIT_CLIENT_SECRET: SANDBOX_CLIENTS.server.secret };

/** The built program, under way. */
export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly exit: number | null;
    readonly stdout: string;
    readonly stderr: string;
    readonly ms: number;
  }>;
}

interface StartOptions {
  /** What the database knows its connection by. */
  readonly application?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Machines, each a home of its own, with one database; and a provider at which people are signed in, each a profile. */
export interface Machines extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly database: PostgresDatabase;
  readonly sandbox: Sandbox;
  readonly store: ProfileStore;
  start(machine: number, args: readonly string[], options?: StartOptions): Run;
  token(machine: number, profile: string, environment?: StartOptions['environment']): Run;
  /** A token that a program gets through the library. @param application what the database knows its connection by */
  library(machine: number, profile: string, application: string): Promise<string>;
  /** Dates the stored tokens back, so that they have just expired. */
  expire(profile: string): Promise<void>;
  /** `token` on the first machine, held up after the provider has got its refresh; and the provider's counts before that. */
  refreshing(
    profile: string,
    environment?: StartOptions['environment'],
  ): Promise<Run & { readonly before: ReturnType<Sandbox['state']>['counts'] }>;
  /** That the sign-in lives on: another machine's token is what is stored, and the provider knows it. */
  expectAlive(profile: string): Promise<void>;
}

export async function machinesOf(people: readonly string[], options?: ServerOptions): Promise<Machines> {
  const [server, at] = await Promise.all([
    postgresServer(options),
    signInFixture({ people: people.map((userId) => ({ userId, displayName: userId })) }),
  ]);
  const { home, sandbox } = at;
  const database = await server.database();
  /** Another connection string is another connection, as that of another machine is. */
  const known = (application: string) => `${database.url}&application_name=${application}`;
  const address = postgresAddress({ FITBIT_LOGIN_STORE: known('test') });
  const store = await postgresStore({ address, keyFile: database.keyFile, location: (name) => name });
  for (const person of people) {
    const waiting = await at.begin(
      { profile: person },
      { environment: { FITBIT_LOGIN_HOME: home, ...APP, ...database.environment } },
    );
    await waiting.consent({ person });
    await waiting.result;
  }

  const start = (machine: number, args: readonly string[], options: StartOptions = {}): Run => {
    const { application = 'fitbit-login', environment } = options;
    const began = performance.now();
    // The provider and the database of so many processes go first, so that no time limit ends what only waits for a processor.
    const child = spawn('nice', ['-n', '10', process.execPath, resolve('dist/bin.cjs'), ...args], {
      env: {
        PATH: process.env.PATH,
        FITBIT_LOGIN_HOME: join(home, `home${machine}`),
        PGAPPNAME: application,
        ...database.environment,
        ...environment,
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
  const token: Machines['token'] = (machine, profile, environment) =>
    start(machine, ['token', '--profile', profile], { application: profile, environment });
  const expire = (profile: string) =>
    commit(store, profile, (current) => {
      if (current?.tokens === undefined) throw new Error(`${profile} is lost.`);
      const tokens = { ...current.tokens, obtainedAt: new Date(Date.now() - 8 * HOUR_MS), expiresAt: new Date() };
      return { ...current, tokens } satisfies Profile;
    });
  const library = async (machine: number, profile: string, application: string) => {
    const own = { FITBIT_LOGIN_HOME: join(home, `home${machine}`), FITBIT_LOGIN_STORE: known(application) };
    const { token } = await accessToken({ profile }, { environment: { ...database.environment, ...own } });
    return token.reveal();
  };
  return {
    server,
    database,
    sandbox,
    store,
    start,
    token,
    library,
    expire,
    refreshing: async (profile, environment) => {
      await expire(profile);
      sandbox.faults.add({ at: 'token', kind: 'delay-answer', ms: 1_000, times: 1 });
      const before = sandbox.state().counts;
      const running = token(0, profile, environment);
      while (sandbox.state().counts.refreshes === before.refreshes) {
        const end = await Promise.race([delay(5), running.ended]);
        if (end !== undefined && sandbox.state().counts.refreshes === before.refreshes)
          throw new Error(`It ended with ${end.exit} before a refresh: ${end.stderr}`);
      }
      return { ...running, before };
    },
    expectAlive: async (profile) => {
      const token = await library(MACHINES, profile, `other-${profile}`);
      const { tokens } = (await store.read(profile)) ?? {};
      expect(tokens?.accessToken.reveal()).toBe(token);
      expect(sandbox.isLive(tokens?.refreshToken?.reveal() ?? '')).toBe(true);
    },
    [Symbol.asyncDispose]: async () => {
      await at[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
