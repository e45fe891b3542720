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

/**
 * Reads `FITBIT_LOGIN_STORE`. What it leaves out, `pg` reads from the PG* variables of the process.
 * @throws AuthError `NOT_CONFIGURED`, without quoting what may be a password
 */
export function postgresAddress(environment: Environment): PostgresAddress {
  const {
    FITBIT_LOGIN_STORE: text = '',
    PGSERVICE,
    PGHOST,
    PGSSLMODE,
    PGSSLROOTCERT,
    PGSSLCERT,
    PGSSLKEY,
  } = environment;
  if (!URL.canParse(text)) throw storeAddressInvalid('not a URL');
  const url = new URL(text);
  const { searchParams: query } = url;
  if (!['postgresql:', 'postgres:'].includes(url.protocol)) throw storeAddressInvalid('not a postgresql:// URL');
  if (PGSERVICE || query.has('service')) {
    throw storeAddressInvalid('combined with a connection service file, which is not read');
  }
  const host = query.get('host') ?? (decodeURIComponent(url.hostname) || PGHOST || 'localhost');
  const mode = query.get('sslmode') ?? (PGSSLMODE || 'prefer');
  // As in libpq, a socket of this machine is never encrypted.
  const attempts = ATTEMPTS[host.startsWith('/') ? 'disable' : mode];
  if (attempts === undefined) throw storeAddressInvalid('with an unknown sslmode');
  for (const [name, value] of Object.entries({ sslrootcert: PGSSLROOTCERT, sslcert: PGSSLCERT, sslkey: PGSSLKEY })) {
    if (value && !query.has(name)) query.set(name, value);
  }
  const role = query.get('user') ?? decodeURIComponent(url.username);
  return {
    place: `postgresql://${role === '' ? '' : `${role}@`}${host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}`,
    attempts: attempts.map((sslmode) => {
      const attempt = new URL(url);
      attempt.searchParams.set('sslmode', sslmode);
      attempt.searchParams.set('uselibpqcompat', 'true');
      return attempt.href;
    }),
  };
}
