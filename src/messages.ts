/**
 * What people read when something fails: each function makes one error of this program. By room. Straight quotes, as in a terminal; pages
 * set them as typographic ones. What a failed sign-in preserved is added where it is caught.
 */
import { AuthError, type AuthErrorOptions, type ErrorCode } from './errors.ts';
import { redact } from './secret.ts';

const NOTHING_CHANGED = 'Nothing was sent or changed.';
const FILE_UNCHANGED = 'The file is unchanged.';

// Store

/** What each error of the operating system means. */
const DISK_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'another program is using it',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'file size limit reached',
  EINVAL: 'the file system does not support it',
  EIO: 'the disk reported an input/output error',
  EISDIR: 'it is a directory',
  ELOOP: 'it is a symbolic link',
  EMFILE: 'this process has too many open files',
  ENAMETOOLONG: 'the path is too long',
  ENFILE: 'this machine has too many open files',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'part of the path is not a directory',
  ENOTEMPTY: 'it is not empty',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
};

/** @param errno the operating system's name of the error: `ENOSPC` */
export function diskFailure(action: string, path: string, errno: string, cause: unknown): AuthError {
  const reason = DISK_REASONS[errno] ?? 'the operating system refused';
  return new AuthError('STORE_UNAVAILABLE', `Can't ${action} ${path}: ${reason} (${errno}).`, {
    cause,
    details: { path, errno },
  });
}

export function corruptProfile(path: string, what: string): AuthError {
  return new AuthError('STORE_DAMAGED', `${path} is corrupt: ${what}.`, {
    preserved: FILE_UNCHANGED,
    details: { path },
  });
}

export function newerProfile(path: string): AuthError {
  return new AuthError('STORE_VERSION', `${path} was written by a newer fitbit-login.`, {
    preserved: FILE_UNCHANGED,
    details: { path },
  });
}

export function unknownFieldsTooLarge(path: string): AuthError {
  return new AuthError('STORE_DAMAGED', `The unknown fields in ${path} are too large to preserve.`, {
    preserved: FILE_UNCHANGED,
    hint: 'Remove them, then run the command again.',
    details: { path },
  });
}

export function profileTooLarge(path: string): AuthError {
  return new AuthError('STORE_UNAVAILABLE', `The profile is too large for ${path}: more than 1 MiB.`, {
    details: { path },
  });
}

export function symbolicLink(path: string): AuthError {
  return unusablePath(path, `${path} is a symbolic link, which is not followed for writing.`, {
    hint: 'Replace the link with a real file or remove it, then run the command again.',
  });
}

export function notA(kind: 'file' | 'directory', path: string): AuthError {
  return unusablePath(path, `${path} is not a ${kind}.`, {
    hint: 'Inspect and move it, then run the command again.',
  });
}

export function brokenLink(path: string, target: string): AuthError {
  return unusablePath(path, `${path} is a link to ${target}, which does not exist.`, {
    hint: 'Create or mount the target, or remove the link; then run the command again.',
  });
}

interface Users {
  readonly uid: number;
  /** The one that owns the path. */
  readonly owner: number;
  readonly ownerName?: string;
}

export function ownedByAnother(path: string, { uid, owner, ownerName }: Users): AuthError {
  const runner = uid === 0 ? 'root' : uid;
  const asOwner = `Run the command as that user: \`sudo -u ${ownerName ?? `'#${owner}'`} fitbit-login …\`.`;
  return unusablePath(
    path,
    `${path} belongs to another user (${ownerName ?? owner}); this process runs as ${runner}.`,
    {
      hint:
        uid === 0
          ? `${asOwner} Or use a separate directory for root: \`FITBIT_LOGIN_HOME=/var/lib/fitbit-login\`.`
          : 'Run the command as the owner, or take ownership of the file with `chown`.',
    },
  );
}

function unusablePath(path: string, message: string, { hint }: AuthErrorOptions): AuthError {
  return new AuthError('STORE_UNAVAILABLE', message, { preserved: NOTHING_CHANGED, hint, details: { path } });
}

/** A notice. @param mode four octal digits, before */
export function wasOpenToOthers(path: string, mode: string, now: string | undefined): string {
  const done = now === undefined ? 'its mode could not be changed' : `it is ${now} now`;
  return `${path} was readable by other users (${mode}); ${done}.`;
}

export function notALock(path: string): AuthError {
  return unusablePath(path, `${path} is not a fitbit-login lock.`, {
    hint: 'Inspect and remove it, then run the command again.',
  });
}

export function lockTimeout(path: string, what: string, timeoutMs: number): AuthError {
  const seconds = Math.round(timeoutMs / 1000);
  return new AuthError('LOCKED', `Another fitbit-login process has kept ${what} locked for ${seconds} s (${path}).`, {
    preserved: NOTHING_CHANGED,
    details: { path },
  });
}

export function interruptedWhileWaiting(cause: unknown): AuthError {
  return new AuthError('INTERRUPTED', 'Interrupted while waiting for another fitbit-login process.', {
    cause,
    preserved: NOTHING_CHANGED,
  });
}

export function replacedMeanwhile(path: string): AuthError {
  return new AuthError('LOCKED', `Another process replaced ${path} while this one was suspended.`, {
    preserved: "The other process's changes are kept; this one wrote nothing.",
    hint: 'Run the command again.',
    details: { path },
  });
}

export function tooLargeForTokens(path: string): AuthError {
  return new AuthError('FILE_UNREADABLE', `${path} is larger than 1 MiB, so it is not a token file.`, {
    hint: 'Check the path.',
  });
}

export function profileExists(name: string): AuthError {
  return new AuthError('USAGE', `There is already a profile "${name}".`, { preserved: 'Nothing was changed.' });
}

