import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { AuthError, errnoOf } from '../errors.ts';
import { databaseFailure, newerSchema, noSchema, PRESERVED } from '../messages.ts';
import type { PostgresAddress } from './postgres-address.ts';
import type { Client } from './postgres-packages.ts';
import { SCHEMA_VERSION } from './postgres-schema.ts';

/** How long what fails for a passing reason is tried again, in milliseconds. */
const RETRY_MS = 30_000;
/** An unused connection is closed after so long, in milliseconds. */
const IDLE_MS = 500;

/**
 * A machine that is gone must free its locks within half a minute: keepalives notice it on a quiet connection, the user timeout where the
 * server has sent something. A setting of the role or of the server must not weaken the save.
 */
const SETTINGS = Object.entries({
  synchronous_commit: 'on',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '25000',
  lock_timeout: '5s',
  statement_timeout: '10s',
})
  .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  .join(', ');

/** Connects with TLS or without, as the address says. @throws the error of `pg` */
async function connect({ attempts }: PostgresAddress): Promise<Client> {
  const packages = await import('./postgres-packages.ts');
  let failure: unknown;
  for (const connectionString of attempts) {
    const client = new packages.Client({
      connectionString,
      connectionTimeoutMillis: 10_000,
      // Longer than the server lets a statement take: only for a server that no longer responds.
      query_timeout: 15_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      fallback_application_name: 'fitbit-login',
    });
    // A query reports what happened; without a listener, it would end the process.
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query(`SELECT ${SETTINGS}`);
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      failure = error;
      // As libpq does: without TLS, or with it, where the server or its pg_hba.conf wants that.
      if (!(error instanceof Error && (errnoOf(error) === '28000' || /support SSL/.test(error.message)))) break;
    }
  }
  throw failure;
}

/** Does something over a connection of its own, to a database that may have no schema. @throws AuthError */
export async function connected<T>(address: PostgresAddress, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    const client = await connect(address);
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  } catch (error) {
    throw explained(error, address);
  }
}

/** This process's connection to one database: opened when it is needed, shared, closed when it is no longer used. */
export class PostgresSession {
  readonly address: PostgresAddress;
  /** The profiles that are locked over this connection, each with its holder. Empty once it is lost: then the server has freed them. */
  readonly locked = new Map<string, object>();
  /** Emits a profile's name when it has changed. */
  readonly changes = new EventEmitter().setMaxListeners(0);
  #client: Promise<Client> | undefined;
  #listening: Client | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #users = 0;
  #closing: NodeJS.Timeout | undefined;

  constructor(address: PostgresAddress) {
    this.address = address;
  }

  /** Keeps the connection, and the process, until it is disposed of. */
  use(): Disposable {
    this.#users += 1;
    clearTimeout(this.#closing);
    this.#client?.then((client) => client.ref()).catch(() => {});
    return {
      [Symbol.dispose]: () => {
        this.#users -= 1;
        if (this.#users > 0) return;
        const idle = this.#client;
        idle?.then((client) => client.unref()).catch(() => {});
        this.#closing = setTimeout(() => {
          this.#forget(idle);
          idle?.then((client) => client.end()).catch(() => {});
        }, IDLE_MS).unref();
      },
    };
  }

  /** Runs a statement after those before it: a connection does one at a time. @throws the error of `pg`; AuthError for another schema */
  query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const result = this.#queue.then(async () => (await this.#connected()).query<Row>(text, [...values]));
    this.#queue = result.catch((error) => {
      // What the server does with it is not known: the next one takes another connection.
      if (error instanceof Error && error.message === 'Query read timeout')
        this.#client?.then((client) => client.end());
    });
    return result.then(({ rows }) => rows);
  }

  /** Lets {@link PostgresSession.changes} emit. */
  async listen(): Promise<void> {
    const client = await this.#connected();
    if (this.#listening === client) return;
    await this.query('LISTEN fitbit_login');
    this.#listening = client;
  }

  /**
   * Does `work`. It is done once more if the connection broke, and for 30 seconds while the server has no room for another connection or
   * is starting; with `persistent`, whatever the database fails with.
   * @throws AuthError `STORE_UNAVAILABLE` and others
   */
  async attempt<T>(
    work: () => Promise<T>,
    { persistent = false, signal }: { readonly persistent?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const start = performance.now();
    for (let broke = false; ; ) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof AuthError) throw error;
        const again = persistent || BUSY.includes(errnoOf(error) ?? '') || (isBroken(error) && !broke);
        if (!again || performance.now() - start > RETRY_MS || signal?.aborted) {
          const failure = explained(error, this.address);
          throw persistent ? failure.with({ preserved: PRESERVED.perhaps }) : failure;
        }
        broke ||= isBroken(error);
        await delay(100 + Math.random() * 400);
      }
    }
  }

  #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const opening = this.#open();
    this.#client = opening;
    const forget = () => this.#forget(opening);
    opening.then((client) => client.on('end', forget), forget);
    return opening;
  }

  #forget(client: Promise<Client> | undefined): void {
    if (client === undefined || this.#client !== client) return;
    this.#client = undefined;
    this.locked.clear();
  }

  async #open(): Promise<Client> {
    const client = await connect(this.address);
    client.on('notification', ({ payload = '' }) => this.changes.emit(payload));
    try {
      const { rows } = await client.query('SELECT version FROM fitbit_login.schema_version');
      if (rows[0]?.version > SCHEMA_VERSION) throw newerSchema(this.address.place);
      if (rows[0]?.version < SCHEMA_VERSION) throw noSchema(this.address.place);
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
  }
}

/** What a database says that has room for no other connection, or is starting. */
const BUSY = ['53300', '57P03'];

function isBroken(error: unknown): boolean {
  return (
    ['57P01', '57P02', 'ECONNRESET', 'EPIPE'].includes(errnoOf(error) ?? '') ||
    (error instanceof Error && /terminated|not queryable|was closed/.test(error.message))
  );
}

function explained(error: unknown, { place }: PostgresAddress): AuthError {
  if (error instanceof AuthError) return error;
  return databaseFailure(place, errnoOf(error) ?? '', error instanceof Error ? error.message : String(error), error);
}
