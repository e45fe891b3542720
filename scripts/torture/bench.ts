import { chmod, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pino from 'pino';
import * as v from 'valibot';
import { consent, login, type Sandbox, startSandbox } from '../../src/auth/index.ts';
import { decodeProfile } from '../../src/store/codec.ts';
import type { Profile } from '../../src/store/profile.ts';
import type { Run, Running, RunOptions } from './program.ts';
import type { Rig } from './row.ts';

const LIFETIME_MS = 8 * 3_600_000;
const FileText = v.record(v.string(), v.unknown());
const Introspection = v.object({ active: v.boolean() });

export interface BenchOptions {
  /** How many people sign in, each under a profile of their own. Default 1. */
  readonly people?: number;
  /** Told of every request at the token endpoint once everybody is signed in, when its answer has been sent. */
  readonly onTokenRequest?: () => void;
}

/** One person, signed in. */
export interface Account {
  readonly profile: string;
  readonly home: string;
}

/** A sandbox, a home directory, and people who are signed in. */
export interface Bench extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly home: string;
  readonly accounts: readonly Account[];
  /** The first of them. */
  readonly account: Account;
  start(account: Account, args: readonly string[], options?: Partial<RunOptions>): Running;
  /** `fitbit-login token`. */
  token(account: Account, options?: Partial<RunOptions>): Promise<Run>;
  /** The profile, judged as strictly as the program does. Throws where the file is damaged. */
  stored(account: Account): Promise<Profile>;
  /** Dates the stored tokens back, as if they had been obtained so long ago that the access token has just ended. */
  expire(account: Account): Promise<void>;
  /** Whether the provider says that this access token works. */
  works(accessToken: string): Promise<boolean>;
  /** What is wrong after `token` was to recover: the answer must work, and the sign-in must go on. */
  verdict(account: Account, run: Run): Promise<readonly string[]>;
  /** Names of what was left beside the profile: locks and temporary files. */
  leftovers(account: Account): Promise<readonly string[]>;
}

/** Where an account's profile is. */
export function fileOf({ home, profile }: Account): string {
  return join(home, 'profiles', `${profile}.json`);
}

export async function openBench(
  rig: Pick<Rig, 'program' | 'canary' | 'directory'>,
  { people = 1, onTokenRequest = () => {} }: BenchOptions = {},
): Promise<Bench> {
  const { program, canary, directory } = rig;
  const ids = Array.from({ length: people }, (_, index) => `P${String(index).padStart(5, '0')}`);
  let isReady = false;
  const write = (line: string) => {
    if (isReady && line.includes('"/oauth2/token"')) onTokenRequest();
  };
  const sandbox = await startSandbox({
    people: ids.map((userId) => ({ userId, displayName: userId })),
    logger: pino({}, { write }),
  });
  for (const { secret } of sandbox.clients) canary.mark('client secret', secret);
  const home = await mkdtemp(join(directory, 'home-'));
  await chmod(home, 0o755);
  const accounts: Account[] = [];
  for (const userId of ids) {
    const profile = userId.toLowerCase();
    await signIn(sandbox, { home, profile }, userId);
    accounts.push({ home, profile });
  }
  const [account] = accounts;
  if (account === undefined) throw new Error('A bench needs somebody.');

  const bench: Bench = {
    sandbox,
    home,
    accounts,
    account,
    start: ({ home, profile }, args, options = {}) =>
      program.start([...args, '--profile', profile], { home, ...options }),
    token: (account, options) => bench.start(account, ['token'], options).ended,
    stored: async (account) => {
      const path = fileOf(account);
      const profile = decodeProfile(await readFile(path), path);
      canary.mark('access token', profile.tokens?.accessToken.reveal());
      canary.mark('refresh token', profile.tokens?.refreshToken?.reveal());
      return profile;
    },
    expire: async (account) => {
      const path = fileOf(account);
      const fields = v.parse(FileText, JSON.parse(await readFile(path, 'utf8')));
      const [obtained_at, expires_at] = [Date.now() - LIFETIME_MS, Date.now()].map((time) =>
        new Date(time).toISOString(),
      );
      await writeFile(path, `${JSON.stringify({ ...fields, obtained_at, expires_at }, null, 2)}\n`);
    },
    works: async (accessToken) => {
      const response = await fetch(`${sandbox.origin}/1.1/oauth2/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${accessToken}` },
        body: new URLSearchParams({ token: accessToken }),
      });
      return response.ok && v.parse(Introspection, await response.json()).active;
    },
    verdict: async (account, run) => {
      if (run.exitCode !== 0) return [`token ended with ${run.exitCode}: ${run.stderr.trim()}`];
      const failures: string[] = [];
      if (!(await bench.works(run.stdout.trim()))) failures.push('the token that was printed does not work');
      const { tokens } = await bench.stored(account);
      if (tokens?.accessToken.reveal() !== run.stdout.trim())
        failures.push('the token that was printed is not the stored one');
      if (!sandbox.isLive(tokens?.refreshToken?.reveal() ?? '')) failures.push('the sign-in is lost');
      return failures;
    },
    leftovers: async ({ home, profile }) =>
      (await readdir(dirname(fileOf({ home, profile })))).filter((name) => name.startsWith(`.${profile}.`)),
    [Symbol.asyncDispose]: async () => {
      await sandbox.close();
      await canary.hearDirectory(home, join(home, 'profiles'));
    },
  };
  for (const account of accounts) await bench.stored(account);
  isReady = true;
  return bench;
}

async function signIn(sandbox: Sandbox, { home, profile }: Account, person: string): Promise<void> {
  const openBrowser = async (url: string) => void (await consent(url, { person }));
  await login(
    {
      sandbox: sandbox.origin,
      // The one whose refresh uses up its token.
      provider: 'fitbit',
      profile,
      redirectUris: ['http://127.0.0.1:0/callback'],
      notify: (event) => {
        // As if this very port had been registered all along.
        if (event.kind !== 'waiting') return;
        const id = new URL(event.url).searchParams.get('client_id') ?? '';
        sandbox.register({ id, redirectUris: [event.redirectUri] });
      },
    },
    { environment: { FITBIT_LOGIN_HOME: home }, openBrowser },
  );
}