export function noSuchProfile(name: string): AuthError {
  return new AuthError('NOT_SIGNED_IN', `There is no profile "${name}".`, { hint: 'See `fitbit-login profiles`.' });
}

export function invalidProfileName(name: string): AuthError {
  return new AuthError('USAGE', `Invalid profile name ${JSON.stringify(name.slice(0, 80))}.`, {
    hint:
      'Use 1 to 64 of the characters A-Z a-z 0-9 . _ - with a letter or digit first and no dot last; ' +
      "Windows device names (con, nul, …) aren't allowed.",
  });
}

export function noHomeDirectory(): AuthError {
  return new AuthError('STORE_UNAVAILABLE', 'HOME is not set, and this user has no home directory.', {
    preserved: NOTHING_CHANGED,
    hint: 'Pass a directory for the tokens: `FITBIT_LOGIN_HOME=/path fitbit-login …`.',
  });
}

export function relativeHome(path: string): AuthError {
  return new AuthError('USAGE', `FITBIT_LOGIN_HOME=${JSON.stringify(path)} is a relative path.`, {
    preserved: NOTHING_CHANGED,
    hint: 'Use an absolute path, or one that begins with `~/`.',
  });
}

// Store in PostgreSQL

const LEFT_IN_DATABASE = 'What is stored is unchanged.';

export function storeAddressInvalid(why: string): AuthError {
  return new AuthError('NOT_CONFIGURED', `FITBIT_LOGIN_STORE is ${why}.`, {
    preserved: NOTHING_CHANGED,
    hint: 'Set it to postgresql://ROLE@HOST/DATABASE, with sslmode=disable, allow, prefer, require, verify-ca or verify-full.',
  });
}

export function storeKeyMissing(path: string | undefined): AuthError {
  const what = path ? `The key file ${path} is missing or empty` : 'FITBIT_LOGIN_STORE_KEY_FILE is not set';
  const file = path || '/path/to/key';
  return new AuthError('NOT_CONFIGURED', `${what}, and tokens are stored in a database only encrypted.`, {
    preserved: NOTHING_CHANGED,
    hint:
      `Create a key with \`(umask 077; openssl rand -base64 32 > '${file}')\`, copy it to every machine, and set ` +
      `FITBIT_LOGIN_STORE_KEY_FILE to its path.`,
  });
}

export function storeKeyInvalid(
  path: string,
  why: string,
  hint = 'It must have one key a line, as `openssl rand -base64 32` prints it.',
): AuthError {
  return new AuthError('NOT_CONFIGURED', `The key file ${path} can't be used: ${why}.`, {
    preserved: NOTHING_CHANGED,
    hint,
  });
}

/** @param kid the key that it was encrypted with, if that is not in the file */
export function profileUndecryptable(name: string, keyFile: string, kid: string | undefined): AuthError {
  if (kid === undefined) {
    return new AuthError('STORE_DAMAGED', `The profile "${name}" in the database is corrupt: decryption failed.`, {
      preserved: LEFT_IN_DATABASE,
      hint: 'Restore it from a backup, or delete it and sign in again.',
    });
  }
  return new AuthError('STORE_UNAVAILABLE', `The profile "${name}" was encrypted with a key that ${keyFile} lacks.`, {
    preserved: LEFT_IN_DATABASE,
    hint: 'Add the key that the other machines use as another line.',
    details: { kid },
  });
}

export function noSchema(place: string): AuthError {
  return new AuthError('NOT_CONFIGURED', `The schema fitbit_login in ${place} is missing or from an older version.`, {
    preserved: NOTHING_CHANGED,
    hint: 'Run `fitbit-login store init` as a role that may create schemas.',
  });
}

export function newerSchema(place: string): AuthError {
  return new AuthError('STORE_VERSION', `The schema fitbit_login in ${place} is from a newer fitbit-login.`, {
    preserved: NOTHING_CHANGED,
    hint: 'Update fitbit-login on this machine.',
  });
}

export function lockLost(location: string): AuthError {
  return new AuthError('LOCKED', `The connection broke, and with it the lock of ${location}.`, {
    preserved: NOTHING_CHANGED,
    hint: 'Run the command again.',
  });
}

