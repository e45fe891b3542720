import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { createRuntime } from '../../src/auth/runtime.ts';
import { decodeProfile } from '../../src/store/codec.ts';
import { hasPostgres, postgresServer } from '../../test/flow/postgres-server.ts';
import type { NodeRuntime } from '../node-runtime.ts';
import type { Contestant } from './figures.ts';
import type { Peer, Setting } from './peers.ts';
import { type Command, type Login, listeningMs, signInMs, startWaiting, wholeProcessMs } from './program.ts';
import { ACCESS_TOKEN, FRESH_TOKEN } from './provider.ts';

interface Rig extends Setting {
  readonly node: NodeRuntime;
  readonly peers: readonly Peer[];
  /** What to do when all rows are measured. */
  readonly atEnd: (() => PromiseLike<void>)[];
}

export interface Row {
  readonly unit: 'ms' | 's' | 'MiB' | 'KiB';
  readonly rounds: number;
  /** Whether it is measured on both Nodes. Default: on the newer one. */
  readonly onEachNode?: boolean;
  /** No ratio: the first contestant is ours and not a baseline. */
  readonly absolute?: boolean;
  readonly contestants: (rig: Rig) => Promise<readonly Contestant[]>;
}

const PROJECT = join(import.meta.dirname, '../..');
const PROCESSES = 100;
const MANY = 10_000;
const DUE = 1_000;
const HOUR_MS = 3_600_000;

export const ROWS: Readonly<Record<string, Row>> = {
  'token, fresh': {
    unit: 'ms',
    rounds: 30,
    onEachNode: true,
    contestants: async (rig) => {
      const command = program(rig, await makeHome(rig, 1), 'token', '--profile', 'p0');
      const empty = { file: rig.node.path, args: ['-e', '0'], env: rig.environment };
      return [
        { name: 'node -e 0', measure: () => wholeProcessMs(empty) },
        { name: 'fitbit-login', measure: () => wholeProcessMs(command, ACCESS_TOKEN) },
        ...rig.peers.flatMap(({ name, token }) =>
          token ? [{ name, mayFail: true, measure: () => wholeProcessMs(token(rig.node.path), ACCESS_TOKEN) }] : [],
        ),
      ];
    },
  },
  'token, fresh, over PostgreSQL': {
    unit: 'ms',
    rounds: 30,
    contestants: async (rig) => {
      if (!hasPostgres) return [];
      const server = await postgresServer();
      rig.atEnd.push(() => server[Symbol.asyncDispose]());
      const { url, environment } = await server.database();
      const home = await makeHome(rig, 1);
      const within = { ...rig, environment: { ...rig.environment, ...environment } };
      const store = createRuntime({ environment }).store;
      const profile = decodeProfile(readFileSync(join(home, 'profiles/p0.json')), 'p0');
      {
        await using locked = await store.lock('default');
        await locked.commit(profile);
      }
      const psql = { file: 'psql', args: [url, '-Atc', `SELECT '${ACCESS_TOKEN}'`], env: rig.environment };
      return [
        { name: 'psql', measure: () => wholeProcessMs(psql, ACCESS_TOKEN) },
        { name: 'fitbit-login', measure: () => wholeProcessMs(program(within, home, 'token'), ACCESS_TOKEN) },
      ];
    },
  },
  'login: start to listening': {
    unit: 'ms',
    rounds: 15,
    onEachNode: true,
    contestants: (rig) => waiters(rig, listeningMs),
  },
  'login: peak memory while waiting': { unit: 'MiB', rounds: 5, contestants: (rig) => waiters(rig, peakMiB) },
  'callback to page': {
    unit: 'ms',
    rounds: 30,
    onEachNode: true,
    absolute: true,
    contestants: (rig) => signIns(rig, async (login) => (await signInMs(login)).pageMs),
  },
  'page to process gone': {
    unit: 'ms',
    rounds: 15,
    onEachNode: true,
    absolute: true,
    contestants: (rig) => signIns(rig, async (login) => (await signInMs(login)).goneMs ?? Number.NaN),
  },
  [`${PROCESSES} × token at expiry`]: {
    unit: 's',
    rounds: 6,
    contestants: async (rig) => [
      { name: `${PROCESSES} × fresh token`, measure: () => manyTokens(rig, HOUR_MS, ACCESS_TOKEN, 0) },
      { name: 'fitbit-login', measure: () => manyTokens(rig, -1, FRESH_TOKEN, 1) },
    ],
  },
  [`token among ${MANY} profiles`]: {
    unit: 'ms',
    rounds: 30,
    contestants: async (rig) => {
      const [one, many] = [await makeHome(rig, 1), await makeHome(rig, MANY)];
      const token = (home: string, name: string) =>
        wholeProcessMs(program(rig, home, 'token', '--profile', name), ACCESS_TOKEN);
      return [
        { name: 'token among 1', measure: () => token(one, 'p0') },
        { name: 'fitbit-login', measure: () => token(many, `p${MANY / 2}`) },
      ];
    },
  },
  [`status --all over ${MANY} profiles`]: {
    unit: 's',
    rounds: 5,
    absolute: true,
    contestants: async (rig) => {
      const command = program(rig, await makeHome(rig, MANY), 'status', '--all', '--json');
      return [{ name: 'fitbit-login', measure: () => wholeProcessMs(command, /"p9999"/) / 1000 }];
    },
  },
  [`refresh --all over ${DUE} profiles`]: {
    unit: 's',
    rounds: 2,
    absolute: true,
    contestants: async (rig) => [{ name: 'fitbit-login', measure: async () => (await refreshAll(rig)).seconds }],
  },
  [`refresh --all over ${DUE} profiles: peak memory`]: {
    unit: 'MiB',
    rounds: 1,
    absolute: true,
    contestants: async (rig) => [{ name: 'fitbit-login', measure: async () => (await refreshAll(rig)).peakMiB }],
  },
  'installed size': {
    unit: 'KiB',
    rounds: 1,
    absolute: true,
    contestants: async (rig) => {
      const folder = await mkdtemp(join(rig.directory, 'install-'));
      const npm = (...args: readonly string[]) => execFileSync('npm', args, { cwd: folder, encoding: 'utf8' });
      const archive = npm('pack', PROJECT, '--silent', '--ignore-scripts').trim();
      await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
      npm('install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', `./${archive}`);
      return [
        { name: 'fitbit-login', measure: () => installedKiB(folder) },
        ...rig.peers.flatMap(({ name, folder: own }) =>
          own === undefined ? [] : [{ name, measure: () => installedKiB(own) }],
        ),
      ];
    },
  },
};

