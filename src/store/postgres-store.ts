import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { AuthError, asAuthError } from '../errors.ts';
import { lockLost, lockTimeout, noSuchProfile, profileExists, replacedMeanwhile } from '../messages.ts';
import { decodeProfile, encodeProfile } from './codec.ts';
import { type Encryption, openEncryption } from './encryption.ts';
import type { FileStoreOptions } from './file-store.ts';
import { throwIfAborted } from './lock.ts';
import type { PostgresAddress } from './postgres-address.ts';
import { PostgresSession } from './postgres-session.ts';
import { type Profile, profileName } from './profile.ts';
import { type Listed, type LockedProfile, type LockOptions, namesIn, type ProfileStore } from './store.ts';

export interface PostgresStoreOptions extends Pick<FileStoreOptions, 'runner' | 'onCommit' | 'onWait'> {
  readonly address: PostgresAddress;
  /** The file of the keys that profiles are encrypted with. */
  readonly keyFile: string | undefined;
  /** For people: where a profile is. */
  readonly location: (name: string) => string;
}

/** As many bytes as a response's tokens take, with room to spare. */
const RESERVE_BYTES = 8 * 1024;
/** How long a waiting process sleeps if nothing wakes it, in milliseconds. */
const LOOK_AGAIN_MS = 1_000;

/** One for each database, so that a process that asks for many tokens at once has one connection. */
const sessions = new Map<string, PostgresSession>();

interface Row {
  readonly name: string;
  readonly generation: string;
  readonly encrypted: string | null;
}

/**
 * Profiles in a PostgreSQL database.
 *
 * A session's advisory lock keeps processes out of each other's way. That none overwrites another's work is up to the generation in the
 * row, which each holder draws anew and every write names: a holder whose lock was lost, or that slept through it, changes nothing.
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<ProfileStore> {
  const { address, location, onCommit = async () => {} } = options;
  const encryption = await openEncryption(options.keyFile, options.runner ?? {});
  const session = sessions.get(address.attempts.join()) ?? new PostgresSession(address);
  sessions.set(address.attempts.join(), session);

  async function read(name: string): Promise<Profile | undefined> {
    profileName(name);
    using _ = session.use();
    const select = 'SELECT name, encrypted FROM fitbit_login.profiles WHERE name = $1';
    const [row] = await session.attempt(() => session.query<Row>(select, [name]));
    return row?.encrypted ? profileOf(name, row.encrypted) : undefined;
  }

  async function profileOf(name: string, encrypted: string): Promise<Profile> {
    return decodeProfile(await encryption.decrypt(name, encrypted), location(name));
  }

  /** Takes the lock of one profile, without a change to its row. `undefined` if `stopWhen` ended the wait. */
  async function take(name: string, options: LockOptions): Promise<Held | undefined> {
    const { timeoutMs = 30_000, onWait, signal, stopWhen } = options;
    const start = performance.now();
    for (let waits = false; ; waits = true) {
      throwIfAborted(signal);
      if (waits) await session.attempt(() => session.listen());
      const look = new AbortController();
      // Before looking, so that no change comes between.
      const changed = once(session.changes, name, { signal: look.signal }).catch(() => {});
      try {
        if (stopWhen?.(await read(name))) return undefined;
        const held = await session.attempt(() => tryLock(session, name), { signal });
        if (held !== undefined) return held;
        if (performance.now() - start >= timeoutMs) throw lockTimeout(location(name), `profile "${name}"`, timeoutMs);
        if (waits) await Promise.race([changed, delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => {})]);
        else onWait?.();
      } finally {
        look.abort();
      }
    }
  }

  function lock(name: string, options?: LockOptions & { readonly stopWhen?: undefined }): Promise<LockedProfile>;
  function lock(name: string, options: LockOptions): Promise<LockedProfile | undefined>;
  async function lock(name: string, { forRemoval = false, ...wait }: LockOptions = {}) {
    profileName(name);
    const use = session.use();
    let held: Held | undefined;
    try {
      for (;;) {
        held = await take(name, { ...wait, onWait: wait.onWait ?? options.onWait });
        // The last change may have come between the last look and the lock.
        if (held === undefined || wait.stopWhen?.(await read(name))) {
          await held?.release();
          use[Symbol.dispose]();
          return undefined;
        }
        const [row] = await session.attempt(() =>
          session.query<Row>(
            `INSERT INTO fitbit_login.profiles AS p (name, generation, reserve) VALUES ($1, nextval('fitbit_login.generation'), $2)
             ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, reserve = excluded.reserve
             RETURNING p.name, p.generation, p.encrypted`,
            [name, forRemoval ? null : randomBytes(RESERVE_BYTES)],
          ),
        );
        if (row !== undefined && held.isHeld()) return await lockedProfile(row, held, use);
        // The connection broke: another process may be at work by now.
        await held.release();
      }
    } catch (error) {
      await held?.release();
      use[Symbol.dispose]();
      throw error;
    }
  }

  async function lockedProfile(row: Row, held: Held, use: Disposable): Promise<LockedProfile> {
    const { name, generation, encrypted: before } = row;
    const current = before === null ? undefined : await profileOf(name, before);
    let isDone = false;
    const save = async (profile: Profile, reserve: Uint8Array | null, persistent: boolean) => {
      const columns = await encrypted(encryption, name, profile);
      const [saved] = await session.attempt(
        async () => {
          // A lost lock is met before anything is sent. After a response, the generation alone decides.
          if (!persistent && !held.isHeld()) throw lockLost(location(name));
          return session.query(
            `WITH saved AS (UPDATE fitbit_login.profiles SET profile = $3, encrypted = $4, reserve = $5
               WHERE name = $1 AND generation = $2 RETURNING name)
             SELECT pg_notify('fitbit_login', name) FROM saved`,
            [name, generation, ...columns, reserve],
          );
        },
        { persistent },
      );
      if (saved === undefined) throw replacedMeanwhile(location(name));
    };
    return {
      current,
      checkpoint: (profile) => save(profile, randomBytes(Math.max(RESERVE_BYTES, before?.length ?? 0)), false),
      async commit(profile) {
        if (isDone) throw new AuthError('UNEXPECTED', 'Reserved space can be used only once.');
        isDone = true;
        await save(profile, null, true);
        await onCommit(name, profile);
      },
      async remove() {
        const remove = `WITH gone AS (DELETE FROM fitbit_login.profiles WHERE name = $1 AND generation = $2 RETURNING name)
          SELECT count(pg_notify('fitbit_login', name)) AS gone FROM gone`;
        await session.attempt(() => session.query(remove, [name, generation]), { persistent: true });
        if ((await read(name)) !== undefined) throw replacedMeanwhile(location(name));
      },
      async [Symbol.asyncDispose]() {
        await held.release(generation);
        use[Symbol.dispose]();
      },
    };
  }

  async function list(): Promise<readonly Listed[]> {
    using _ = session.use();
    const select = 'SELECT name, encrypted FROM fitbit_login.profiles WHERE encrypted IS NOT NULL ORDER BY name';
    const rows = await session.attempt(() => session.query<{ name: string; encrypted: string }>(select));
    return Promise.all(
      rows.map(async ({ name, encrypted }) => {
        try {
          return { name, profile: await profileOf(name, encrypted) };
        } catch (error) {
          return { name, error: asAuthError(error) };
        }
      }),
    );
  }

  async function rename(from: string, to: string): Promise<void> {
    for (const name of [from, to]) profileName(name);
    using _ = session.use();
    const check = async () => {
      if ((await read(to)) !== undefined) throw profileExists(to);
      const source = await read(from);
      if (source === undefined) throw noSuchProfile(from, await namesIn({ list }));
      return source;
    };
    await check();
    const held: Held[] = [];
    try {
      // Always in the same order, so that two renames that cross each other cannot wait for each other.
      for (const name of [from, to].sort()) {
        const one = await take(name, { onWait: options.onWait });
        if (one !== undefined) held.push(one);
      }
      const columns = await encrypted(encryption, to, await check());
      const rename = `UPDATE fitbit_login.profiles SET name = $2, profile = $3, encrypted = $4, generation = nextval('fitbit_login.generation')
        WHERE name = $1`;
      await session.attempt(async () => {
        // Left by a first sign-in that was cut off.
        await session.query('DELETE FROM fitbit_login.profiles WHERE name = $1 AND encrypted IS NULL', [to]);
        if (held.some((one) => !one.isHeld())) throw lockLost(location(from));
        await session.query(rename, [from, to, ...columns]);
      });
    } finally {
      for (const one of held) await one.release();
    }
  }

  return { location, read, lock, list, rename };
}