/** What each error of PostgreSQL or of the connection means, by SQLSTATE or the operating system's name; and what to do. */
const DATABASE_REASONS: Readonly<Record<string, readonly [reason: string, hint?: string]>> = {
  '25006': ['it is read-only, as a standby is', 'Connect to the primary server.'],
  '28000': ['it does not let this role in', "Check the role, `sslmode` and the server's pg_hba.conf."],
  '28P01': ['wrong role or password', 'Check the role, PGPASSWORD and PGPASSFILE.'],
  '3D000': ['there is no such database', 'Check FITBIT_LOGIN_STORE.'],
  '42501': ['the role lacks rights', 'Run the GRANT statements that `fitbit-login store init` prints.'],
  '53100': ["the server's disk is full", 'Free space on the server, then run the command again.'],
  '53300': ['it has too many connections', 'Raise max_connections, or run fewer processes at once.'],
  '57P01': ['it is shutting down'],
  '57P03': ['it is starting up or shutting down'],
  ECONNREFUSED: ['connection refused'],
  ECONNRESET: ['the connection broke'],
  ENOENT: ['there is no such socket, or a certificate file is missing'],
  ENOTFOUND: ['there is no such host'],
  ETIMEDOUT: ['it did not respond in time'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another host', 'Check the host name and `sslrootcert`.'],
};

const NOT_TRUSTED = [
  'its certificate is not trusted',
  "Name the server's CA with `sslrootcert=` or PGSSLROOTCERT.",
] as const;

/** @param code SQLSTATE, or the name that Node or the operating system gives the error */
export function databaseFailure(place: string, code: string, message: string, cause: unknown): AuthError {
  // No schema, or no table in it.
  if (['3F000', '42P01'].includes(code)) return noSchema(place);
  const told = /support SSL/.test(message)
    ? (['it offers no TLS', 'Turn on `ssl` at the server, or connect with another `sslmode`.'] as const)
    : /password must be a string/.test(message)
      ? (['it wants a password, and none is set', 'Set PGPASSWORD or PGPASSFILE.'] as const)
      : /CERT|VERIFY/.test(code)
        ? (DATABASE_REASONS[code] ?? NOT_TRUSTED)
        : (DATABASE_REASONS[code] ?? [/terminated|closed/.test(message) ? 'the connection broke' : redact(message)]);
  const [reason, hint = 'Check the server with `fitbit-login doctor`, then run the command again.'] = told;
  const name = code === '' ? '' : ` (${code})`;
  return new AuthError('STORE_UNAVAILABLE', `Can't use ${place}: ${reason}${name}.`, {
    cause,
    preserved: NOTHING_CHANGED,
    hint,
    ...(code === '' ? {} : { details: { code } }),
  });
}

// Network

/** Why a request failed. */
interface NetworkFailure {
  /** Default: `UNAVAILABLE`. What needs another configuration does not pass by waiting. */
  readonly code?: ErrorCode;
  /** About the host: why it can't be reached; about a certificate: what is wrong with it. */
  readonly what: string;
  readonly about?: 'certificate';
  readonly hint?: string;
  /** The request cannot have reached the server. */
  readonly neverSent?: true;
}

const UNKNOWN_AUTHORITY: NetworkFailure = {
  code: 'NETWORK_BLOCKED',
  about: 'certificate',
  what: 'is signed by an unknown authority',
  hint: 'If a proxy or antivirus inspects TLS here, name its CA file: NODE_EXTRA_CA_CERTS=/path/to/ca.pem (if it is set already, that file lacks this CA). Otherwise someone may be intercepting your traffic: stop.',
  neverSent: true,
};
const CLOCK_OR_RENEWAL = "Check this machine's clock. If it is right, the certificate's owner must renew it.";
const NO_TLS: NetworkFailure = { what: "it isn't speaking TLS", neverSent: true };
const HEADERS_TOO_LARGE: NetworkFailure = { what: 'response headers too large' };

/** By the code of Node, OpenSSL or, for a `fetch` that was handed in, undici. */
export const NETWORK_FAILURES: Readonly<Record<string, NetworkFailure>> = {
  ENOTFOUND: { what: 'its name cannot be resolved', neverSent: true },
  EAI_AGAIN: { what: 'its name cannot be resolved at the moment', neverSent: true },
  ECONNREFUSED: { what: 'connection refused', neverSent: true },
  EHOSTUNREACH: { what: 'no route to it', neverSent: true },
  ENETUNREACH: { what: 'no network', neverSent: true },
  UND_ERR_CONNECT_TIMEOUT: { what: 'connection timed out', neverSent: true },
  ETIMEDOUT: { what: 'connection timed out' },
  ECONNRESET: { what: 'connection lost' },
  EPIPE: { what: 'connection lost' },
  UND_ERR_SOCKET: { what: 'connection lost' },
  HPE_HEADER_OVERFLOW: HEADERS_TOO_LARGE,
  UND_ERR_HEADERS_OVERFLOW: HEADERS_TOO_LARGE,
  EPROTO: { what: "it isn't speaking TLS" },
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_UNTRUSTED: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: { about: 'certificate', what: 'has expired', hint: CLOCK_OR_RENEWAL, neverSent: true },
  CERT_NOT_YET_VALID: { about: 'certificate', what: 'is not valid yet', hint: CLOCK_OR_RENEWAL, neverSent: true },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    about: 'certificate',
    what: "doesn't match the host name",
    hint: 'Something is intercepting the connection. On hotel or guest Wi-Fi, open any page in a browser first, then try again.',
    neverSent: true,
  },
};
/** For a code that begins with HPE_, and for any other. */
export const [NOT_HTTP, CONNECTION_FAILED] = ["it isn't speaking HTTP", 'connection failed'] as const;
export const CHECK_NETWORK = 'Check the network, then try again.';

/** @param from the variable that names the proxy */
export function checkProxy(from: string): string {
  return `Check ${from} and the network, then try again.`;
}

export function useHttpForProxy(from: string, url: string): string {
  return `Most proxies use plain http: try ${from}=${url.replace('https://', 'http://')}.`;
}

/** What a proxy refused, after "The proxy http://…", and what to do. */
export const PROXY_REFUSED = {
  scheme: (schemes: readonly string[], from: string) => [
    `requires ${schemes.join(' or ')} authentication; only Basic is supported`,
    `Run a local proxy that signs in for you, such as cntlm or px, and name it in ${from}.`,
  ],
  noPassword: (from: string, url: string) => [
    'requires a user name and password',
    `Put them in the URL: ${proxyFormat(from, url)}.`,
  ],
  wrongPassword: (from: string, url: string) => [
    `rejected the user name and password in ${from}`,
    `Correct them: ${proxyFormat(from, url)}.`,
  ],
  unavailable: (target: string) => [
    `can't connect to ${target} at the moment`,
    "Try again later. If it persists, ask the proxy's administrator.",
  ],
  forbidden: (target: string) => [
    `refuses to connect to ${target}`,
    `Ask its administrator to allow it. If direct access is possible: NO_PROXY=${target.replace(/:443$/, '')}.`,
  ],
} as const satisfies Record<string, (...args: never[]) => readonly [what: string, hint: string]>;

export function socksProxy(from: string): AuthError {
  return new AuthError('USAGE', `${from} names a SOCKS proxy; only HTTP proxies are supported.`, {
    details: { never_sent: true },
    hint: 'Name an HTTP proxy, HTTPS_PROXY=http://proxy.example:3128, or exempt the provider in NO_PROXY if direct access is possible.',
  });
}