function program({ node, environment }: Rig, home: string, ...args: readonly string[]): Command {
  const { bin } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  const file = join(PROJECT, bin['fitbit-login']);
  return { file: node.path, args: [file, ...args], env: { ...environment, FITBIT_LOGIN_HOME: home } };
}

async function waiters(rig: Rig, measure: (login: Login) => Promise<number>): Promise<readonly Contestant[]> {
  const home = await makeHome(rig, 0);
  const bare = { file: rig.node.path, args: [join(import.meta.dirname, 'peers/server.mjs')], env: rig.environment };
  // An app of Fitbit's, for which nothing is asked before the browser opens.
  const ours = () => login(rig, home, '--client-id', '23ABCD');
  return [
    { name: 'bare node:http', measure: () => measure({ command: () => bare }) },
    { name: 'fitbit-login', measure: () => measure({ command: ours }) },
    ...peersThat(rig, (peer) => peer.login ?? peer.server, measure),
  ];
}

async function signIns(rig: Rig, measure: (login: Login) => Promise<number>): Promise<readonly Contestant[]> {
  const home = await makeHome(rig, 0);
  const ours = () => login(rig, home, '--provider', rig.provider.origin, '--client-id', 'bench', '--scope', 'openid');
  return [
    { name: 'fitbit-login', measure: () => measure({ command: ours }) },
    ...peersThat(rig, (peer) => peer.login, measure),
  ];
}

function login(rig: Rig, home: string, ...args: readonly string[]): Command {
  return program(rig, home, 'login', '--no-browser', '--redirect-uri', 'http://127.0.0.1:0/callback', ...args);
}

