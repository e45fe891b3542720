import { newerSchema } from '../messages.ts';
import type { Client } from './postgres-packages.ts';

/** Each leads from one version of the schema to the next. What has been released is never changed. */
const MIGRATIONS = [
  `CREATE SCHEMA IF NOT EXISTS fitbit_login;
   CREATE TABLE fitbit_login.schema_version (version integer NOT NULL);
   INSERT INTO fitbit_login.schema_version VALUES (0);
   CREATE SEQUENCE fitbit_login.generation;
   CREATE TABLE fitbit_login.profiles (
     name text COLLATE "C" PRIMARY KEY,
     generation bigint NOT NULL,
     profile json,
     encrypted text,
     reserve bytea
   );
   COMMENT ON COLUMN fitbit_login.profiles.generation IS 'Drawn anew by each holder of the lock; an earlier holder can no longer write';
   COMMENT ON COLUMN fitbit_login.profiles.profile IS 'For people and reports, without secrets. Never read back';
   COMMENT ON COLUMN fitbit_login.profiles.encrypted IS 'The whole profile, as a JWE. Absent while the first change is under way';
   COMMENT ON COLUMN fitbit_login.profiles.reserve IS 'Random bytes, which make a full disk known before a token is sent';`,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** What a role needs to work on profiles, as statements for the owner of the schema. */
export const GRANTS = `GRANT USAGE ON SCHEMA fitbit_login TO fitbit_login;
GRANT SELECT ON fitbit_login.schema_version TO fitbit_login;
GRANT SELECT, INSERT, UPDATE, DELETE ON fitbit_login.profiles TO fitbit_login;
GRANT USAGE ON SEQUENCE fitbit_login.generation TO fitbit_login;`;

export interface InspectedDatabase {
  readonly version: string;
  readonly tls: boolean;
  readonly isStandby: boolean;
  /** The server's clock, in milliseconds. */
  readonly time: number;
  /** Absent without a schema. */
  readonly schema?: number;
  /** Whether the role has all of {@link GRANTS}. */
  readonly hasRights: boolean;
}

/** Looks, and changes nothing. @throws the database's own errors: for a schema that the role may not even look into */
export async function inspectDatabase(client: Client): Promise<InspectedDatabase> {
  const { rows } =
    await client.query(`SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS "isStandby",
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls,
    (extract(epoch FROM clock_timestamp()) * 1000)::float AS time, to_regclass('fitbit_login.profiles') IS NOT NULL AS schema`);
  const [{ schema, ...database }] = rows;
  if (!schema) return { ...database, hasRights: false };
  const found = await client.query(`SELECT version AS schema,
    (SELECT bool_and(has_table_privilege('fitbit_login.profiles', "right")) FROM unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS "right")
    AND has_sequence_privilege('fitbit_login.generation', 'USAGE') AS "hasRights" FROM fitbit_login.schema_version`);
  return { ...database, ...found.rows[0] };
}

/**
 * Creates the schema or brings it up to date, in one transaction.
 * @returns the version that it had; 0 for none
 * @throws AuthError `STORE_VERSION` for a newer schema; the database's own errors
 */
export async function migrate(client: Client, place: string): Promise<number> {
  await client.query('BEGIN');
  // Of two that migrate at once, the second one finds it done.
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('fitbit_login schema', 0))");
  const [{ exists } = {}] = (await client.query("SELECT to_regclass('fitbit_login.schema_version') AS exists")).rows;
  const [{ version = 0 } = {}] = exists
    ? (await client.query('SELECT version FROM fitbit_login.schema_version')).rows
    : [];
  if (version > SCHEMA_VERSION) throw newerSchema(place);
  for (const migration of MIGRATIONS.slice(version)) await client.query(migration);
  if (version < SCHEMA_VERSION)
    await client.query('UPDATE fitbit_login.schema_version SET version = $1', [SCHEMA_VERSION]);
  await client.query('COMMIT');
  return version;
}