export function notAProxyUrl(from: string): AuthError {
  return new AuthError('USAGE', `${from} isn't a proxy URL.`, {
    details: { never_sent: true },
    hint: `Write it as ${proxyFormat(from)}.`,
  });
}

function proxyFormat(variable: string, url = 'http://proxy.example:3128'): string {
  return `${variable}=${url.replace('://', '://USER:PASSWORD@')}, with special characters of the password percent-encoded ("@" as %40)`;
}

export function responseTimeout(host: string, ms: number): AuthError {
  return new AuthError('UNAVAILABLE', `${host}: response timed out after ${ms / 1000} seconds.`);
}

export function unexpectedRedirect(host: string, status: number): AuthError {
  return new AuthError('ANSWER_INVALID', `${host} sent a redirect (${status}), which is not followed.`);
}

export function responseTooLarge(host: string, maxBytes: number): AuthError {
  return new AuthError('ANSWER_INVALID', `${host} sent more than the ${maxBytes / 1024} KiB limit.`);
}

export function unexpectedEncoding(host: string): AuthError {
  return new AuthError('ANSWER_INVALID', `${host} sent an encoding that was not requested.`);
}

// Browser and server

export function unclosedQuote(): AuthError {
  return new AuthError('USAGE', 'BROWSER has an unclosed quote.', {
    hint: 'Fix or unset BROWSER to use the default browser.',
  });
}

export function notALoopbackUri(uri: string): AuthError {
  return new AuthError('USAGE', `Can't listen on ${JSON.stringify(uri)}; use a loopback address.`, {
    hint: 'Register and pass one like http://127.0.0.1:8976/callback (http; 127.0.0.1, [::1] or localhost; a plain path; no query).',
  });
}

export function noRedirectUri(): AuthError {
  return new AuthError('USAGE', 'There is no redirect URI to listen on.');
}

// Files of other programs

/** @param what after "Can't use this file: "; must hold nothing of the file but names that this program knows */
export function unusableFile(
  what: string,
  hint = 'Use another file; `fitbit-login import --help` lists the formats.',
): AuthError {
  // Never with a cause: a parser's own error quotes the text, which holds tokens.
  return new AuthError('USAGE', `Can't use this file: ${what}.`, { preserved: 'Nothing was changed.', hint });
}

const OTHER_FILE = 'Use another path with `--output`.';
const OTHER_FORMAT = 'Choose another format; `fitbit-login export --help` lists them.';

/** For {@link unusableFile}: what is wrong, and what to do if that is not simply to use another file. */
export const FILE_PROBLEMS = {
  tooLarge: ['it is larger than 1 MiB'],
  notText: ["it isn't UTF-8 text"],
  empty: ['it is empty'],
  tooDeep: (levels: number) => [`it is JSON nested deeper than ${levels} levels`],
  truncatedJson: ['invalid JSON: truncated'],
  invalidJson: (where: string) => [`invalid JSON${where}`],
  noSignIn: (syntax: string) => [
    `read as ${syntax}, it has no access token, refresh token or client ID, or they are empty`,
  ],
  noClient: (syntax: string) => [
    `it is not one word, and read as ${syntax} it has no client ID and no client secret, or they are empty`,
    'Use a file with only the secret, or with client_id and client_secret: JSON, dotenv, INI or TOML.',
  ],
  noSuchEntry: (names: string) => ['it has no entry of that name', `Use one of these with \`--entry\`: ${names}.`],
  severalEntries: (count: number, what: string, names: string) => [
    `it has ${count} ${what}: ${names}`,
    'Import one of them with `fitbit-login import FILE --entry NAME`.',
  ],
  newerProfile: ['it is a profile of a newer fitbit-login'],
  sandboxProfile: ["it is a sandbox profile, and sandbox tokens don't work elsewhere"],
  customProfile: ["it is a profile of a custom provider, which can't be imported"],
  service: [
    'it is a service-account key, and health data belongs to people',
    'Create an OAuth client, type Desktop app, and sign in with its file: `fitbit-login login --client-secret-file FILE`.',
  ],
  gcloud: [
    "it is gcloud's own sign-in, whose app can't read health data",
    'Register your own app and sign in with it: `fitbit-login setup`.',
  ],
  notAString: (name: string) => [`its ${name} must be a string`],
  notDotenv: (name: string) => [
    `the value of ${name} contains characters not allowed in .env`,
    'Choose a JSON format.',
  ],
  existsNotJson: ["it exists and isn't JSON", OTHER_FILE],
  existsNotObject: ["it exists and isn't a JSON object", OTHER_FILE],
  existsJson: ['it exists and is JSON', 'Choose `--format notebook`, or use another path.'],
  ownProfile: ['it is a profile of fitbit-login itself', OTHER_FILE],
  madeByGoogle: ['it is a file that Google made for something else', OTHER_FILE],
  unsupportedProvider: (title: string, provider: string) => [`${title} doesn't support ${provider}`, OTHER_FORMAT],
  lacks: (title: string, what: string) => [`${title} needs ${what}, and there is none`, OTHER_FORMAT],
} as const satisfies Record<string, Problem | ((...args: never[]) => Problem)>;

type Problem = readonly [what: string, hint?: string];

export function unusableValue(kind: string, source: string, problem: string): AuthError {
  return new AuthError('USAGE', `The ${kind} ${source} ${problem}.`, {
    preserved: 'Nothing was changed.',
    hint: `Copy the ${kind} again, complete and alone.`,
  });
}

export function unknownFormat(names: string): AuthError {
  return new AuthError('USAGE', 'Unknown format.', { hint: `The formats are: ${names}.` });
}

