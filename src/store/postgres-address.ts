import type { Environment } from '../environment.ts';
import { storeAddressInvalid } from '../messages.ts';

/** Where a database is, and how a connection to it is protected. */
export interface PostgresAddress {
  /** For people: role, host and database, never the password. */
  readonly place: string;
  /** What to try, in this order: each a connection string of `pg`. They hold the password. */
  readonly attempts: readonly string[];
}

/** The attempts of each `sslmode`, as modes that pg-connection-string reads with libpq's meaning. */
const ATTEMPTS: Readonly<Record<string, readonly string[]>> = {
  disable: ['disable'],
  allow: ['disable', 'require'],
  prefer: ['require', 'disable'],
  require: ['require'],
  'verify-ca': ['verify-ca'],
  'verify-full': ['verify-full'],
};

/** The parameters of a connection that libpq reads from a variable, such as `PGHOST`, unless the URL has them. */
const PARAMETERS = 'host port user password options application_name sslmode sslrootcert sslcert sslkey'.split(' ');

/**
 * Reads `FITBIT_LOGIN_STORE`, and what it leaves out from the variables of libpq. `PGPASSFILE` is left to `pg`, which reads it from the
 * process.
 * @throws AuthError `NOT_CONFIGURED`, without quoting what may be a password
 */
export function postgresAddress(environment: Environment): PostgresAddress {
  const { FITBIT_LOGIN_STORE: text = '', PGSERVICE, PGDATABASE } = environment;
  if (!URL.canParse(text)) throw storeAddressInvalid('not a URL');
  const url = new URL(text);
  const { searchParams: query } = url;
  if (!['postgresql:', 'postgres:'].includes(url.protocol)) throw storeAddressInvalid('not a postgresql:// URL');
  if (PGSERVICE || query.has('service')) {
    throw storeAddressInvalid('combined with a connection service file, which is not read');
  }
  const inUrl = new Map([
    ['host', url.hostname],
    ['port', url.port],
    ['user', url.username],
    ['password', url.password],
  ]);
  for (const name of PARAMETERS) {
    const value = environment[name === 'application_name' ? 'PGAPPNAME' : `PG${name.toUpperCase()}`];
    if (value && !inUrl.get(name) && !query.has(name)) query.set(name, value);
  }
  if (url.pathname.length < 2 && PGDATABASE) url.pathname = `/${encodeURI(PGDATABASE)}`;
  const [host = 'localhost', port = '', role = ''] = ['host', 'port', 'user'].map(
    (name) => query.get(name) ?? (decodeURIComponent(inUrl.get(name) ?? '') || undefined),
  );
  // As in libpq, a socket of this machine is never encrypted.
  const attempts = ATTEMPTS[host.startsWith('/') ? 'disable' : (query.get('sslmode') ?? 'prefer')];
  if (attempts === undefined) throw storeAddressInvalid('with an unknown sslmode');
  return {
    place: `postgresql://${role === '' ? '' : `${role}@`}${host}${port === '' ? '' : `:${port}`}${url.pathname}`,
    attempts: attempts.map((sslmode) => {
      const attempt = new URL(url);
      attempt.searchParams.set('sslmode', sslmode);
      attempt.searchParams.set('uselibpqcompat', 'true');
      return attempt.href;
    }),
  };
}