function peersThat(
  { peers, node }: Rig,
  startOf: (peer: Peer) => Peer['login'],
  measure: (login: Login) => Promise<number>,
): readonly Contestant[] {
  return peers.flatMap((peer) => {
    const start = startOf(peer);
    return start ? [{ name: peer.name, mayFail: true, measure: () => measure(start(node.path)) }] : [];
  });
}

async function peakMiB(login: Login): Promise<number> {
  await using waiting = await startWaiting(login);
  await delay(300);
  return peakOf(waiting.process) ?? Number.NaN;
}

/** In MiB. `undefined` for a process that has ended. */
function peakOf({ pid }: ChildProcess): number | undefined {
  const [, kiB] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return kiB === undefined ? undefined : Number(kiB) / 1024;
}

/** One `refresh --all` over profiles that are all due. */
async function refreshAll(rig: Rig): Promise<{ readonly seconds: number; readonly peakMiB: number }> {
  const { file, args, env } = program(rig, await makeHome(rig, DUE, -1), 'refresh', '--all');
  const before = rig.provider.refreshes();
  const started = performance.now();
  const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  let peakMiB = Number.NaN;
  const timer = setInterval(() => {
    peakMiB = peakOf(child) ?? peakMiB;
  }, 20);
  const [code] = await once(child, 'exit').finally(() => clearInterval(timer));
  const asked = rig.provider.refreshes() - before;
  if (code !== 0 || asked !== DUE) throw new Error(`It ended with ${code} after ${asked} refreshes instead of ${DUE}.`);
  return { seconds: (performance.now() - started) / 1000, peakMiB };
}

/** Seconds until the last of many processes, started at once, has printed the right token. */
async function manyTokens(rig: Rig, ttlMs: number, expected: string, refreshes: number): Promise<number> {
  const { file, args, env } = program(rig, await makeHome(rig, 1, ttlMs), 'token', '--profile', 'p0');
  const before = rig.provider.refreshes();
  const started = performance.now();
  // Not from here: a hundred starts would keep this thread, and with it the provider, busy for seconds.
  const child = spawn('xargs', ['-P', `${PROCESSES}`, '-I', '{}', file, ...args], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end('one\n'.repeat(PROCESSES));
  const answers = (await text(child.stdout)).trim().split('\n');
  const seconds = (performance.now() - started) / 1000;
  const asked = rig.provider.refreshes() - before;
  if (answers.length !== PROCESSES || answers.some((answer) => answer !== expected) || asked < refreshes) {
    throw new Error(`${asked} refreshes, or a wrong answer.`);
  }
  return seconds;
}

/** A home with profiles p0, p1 …; their access token expires in `ttlMs`. */
async function makeHome({ directory, provider }: Setting, profiles: number, ttlMs = HOUR_MS): Promise<string> {
  const home = await mkdtemp(join(directory, 'home-'));
  await mkdir(join(home, 'profiles'), { mode: 0o700 });
  const now = Date.now();
  const profile = JSON.stringify({
    version: 1,
    provider: 'custom',
    issuer: provider.origin,
    client_id: 'bench',
    redirect_uris: ['http://127.0.0.1:8976/callback'],
    requested_scope: 'openid',
    access_token: ACCESS_TOKEN,
    refresh_token: 'marked-refresh-token-of-the-benchmark',
    token_type: 'Bearer',
    scope: 'openid',
    obtained_at: new Date(now - HOUR_MS).toISOString(),
    expires_at: new Date(now + ttlMs).toISOString(),
  });
  for (let index = 0; index < profiles; index += 1) {
    await writeFile(join(home, 'profiles', `p${index}.json`), profile, { mode: 0o600 });
  }
  return home;
}

async function installedKiB(folder: string): Promise<number> {
  const modules = join(folder, 'node_modules');
  const { packages } = JSON.parse(await readFile(join(modules, '.package-lock.json'), 'utf8'));
  const entries = await readdir(modules, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile() && entry.name !== '.package-lock.json')
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size);
  process.stderr.write(`${folder}: ${Object.keys(packages).length} packages\n`);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1024;
}