export function gcloudsOwnFile(name: string): AuthError {
  return new AuthError('USAGE', `${name} is gcloud's own file and is never overwritten.`, {
    preserved: 'It is unchanged.',
    hint: 'Use another path with `--output`, and name it in GOOGLE_APPLICATION_CREDENTIALS.',
  });
}

export function unsupportedByFormat(format: string, provider: string): AuthError {
  return new AuthError('USAGE', `The format ${format} doesn't support ${provider}.`, { hint: OTHER_FORMAT });
}

export function keepNeedsOutput(): AuthError {
  return new AuthError('USAGE', '--keep requires `--output FILE`.');
}

/** A notice. */
export function exportFailed(path: string, why: string): string {
  return `Tokens saved, but ${path} couldn't be updated: ${why}`;
}

export function hasOtherTokens(name: string): AuthError {
  return new AuthError('USAGE', `The profile "${name}" already has tokens.`, {
    preserved: 'They are unchanged; nothing was imported.',
    hint: 'Use `--replace` to overwrite them, or `--profile NAME` to keep both.',
  });
}

export function hasAnotherApp(name: string): AuthError {
  return new AuthError('USAGE', `The profile "${name}" has a sign-in with another app.`, {
    preserved: 'It is unchanged; nothing was imported.',
    hint: 'Use `--profile NAME` to keep both.',
  });
}

export function noClientIdInFile(): AuthError {
  return new AuthError('USAGE', 'The file has no client ID.', {
    preserved: 'Nothing was changed.',
    hint: 'Pass it with `--client-id` or FITBIT_CLIENT_ID, and its secret, if it has one, with `--client-secret-file` or FITBIT_CLIENT_SECRET.',
  });
}

export function noTokensInFile(): AuthError {
  return new AuthError('USAGE', 'The file contains no tokens.', {
    preserved: 'Nothing was changed.',
    hint: 'To sign in with its app: `fitbit-login login --client-secret-file FILE`.',
  });
}

const ITS_CLIENT_ID = {
  preserved: 'Nothing was changed.',
  hint: 'Pass the client ID of the app that the tokens were issued to: `--client-id ID`.',
};

export function tokensOfGoogle(): AuthError {
  return new AuthError(
    'USAGE',
    "These are Google Health tokens, but the client ID isn't one of Google.",
    ITS_CLIENT_ID,
  );
}

export function unknownClientIdOfTokens(): AuthError {
  return new AuthError(
    'USAGE',
    'The client ID is neither one of Fitbit (six letters and digits) nor one of Google.',
    ITS_CLIENT_ID,
  );
}

// App and provider

export function googleSecretMissing(): AuthError {
  return new AuthError('NOT_CONFIGURED', 'Google clients need their client secret, Desktop apps included.', {
    preserved: 'Nothing was changed.',
    hint: "Pass the client's JSON file: `--client-secret-file FILE`.",
  });
}

/** @param registration what to do at the provider, step by step */
export function notConfigured(provider: string, registration: readonly string[]): AuthError {
  return new AuthError('NOT_CONFIGURED', 'No client ID configured.', {
    hint: [
      `Create an app with ${provider} (once):`,
      ...registration.map((line, index) => `  ${index + 1}. ${line}`),
      'Then pass its client ID as FITBIT_CLIENT_ID or --client-id, and its secret, if it has one, as FITBIT_CLIENT_SECRET',
      'or --client-secret-file FILE (- for stdin): `FITBIT_CLIENT_ID=… fitbit-login`.',
      'To try it without an app: `fitbit-login login --sandbox`.',
    ].join('\n'),
  });
}

const PASS_PROVIDER =
  'Pass `--provider fitbit`, `--provider google-health`, or `--provider https://…` with the issuer of an OAuth 2.0 server.';

export function unknownProvider(name: string): AuthError {
  return new AuthError('USAGE', `Unknown provider "${name}".`, { hint: PASS_PROVIDER });
}

export function unknownClientId(id: string): AuthError {
  const known = 'Fitbit IDs are six letters and digits; Google IDs end in .apps.googleusercontent.com.';
  return new AuthError('USAGE', `Unrecognised client ID ${id}. ${known}`, { hint: PASS_PROVIDER });
}

export function noLoopbackUri(uri: string): AuthError {
  return new AuthError('USAGE', 'This Web client has no loopback redirect URI.', {
    hint: `Register ${uri} for it and download its JSON again, or create a Desktop app client.`,
  });
}

export function unknownPrompt(provider: string, prompt: string, known: readonly string[]): AuthError {
  return new AuthError('USAGE', `${provider} doesn't support prompt "${prompt}".`, {
    hint: `Use one of: ${known.join(', ')}.`,
  });
}

export function retiredScope(provider: string, scope: string, successors: readonly string[]): AuthError {
  return new AuthError('USAGE', `${provider} has retired the scope "${scope}".`, {
    hint: `Use ${successors.join(' or ')}.`,
  });
}

export function unknownScope(provider: string, scope: string, known: readonly string[]): AuthError {
  return new AuthError('USAGE', `Unknown scope "${scope}" for ${provider}.`, {
    hint: `Its scopes are: ${known.join(', ')}.`,
  });
}

// Sandbox

export function notASandbox(origin: string): AuthError {
  return new AuthError('USAGE', `${origin} isn't a loopback http URL.`, {
    hint: 'Use `--sandbox http://127.0.0.1:PORT`, or `--sandbox` alone to start one.',
  });
}

export function sandboxWithProviderUrl(): AuthError {
  return new AuthError('USAGE', "--sandbox can't be combined with a provider URL.");
}

export function noSandboxAt(origin: string): AuthError {
  return new AuthError('UNAVAILABLE', `No sandbox is running at ${origin}.`, {
    hint: `Start it with \`fitbit-login sandbox --port ${new URL(origin).port}\`, or use \`--sandbox\` alone to start one.`,
  });
}