interface Held {
  /** Whether the server still holds it for us, as far as is known. */
  isHeld(): boolean;
  /** Gives it back, and with a generation deletes the row that only reserved room. Never throws. */
  release(generation?: string): Promise<void>;
}

async function tryLock(session: PostgresSession, name: string): Promise<Held | undefined> {
  // A session has a lock as often as it asks for it: other users of this connection are kept out here.
  if (session.locked.has(name)) return undefined;
  const holder = {};
  const isHeld = () => session.locked.get(name) === holder;
  const forget = () => void (isHeld() && session.locked.delete(name));
  session.locked.set(name, holder);
  try {
    const attempt = 'SELECT pg_try_advisory_lock($1) AS locked';
    const [row] = await session.query<{ locked: boolean }>(attempt, [lockKey(name)]);
    if (!row?.locked) forget();
  } catch (error) {
    forget();
    throw error;
  }
  if (!isHeld()) return undefined;
  return {
    isHeld,
    async release(generation) {
      if (!isHeld()) return;
      const release = `WITH gone AS (DELETE FROM fitbit_login.profiles WHERE name = $1 AND generation = $3 AND encrypted IS NULL)
        SELECT pg_advisory_unlock($2), pg_notify('fitbit_login', $1)`;
      await session.query(release, [name, lockKey(name), generation ?? null]).catch(() => {});
      forget();
      session.changes.emit(name);
    },
  };
}

/** The number that PostgreSQL knows the lock of a profile by: 64 bits, as a signed integer. */
function lockKey(name: string): string {
  return String(createHash('sha256').update(`fitbit-login ${name}`).digest().readBigInt64BE());
}

/** What may be read without a key: how the sign-in is, and whose it is by number. */
const READABLE = `provider issuer client_id scope user_id signed_in_at obtained_at expires_at refresh_expires_at
  refresh_started_at grant_ended_at grant_ended_reason`.split(/\s+/);

/** The columns of a profile: what may be read without a key, and all of it, encrypted. */
async function encrypted(encryption: Encryption, name: string, profile: Profile): Promise<readonly [string, string]> {
  const text = encodeProfile(profile);
  return [JSON.stringify(JSON.parse(text), READABLE), await encryption.encrypt(name, text)];
}
