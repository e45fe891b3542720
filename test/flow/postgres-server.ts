import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { postgresAddress } from '../../src/store/postgres-address.ts';
import { Client } from '../../src/store/postgres-packages.ts';
import { migrate } from '../../src/store/postgres-schema.ts';
import { connected } from '../../src/store/postgres-session.ts';

const run = promisify(execFile);

/** Where Debian keeps the programs of its newest PostgreSQL. */
const PROGRAMS = (existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [])
  .sort((a, b) => Number(b) - Number(a))
  .map((version) => `/usr/lib/postgresql/${version}/bin`)[0];

/** Whether there is a PostgreSQL to test with. Tests that want one are skipped without, and this says so. */
export const hasPostgres = PROGRAMS !== undefined;
if (!hasPostgres)
  console.warn('SKIPPED: no PostgreSQL in /usr/lib/postgresql, so nothing about the store in a database is tested.');

/** A server of a test's own. */
export interface PostgresServer extends AsyncDisposable {
  /** Where its socket is. */
  readonly directory: string;
  readonly port: number;
  /** What a store on a database of its own is named by, over the socket; the schema is there already. */
  database(options?: { readonly migrated?: boolean }): Promise<PostgresDatabase>;
  /** Everything that the server has logged. */
  log(): Promise<string>;
  /** Stops it at once, as a crash would, and starts it again. */
  crash(): Promise<void>;
  /** Starts it again with other settings: `ssl=on`. */
  restart(...settings: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresDatabase {
  readonly name: string;
  readonly url: string;
  readonly keyFile: string;
  /** What makes a process use it. */
  readonly environment: { readonly FITBIT_LOGIN_STORE: string; readonly FITBIT_LOGIN_STORE_KEY_FILE: string };
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Ends every connection to it, or those of one application. @returns how many there were */
  terminate(application?: string): Promise<number>;
}

export interface ServerOptions {
  /** `ssl=on` */
  readonly settings?: readonly string[];
  /** The network namespace that it runs in, and listens in at every address. Its socket is reached from everywhere. For root. */
  readonly namespace?: string;
}

/** Starts a server that syncs nothing: what a test kills is a process, never the machine. */
export async function postgresServer({ settings = [], namespace }: ServerOptions = {}): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'postgres-'));
  const user = userInfo().uid === 0 ? await idOf('postgres') : undefined;
  const as = { ...user, cwd: directory };
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  await chmod(directory, 0o755);
  const data = join(directory, 'data');
  // Ours, as the directory of the server is not where the tests run as root.
  const keys = await mkdtemp(join(tmpdir(), 'postgres-keys-'));
  const log = join(directory, 'log');
  await run(
    `${PROGRAMS}/initdb`,
    ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C'],
    as,
  );
  // Over the network with a password, as a server of others has it; over the socket without, for all who get past its directory.
  const hba = 'local all all trust\nhost all all samenet scram-sha-256\n';
  await writeFile(join(data, 'pg_hba.conf'), hba);
  const port = await freePort();
  let server: ChildProcess | undefined;
  const start = async (more: readonly string[]) => {
    const all = [
      'fsync=off',
      'max_connections=100',
      `unix_socket_directories=${directory}`,
      `listen_addresses=${namespace === undefined ? '127.0.0.1' : '*'}`,
      `port=${port}`,
      ...more,
    ];
    const program = [`${PROGRAMS}/postgres`, '-D', data, ...all.flatMap((one) => ['-c', one])];
    const shell = ['sh', '-c', `exec "$@" 2>>'${log}'`, 'sh', ...program];
    server =
      namespace === undefined
        ? spawn('env', shell, { ...as, stdio: 'ignore' })
        : spawn(
            'ip',
            [
              ...`netns exec ${namespace} setpriv --reuid=${as.uid} --regid=${as.gid} --clear-groups`.split(' '),
              ...shell,
            ],
            { cwd: directory, stdio: 'ignore' },
          );
    for (;;) {
      if (server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${await readFile(log, 'utf8')}`);
      const isReady = await admin('postgres', 'SELECT 1').then(
        () => true,
        () => false,
      );
      if (isReady) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const stop = async (signal: NodeJS.Signals) => {
    const stopping = server;
    if (stopping === undefined || stopping.exitCode !== null) return;
    const ended = new Promise((resolve) => stopping.once('exit', resolve));
    stopping.kill(signal);
    await ended;
  };
  const admin = async (database: string, text: string, values: readonly unknown[] = []) => {
    const client = new Client({ host: directory, port, user: 'owner', database, application_name: 'test', ssl: false });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query(text, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  await start(settings);
  return {
    directory,
    port,
    log: () => readFile(log, 'utf8'),
    crash: async () => {
      await stop('SIGQUIT');
      await start(settings);
    },
    restart: async (...more) => {
      await stop('SIGINT');
      await start([...settings, ...more]);
    },
    stop: () => stop('SIGINT'),
    async database({ migrated = true } = {}) {
      const name = `d${randomBytes(6).toString('hex')}`;
      await admin('postgres', `CREATE DATABASE ${name}`);
      const url = `postgresql:///${name}?host=${directory}&port=${port}&user=owner`;
      const keyFile = join(keys, name);
      await writeFile(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
      const environment = { FITBIT_LOGIN_STORE: url, FITBIT_LOGIN_STORE_KEY_FILE: keyFile };
      if (migrated) {
        await connected(postgresAddress(environment), (client) => migrate(client, name));
      }
      return {
        name,
        url,
        keyFile,
        environment,
        query: (text, values) => admin(name, text, values),
        terminate: async (application = '%') => {
          const all = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = $1 AND pid <> pg_backend_pid() AND application_name LIKE $2`;
          return (await admin(name, all, [name, application])).length;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await stop('SIGQUIT');
      for (const made of [directory, keys]) await rm(made, { recursive: true, force: true });
    },
  };
}

async function idOf(user: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number((await run('id', [which, user])).stdout)),
  );
  if (uid === undefined || gid === undefined) throw new Error(`There is no user ${user}.`);
  return { uid, gid };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return address.port;
}