export function sandboxOverRealSignIn(name: string): AuthError {
  return new AuthError('USAGE', `The profile "${name}" is a real sign-in; the sandbox won't overwrite it.`, {
    preserved: 'Its tokens are unchanged.',
    hint: 'Use another profile for the sandbox: `--profile sandbox`.',
  });
}

// Setup and migration

export function setupEnded(how: 'stopped' | 'idle' | 'cancelled'): AuthError {
  const message = {
    stopped: 'Setup was stopped.',
    idle: 'Setup page closed after being idle.',
    cancelled: 'Setup was cancelled.',
  };
  return new AuthError('CANCELLED', message[how], { hint: 'Run `fitbit-login setup` to open it again.' });
}

/** @param cause Default: it is neither a file nor a pipe */
export function unreadableFile(path: string, cause?: unknown): AuthError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  const why = cause === undefined ? ": it's neither a file nor a pipe." : `${code}.`;
  return new AuthError('FILE_UNREADABLE', `Can't read ${path}${why}`, { cause });
}

/** @param name a path, or "Standard input" */
export function inputTooLarge(name: string): AuthError {
  return new AuthError('USAGE', `${name} is larger than 1 MiB.`);
}

export function nothingToMigrate(name: string): AuthError {
  return new AuthError('NOT_SIGNED_IN', `The profile "${name}" has no Fitbit sign-in to migrate.`, {
    hint: 'Sign in to Google Health directly: `fitbit-login login --provider google-health`.',
  });
}

export function notAFitbitProfile(name: string): AuthError {
  return new AuthError('USAGE', `"${name}" isn't a Fitbit profile; nothing to migrate.`, {
    hint: 'Pass one with `fitbit-login migrate --profile NAME`. `fitbit-login profiles` lists them.',
  });
}

export function migrationTargetTaken(name: string): AuthError {
  return new AuthError('USAGE', `The profile "${name}" already has another sign-in.`, {
    preserved: 'Nothing was changed.',
    hint: 'Use another profile for the new sign-in: `fitbit-login migrate --to NAME`.',
  });
}

// Signing in

/** Adds `--profile NAME` to the commands in backticks, unless the profile is the default one. */
export function withProfileFlag(text: string, name: string): string {
  if (name === 'default') return text;
  return text.replace(
    /`(fitbit-login (?:login|logout|token|refresh|status|setup|export|migrate)\b[^`]*)`/g,
    (command, inner: string) => (inner.includes('--profile') ? command : `\`${inner} --profile ${name}\``),
  );
}

export function notSignedIn(name: string): AuthError {
  return new AuthError('NOT_SIGNED_IN', `Not signed in (profile "${name}").`, {
    hint: withProfileFlag('Run `fitbit-login login`.', name),
  });
}

/** A warning. @param when as people read it */
export function grantEnds(
  when: string,
  { profile, isOver, isGoogle }: { readonly profile: string; readonly isOver: boolean; readonly isGoogle: boolean },
): string {
  const why = isGoogle
    ? ': its app is in Testing, or you allowed access for a limited time. If it is in Testing, publish the app first, then sign in again with `fitbit-login login`.'
    : ': sign in again with `fitbit-login login`.';
  return withProfileFlag(`This sign-in ${isOver ? 'expired' : 'expires'} ${when}${why}`, profile);
}

/** Notices about visitors of a waiting sign-in that are not the callback. */
export const VISITOR_NOTICES = {
  https: 'Your browser used https. Change https to http in its address bar.',
  'headers-too-large':
    "Your browser sent more than 1 MiB of cookies that other programs have set for this host. Delete this host's cookies, then open the link again.",
  'service-worker': 'Another program had left a service worker at this port. It is removed: open the link again.',
  crowded: 'Another program opens many connections to this port. The idle ones are closed.',
  'other-user':
    'Another user of this computer tried to open your link or to take part in your sign-in, and was refused.',
  'other-browser':
    'A response came from another browser than the one you started with, and was ignored. Finish in that one.',
} as const;

interface PasteTarget {
  readonly provider: string;
  readonly redirectUri: string;
}

/** Why what was pasted is not the expected callback, and what to paste instead. */
export const PASTE_REFUSED = {
  unreadable: ({ redirectUri }) =>
    `That is neither a URL nor a code. Paste the whole URL your browser ended up on; it begins with ${redirectUri}`,
  'sign-in-page': ({ provider, redirectUri }) =>
    `That's ${provider}'s consent page. Approve access first, then paste the next URL; it begins with ${redirectUri}`,
  'other-address': ({ redirectUri }) =>
    `That URL doesn't belong to this sign-in. Paste the one that begins with ${redirectUri}`,
  'no-answer': () => 'That has no code; it may have been cut off. Paste the whole URL.',
  'repeated-parameter': () => 'That URL repeats a parameter. Paste the URL once, and nothing else.',
  'wrong-state': () =>
    'That belongs to another sign-in, or was cut off. Open the URL above, then paste the whole URL your browser ends up on.',
  'other-issuer': ({ provider }) => `That doesn't come from ${provider}. Paste the whole URL your browser ended up on.`,
  'code-alone': ({ provider }) => `${provider} needs the full URL, not just the code.`,
  rejected: ({ provider }) =>
    `${provider} rejected that code: it was cut off, already used, or more than a few minutes old. Open the URL above again, approve, and paste the whole new URL.`,
} as const satisfies Record<string, (to: PasteTarget) => string>;

export function cancelled(): AuthError {
  return new AuthError('CANCELLED', 'The sign-in was cancelled.');
}

interface Waited {
  readonly provider: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** "5 minutes" */
  readonly duration: string;
}

export function timedOut({ provider, clientId, redirectUri, duration }: Waited): AuthError {
  return new AuthError('TIMED_OUT', `Timed out after ${duration} waiting for ${provider}.`, {
    hint:
      `If ${provider} showed an error, check that the client ID ${clientId} is right and that its app has exactly this redirect URI ` +
      `registered: ${redirectUri} . Otherwise run \`fitbit-login login\` again; \`--timeout SECONDS\` waits longer.`,
  });
}

/** After a sign-in that could not be completed. */
export const PRESERVED = {
  nothing: 'Nothing was stored.',
  before: 'Your previous sign-in is unchanged.',
  tokens: 'Your tokens were kept.',
  dead: 'Your tokens were kept but can no longer be refreshed.',
  repeatable: 'Your tokens were kept. Fix the cause and retry within two minutes to recover the new ones.',
} as const;

export function accountUnknown(provider: string, why: string): string {
  return `${provider} did not say whose account this is: ${why}`;
}

/** A sentence for what a sign-in met although it is complete. */
export function signedInAllTheSame(obstacle: string): string {
  return `${obstacle} The sign-in itself is complete.`;
}

type Meaning = readonly [ErrorCode, (provider: string) => string];

/** RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6: every registered code. */
export const AUTHORIZATION_ERRORS: Readonly<Record<string, Meaning>> = {
  access_denied: ['DENIED', (name) => `You denied access on ${name}'s page.`],
  invalid_request: ['REQUEST_REJECTED', (name) => `${name} rejected the sign-in request.`],
  unauthorized_client: ['CLIENT_REJECTED', (name) => `${name} doesn't allow this app to use this flow.`],
  unsupported_response_type: [
    'REQUEST_REJECTED',
    (name) => `${name} won't let this app use the authorization code flow.`,
  ],
  invalid_scope: ['SCOPE_REJECTED', (name) => `${name} doesn't know one of the requested scopes.`],
  server_error: ['UNAVAILABLE', (name) => `${name} had an internal error.`],
  temporarily_unavailable: ['UNAVAILABLE', (name) => `${name} is overloaded or under maintenance.`],
  interaction_required: ['SIGN_IN_FAILED', (name) => `${name} needs you to interact, but prompt=none was set.`],
  login_required: ['SIGN_IN_FAILED', (name) => `You aren't signed in to ${name}, and prompt=none was set.`],
  account_selection_required: [
    'SIGN_IN_FAILED',
    (name) => `${name} needs you to choose an account, but prompt=none was set.`,
  ],
  consent_required: ['SIGN_IN_FAILED', (name) => `${name} needs your consent, but prompt=none was set.`],
};

const CLIENT: Meaning = ['CLIENT_REJECTED', (name) => `${name} rejected the client ID or client secret.`];
const DEFECT: Meaning = ['REQUEST_REJECTED', (name) => `${name} rejected the request.`];

/** RFC 6749 §5.2 and RFC 7009 §2.2.1: every registered code but `invalid_grant`. */
export const TOKEN_ERRORS: Readonly<Record<string, Meaning> & { invalid_client: Meaning }> = {
  invalid_client: CLIENT,
  unauthorized_client: ['CLIENT_REJECTED', (name) => `${name} doesn't allow this app to use this grant type.`],
  invalid_request: DEFECT,
  unsupported_grant_type: DEFECT,
  unsupported_token_type: ['REQUEST_REJECTED', (name) => `${name} doesn't revoke tokens of this type.`],
  invalid_scope: ['SCOPE_REJECTED', (name) => `${name} doesn't grant one of the requested scopes.`],
};

/** `invalid_grant`, by request: it alone says that a grant is dead. */
export const INVALID_GRANT = {
  exchange: [
    'SIGN_IN_FAILED',
    (name) => `${name} rejected the authorization code: it was already used or has expired.`,
  ],
  refresh: ['GRANT_DEAD', (name) => `${name} has ended this sign-in (refresh token no longer valid).`],
  revoke: ['GRANT_DEAD', (name) => `${name} had already ended this sign-in.`],
} as const satisfies Record<string, Meaning>;

/** For a code that is not registered, before what the provider says itself. */
export function unknownError(provider: string, error: string): string {
  return `${provider} refused with the error "${error}".`;
}

/** What a provider said, to stand after a sentence of ours. */
export function providerSays(provider: string, text: string | undefined): string {
  return text ? ` ${provider} says: "${text}"` : '';
}

// Responses of a provider

export function serviceRetired(provider: string, details: Details): AuthError {
  return new AuthError('RETIRED', `${provider} has retired this service (410 Gone).`, { details });
}

export function rateLimited(provider: string, seconds: number | undefined, details: Details): AuthError {
  const when = seconds === undefined ? '' : ` It resets in ${seconds} seconds.`;
  return new AuthError('RATE_LIMITED', `${provider}'s rate limit is used up (429).${when}`, {
    details: seconds === undefined ? details : { ...details, reset_seconds: seconds },
  });
}

export function accountBusy(provider: string, details: Details): AuthError {
  return new AuthError('UNAVAILABLE', `${provider} is handling another request for the same account (409).`, {
    details,
  });
}

export function unavailable(provider: string, status: number): AuthError {
  return new AuthError('UNAVAILABLE', `${provider} is temporarily unavailable (${status}).`, { details: { status } });
}

type Details = AuthErrorOptions['details'];

export function failedWithoutReason(provider: string, status: number): AuthError {
  return new AuthError('ANSWER_INVALID', `${provider} failed with status ${status}.`, { details: { status } });
}

export function invalidResponse(provider: string, what: string, details?: Details): AuthError {
  return new AuthError('ANSWER_INVALID', `${provider} sent an invalid response: ${what}.`, { details });
}

/** For {@link invalidResponse}. */
export const INVALID = {
  tokenType: 'unsupported token type',
  token: 'malformed token',
  lifetime: 'invalid token lifetime (negative, not a number, or over ten years)',
  otherAccount: (userId: string | undefined) => `these are tokens of another account, ${userId}`,
} as const;

export function accountNotNamed(provider: string, status: number): AuthError {
  return new AuthError('ANSWER_INVALID', `${provider} did not say whose account this is (${status}).`);
}

export function noRevocation(provider: string): AuthError {
  return new AuthError('USAGE', `${provider} doesn't support revocation.`);
}

export function noIntrospection(provider: string): AuthError {
  return new AuthError('USAGE', `${provider} can't be asked about a token.`);
}

export function notAnIssuer(address: string): AuthError {
  return new AuthError('METADATA_INVALID', `${address} isn't valid: the URL must be https, or http on loopback.`);
}

export function noMetadata(address: string, tried: readonly string[]): AuthError {
  return new AuthError('METADATA_INVALID', `${address} has no OAuth metadata: tried ${tried.join(', ')}.`);
}

export function unusableMetadata(address: string, [why, hint]: Problem): AuthError {
  return new AuthError('METADATA_INVALID', `Can't use the metadata at ${address}: ${why}.`, { hint });
}

/** A question. */
export function otherSites(sites: readonly string[]): string {
  return `This issuer leads to another site, ${sites.join(' and ')}. Does it sign people in there?`;
}

/** For {@link unusableMetadata}. */
export const METADATA_PROBLEMS = {
  incomplete: ['it has no issuer, authorization endpoint or token endpoint'],
  otherIssuer: (issuer: string) => [`it names another issuer, ${issuer}`],
  unsafe: (endpoint: string) => [`its endpoint ${endpoint} is neither https nor on loopback`],
  local: (endpoint: string, host: string) => [`its endpoint ${endpoint} is on this machine, but ${host} isn't`],
  otherSite: (sites: readonly string[], host: string) => [
    `its endpoints are on another site, ${sites.join(' and ')}`,
    `If you know that ${host} signs people in there, add \`--allow-sites ${sites.join(',')}\`.`,
  ],
  noCodes: ["it doesn't support the authorization code flow"],
  noPkce: ["it doesn't support PKCE (S256)"],
} as const satisfies Record<string, Problem | ((...args: never[]) => Problem)>;

// Tokens

export function noRefreshToken(): AuthError {
  return new AuthError('GRANT_DEAD', 'The access token has expired and there is no refresh token.');
}

/** @param reason as it was stored */
export function deadGrant(reason = 'This sign-in has ended.'): AuthError {
  return new AuthError('GRANT_DEAD', reason, { preserved: PRESERVED.dead });
}

/** To stand after the provider's refusal of a refresh token that works once. */
export function usedElsewhere(provider: string): string {
  return (
    `A ${provider} refresh token works once, so another machine or program may have used this one. ` +
    'Let only one of them refresh this sign-in, and pass its access tokens to the others.'
  );
}

/** @param when its start, absolute and relative */
export function interruptedRefresh(when: string, userId: string | undefined, cause: AuthError): AuthError {
  const message =
    `A refresh that began at ${when} was interrupted before its response was stored, and the provider repeats a response for two minutes ` +
    `only. This sign-in${userId === undefined ? '' : ` of ${userId}`} has ended.`;
  return new AuthError('GRANT_DEAD', message, { cause, preserved: PRESERVED.dead });
}

/** A notice. */
export function stillValid(why: string): string {
  return `${why} The stored access token is still valid until it expires.`;
}

export function rejectedFreshToken(provider: string, said = '', details?: Details): AuthError {
  return new AuthError('GRANT_DEAD', `${provider} rejected a freshly refreshed token.${said}`, { details });
}

export function cannotCheck(): AuthError {
  return new AuthError('USAGE', "The provider can't be asked about a token, and there is no refresh token to try.", {
    preserved: 'The stored token is unchanged.',
    hint: 'Try it: `fitbit-login token`.',
  });
}

/** @param all whether `--all` was there */
export function allWithout(all: boolean): AuthError {
  return new AuthError('USAGE', all ? "--all can't be combined with --profile." : '--min-ttl requires `--all`.');
}

// Requests to an API

const API_HELP = { hint: 'See `fitbit-login api --help`.' };

export function invalidRequest(what: 'header' | { readonly method: string } | { readonly bodyOf: string }): AuthError {
  if (what === 'header') return new AuthError('USAGE', 'Invalid header.', API_HELP);
  if ('method' in what) return new AuthError('USAGE', `Can't send the method ${what.method}.`, API_HELP);
  return new AuthError('USAGE', `A ${what.bodyOf} request has no body.`, API_HELP);
}

export function noApiHost(provider: string): AuthError {
  return new AuthError('USAGE', `${provider} has no known API host.`, {
    hint: 'Use `fitbit-login token` with your own client.',
  });
}

export function pathElsewhere(origin: string): AuthError {
  return new AuthError('USAGE', `The path must be on ${origin}; tokens are never sent elsewhere.`, {
    hint: 'Google Health: `/v4/users/me/identity`. Fitbit: `/1/user/-/profile.json`.',
  });
}

export function scopeMissing(said: string, details: Details): AuthError {
  return new AuthError('SCOPE_MISSING', `This sign-in lacks the scope.${said}`, { details });
}

export function noSuchPath(provider: string, said: string, details: Details): AuthError {
  return new AuthError('USAGE', `${provider}'s API has no such path (404, a page instead of JSON).${said}`, {
    hint: "Check the path and its version (`/v4/…`, `/1/…`) against the provider's documentation.",
    details,
  });
}

export function requestRefused(provider: string, status: number, said: string): AuthError {
  return new AuthError('USAGE', `${provider} refused the request (${status}).${said}`, {
    hint: "Check the path, method and body against the provider's documentation.",
    details: { status },
  });
}
