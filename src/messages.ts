/**
 * What people read when something fails: each function makes one error of this program. By room. Straight quotes, as in a terminal; pages
 * set them as typographic ones. What a failed sign-in preserved is added where it is caught.
 */
import { getSystemErrorMap } from 'node:util';
import { AuthError, type AuthErrorOptions, didYouMean, type ErrorCode, errnoOf } from './errors.ts';
import { redact } from './secret.ts';

const NOTHING_CHANGED = 'Nothing was changed.';
const RUN_AGAIN = 'Run the command again.';

type Details = AuthErrorOptions['details'];
/** What is wrong, as the end of a sentence, and what to do. */
export type Problem = readonly [what: string, hint?: string];
type Problems<Fact> = Readonly<Record<string, Problem | ((...facts: Fact[]) => Problem)>>;

function usage(message: string, hint?: string): AuthError {
  return new AuthError('USAGE', message, { hint });
}

/** For what was found out before anything was done. */
function unchanged(code: ErrorCode, message: string, hint?: string, details?: Details): AuthError {
  return new AuthError(code, message, { preserved: NOTHING_CHANGED, hint, details });
}

const refused = (message: string, hint?: string) => unchanged('USAGE', message, hint);

// Store

function systemReason(error: unknown): string {
  const errno = errnoOf(error) ?? 'unknown error';
  const [, reason] = [...getSystemErrorMap().values()].find(([name]) => name === errno) ?? [];
  return `${reason ?? 'the operating system refused'} (${errno})`;
}

/** What the operating system refused: "Can't write /path: no space left on device (ENOSPC)." An {@link AuthError} passes as it is. */
export function diskError(action: string, path: string, cause: unknown): AuthError {
  if (cause instanceof AuthError) return cause;
  const details = { path, errno: errnoOf(cause) ?? 'unknown error' };
  return new AuthError('STORE_UNAVAILABLE', `Can't ${action} ${path}: ${systemReason(cause)}.`, { cause, details });
}

const ofFile = (path: string) => ({ preserved: 'The file is unchanged.', details: { path } });

export const corruptProfile = (path: string, what: string) =>
  new AuthError('STORE_DAMAGED', `${path} is corrupt: ${what}.`, ofFile(path));
export const newerProfile = (path: string) =>
  new AuthError('STORE_VERSION', `${path} was written by a newer fitbit-login.`, ofFile(path));
export const unknownFieldsTooLarge = (path: string) =>
  new AuthError('STORE_DAMAGED', `The unknown fields in ${path} are too large to preserve.`, {
    ...ofFile(path),
    hint: 'Remove them, then run the command again.',
  });
export const profileTooLarge = (path: string) =>
  new AuthError('STORE_UNAVAILABLE', `The profile is too large for ${path}: more than 1 MiB.`, { details: { path } });

/** @param rest what follows the path */
const unusablePath = (path: string, rest: string, hint = 'Inspect and move it, then run the command again.') =>
  unchanged('STORE_UNAVAILABLE', `${path} ${rest}`, hint, { path });

export const symbolicLink = (path: string) =>
  unusablePath(path, 'is a symbolic link, which is not followed for writing.', 'Replace it with a file, or remove it.');
export const brokenLink = (path: string, target: string) =>
  unusablePath(path, `is a link to ${target}, which does not exist.`, 'Create or mount it, or remove the link.');
export const notA = (kind: 'file' | 'directory' | 'fitbit-login lock', path: string) =>
  unusablePath(path, `is not a ${kind}.`);
export function ownedByAnother(path: string, uid: number, owner: number, ownerName?: string): AuthError {
  const [name, asOwner] = ownerName === undefined ? [owner, `'#${owner}'`] : [ownerName, ownerName];
  return unusablePath(
    path,
    `belongs to another user (${name}); this process runs as ${uid === 0 ? 'root' : uid}.`,
    uid === 0
      ? `Run \`sudo -u ${asOwner} fitbit-login …\`, or set FITBIT_LOGIN_HOME=/var/lib/fitbit-login for root itself.`
      : 'Run the command as the owner, or take ownership of the file with `chown`.',
  );
}

/** A notice. @param mode four octal digits, before */
export function wasOpenToOthers(path: string, mode: string, now: string | undefined): string {
  const done = now === undefined ? 'its mode could not be changed' : `it is ${now} now`;
  return `${path} was readable by other users (${mode}); ${done}.`;
}

export function lockTimeout(path: string, what: string, timeoutMs: number): AuthError {
  const how = `${what} locked for ${Math.round(timeoutMs / 1000)} s (${path})`;
  return unchanged('LOCKED', `Another fitbit-login process has kept ${how}.`, undefined, { path });
}

export const interruptedWhileWaiting = (cause: unknown) =>
  new AuthError('INTERRUPTED', 'Interrupted while waiting for another process.', { cause, preserved: NOTHING_CHANGED });
export const replacedMeanwhile = (path: string) =>
  new AuthError('LOCKED', `Another process replaced ${path} while this one was suspended.`, {
    preserved: "The other process's changes are kept; this one wrote nothing.",
    hint: RUN_AGAIN,
    details: { path },
  });
export const tooLargeForTokens = (path: string) =>
  new AuthError('FILE_UNREADABLE', `${path} is larger than 1 MiB, so it is not a token file.`);
export const profileExists = (name: string) => refused(`There is already a profile "${name}".`);
export const noSuchProfile = (name: string, known: readonly string[]) =>
  new AuthError('NOT_SIGNED_IN', `There is no profile "${name}".`, {
    hint: `${didYouMean(name, known)}\`fitbit-login profiles\` lists them.`,
  });
export const invalidProfileName = (name: string) =>
  usage(
    `Invalid profile name ${JSON.stringify(name.slice(0, 80))}.`,
    "Use 1 to 64 of A-Z a-z 0-9 . _ -, with a letter or digit first and no dot last. Windows device names (con, nul, …) aren't allowed.",
  );
export const noHomeDirectory = () =>
  unchanged(
    'STORE_UNAVAILABLE',
    'HOME is not set, and this user has no home directory.',
    'Set FITBIT_LOGIN_HOME=/path.',
  );
export const relativeHome = (path: string) =>
  refused(`FITBIT_LOGIN_HOME=${JSON.stringify(path)} is a relative path.`, 'Use an absolute path, or `~/…`.');

// Store in PostgreSQL

const POSTGRES_URL = 'postgresql://ROLE@HOST/DATABASE';

export const storeAddressInvalid = (why: string) =>
  unchanged(
    'NOT_CONFIGURED',
    `FITBIT_LOGIN_STORE is ${why}.`,
    `Set it to ${POSTGRES_URL}, with sslmode=disable, allow, prefer, require, verify-ca or verify-full.`,
  );
export const noDatabaseNamed = () =>
  new AuthError('NOT_CONFIGURED', 'FITBIT_LOGIN_STORE is not set, and files need no set-up.', {
    hint: `Set it to the database: ${POSTGRES_URL}.`,
  });

export function storeKeyMissing(path: string | undefined): AuthError {
  const what = path ? `The key file ${path} is missing or empty` : 'FITBIT_LOGIN_STORE_KEY_FILE is not set';
  const file = path || '/path/to/key';
  return unchanged(
    'NOT_CONFIGURED',
    `${what}, and tokens are stored in a database only encrypted.`,
    `Create a key with \`(umask 077; openssl rand -base64 32 > '${file}')\`, copy it to every machine, and set FITBIT_LOGIN_STORE_KEY_FILE to its path.`,
  );
}

const KEY_FORMAT = 'It must have one key a line, as `openssl rand -base64 32` prints it.';
export const storeKeyInvalid = (path: string, why: string, hint = KEY_FORMAT) =>
  unchanged('NOT_CONFIGURED', `The key file ${path} can't be used: ${why}.`, hint);

/** @param kid the key that it was encrypted with, if that is not in the file */
export function profileUndecryptable(name: string, keyFile: string, kid: string | undefined): AuthError {
  const isOtherKey = kid !== undefined;
  const why = isOtherKey ? `was encrypted with a key that ${keyFile} lacks` : 'is corrupt: decryption failed';
  return new AuthError(
    isOtherKey ? 'STORE_UNAVAILABLE' : 'STORE_DAMAGED',
    `The profile "${name}" in the database ${why}.`,
    {
      preserved: 'What is stored is unchanged.',
      hint: isOtherKey
        ? 'Add the key that the other machines use as another line.'
        : 'Restore it from a backup, or delete it and sign in again.',
      details: isOtherKey ? { kid } : {},
    },
  );
}

export const noSchema = (place: string) =>
  unchanged(
    'NOT_CONFIGURED',
    `The schema fitbit_login in ${place} is missing or from an older version.`,
    'Run `fitbit-login store init` as a role that may create schemas.',
  );
export const newerSchema = (place: string) =>
  unchanged('STORE_VERSION', `The schema fitbit_login in ${place} is from a newer fitbit-login.`);
export const lockLost = (location: string) =>
  unchanged('LOCKED', `The connection broke, and with it the lock of ${location}.`, RUN_AGAIN);

/** What each error of PostgreSQL or of the connection means, by SQLSTATE or the operating system's name; and what to do. */
const DATABASE_REASONS: Readonly<Record<string, Problem>> = {
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

/** For an error without such a code, by its message or the beginning of its code. */
const OTHER_DATABASE_REASONS: readonly (readonly [RegExp, ...Problem])[] = [
  [/support SSL/, 'it offers no TLS', 'Turn on `ssl` at the server, or connect with another `sslmode`.'],
  [/password must be a string/, 'it wants a password, and none is set', 'Set PGPASSWORD or PGPASSFILE.'],
  [/CERT|VERIFY/, 'its certificate is not trusted', "Name the server's CA with `sslrootcert=` or PGSSLROOTCERT."],
  [/terminated|closed/, 'the connection broke'],
];

/** @param code SQLSTATE, or the name that Node or the operating system gives the error */
export function databaseFailure(place: string, code: string, message: string, cause: unknown): AuthError {
  // No schema, or no table in it.
  if (['3F000', '42P01'].includes(code)) return noSchema(place);
  const [, ...other] = OTHER_DATABASE_REASONS.find(([pattern]) => pattern.test(`${code} ${message}`)) ?? [];
  const [reason = redact(message), hint] = DATABASE_REASONS[code] ?? other;
  return new AuthError('STORE_UNAVAILABLE', `Can't use ${place}: ${reason}${code && ` (${code})`}.`, {
    cause,
    preserved: NOTHING_CHANGED,
    hint: hint ?? 'Check the server with `fitbit-login doctor`, then run the command again.',
    details: code === '' ? undefined : { code },
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
export const checkProxy = (from: string) => `Check ${from} and the network, then try again.`;
export const useHttpForProxy = (from: string, url: string) =>
  `Most proxies use plain http: try ${from}=${url.replace('https://', 'http://')}.`;

/** What a proxy refused, after "The proxy http://…", and what to do. */
export const PROXY_REFUSED = {
  scheme: (schemes, from) => [
    `requires ${schemes} authentication; only Basic is supported`,
    `Run a local proxy that signs in for you, such as cntlm or px, and name it in ${from}.`,
  ],
  noPassword: (from, url) => ['requires a user name and password', `Put them in the URL: ${proxyFormat(from, url)}.`],
  wrongPassword: (from, url) => [
    `rejected the user name and password in ${from}`,
    `Correct them: ${proxyFormat(from, url)}.`,
  ],
  unavailable: (target) => [
    `can't connect to ${target} at the moment`,
    "Try again later. If it persists, ask the proxy's administrator.",
  ],
  forbidden: (target) => [
    `refuses to connect to ${target}`,
    `Ask its administrator to allow it. If direct access is possible: NO_PROXY=${target.replace(/:443$/, '')}.`,
  ],
} as const satisfies Record<string, (...facts: string[]) => readonly [what: string, hint: string]>;

/** A variable that names no proxy we can use. */
const unusableProxy = (message: string, hint: string) =>
  new AuthError('USAGE', message, { details: { never_sent: true }, hint });

export const socksProxy = (from: string) =>
  unusableProxy(
    `${from} names a SOCKS proxy; only HTTP proxies are supported.`,
    'Name an HTTP proxy, HTTPS_PROXY=http://proxy.example:3128, or exempt the provider in NO_PROXY if direct access is possible.',
  );
export const notAProxyUrl = (from: string) =>
  unusableProxy(`${from} isn't a proxy URL.`, `Write it as ${proxyFormat(from)}.`);

function proxyFormat(variable: string, url = 'http://proxy.example:3128'): string {
  return `${variable}=${url.replace('://', '://USER:PASSWORD@')}, with special characters of the password percent-encoded ("@" as %40)`;
}

export const responseTimeout = (host: string, ms: number) =>
  new AuthError('UNAVAILABLE', `${host}: response timed out after ${ms / 1000} seconds.`);

// Browser and server

export const unclosedQuote = (variable: string) =>
  usage(`${variable} has an unclosed quote.`, `Fix or unset ${variable}.`);
export const notALoopbackUri = (uri: string) =>
  usage(
    `Can't listen on ${JSON.stringify(uri)}; use a loopback address.`,
    'Register and pass one like http://127.0.0.1:8976/callback (http; 127.0.0.1, [::1] or localhost; a plain path; no query).',
  );

/** @param reasons of each redirect URI, from {@link PORT_PROBLEMS} */
export function cannotBind(code: ErrorCode, reasons: readonly string[], options: AuthErrorOptions): AuthError {
  const [only = ''] = reasons;
  const all = `None of the ${reasons.length} redirect URIs can be used: ${reasons.join('; ')}.`;
  return new AuthError(code, reasons.length > 1 ? all : `${only.charAt(0).toUpperCase()}${only.slice(1)}.`, options);
}

const OTHER_URI = 'register another redirect URI and pass it with `--redirect-uri`';
const STOP_OR_OTHER = `or ${OTHER_URI}. Google Desktop apps take any port: \`--redirect-uri http://127.0.0.1:0/callback\`.`;

/** "8976 on ::1, where localhost may lead too," @param one of several addresses of a host */
export const portPlace = (port: number, one?: { readonly address: string; readonly host: string }) =>
  one === undefined ? `${port}` : `${port} on ${one.address}, where ${one.host} may lead too,`;

/** What is wrong with one port, and what helps. `at` is an address and a port, `place` a {@link portPlace}. */
export const PORT_PROBLEMS = {
  noneFree: ['there is no free port', 'Close programs that use many ports, then try again.'],
  ownSignIn: (place, pid) => [
    `port ${place} is used by another sign-in of this process (pid ${pid})`,
    'Finish or cancel the other sign-in first.',
  ],
  holder: (place, program, pid) => [
    `port ${place} is used by ${program} (pid ${pid})`,
    `Stop it (\`kill ${pid}\`), ${STOP_OR_OTHER}`,
  ],
  unknownHolder: (place, uid, command) => [
    `port ${place} is used by ${uid === undefined ? 'another program' : `a program of another user (uid ${uid})`}`,
    `${command} shows which one. Stop it, ${STOP_OR_OTHER}`,
  ],
  privileged: (at) => [`cannot listen on ${at}: this port is privileged`, `Use a port above 1023: ${OTHER_URI}.`],
  reserved: (at) => [
    `cannot listen on ${at}: the system has reserved this port`,
    `Use another port: ${OTHER_URI}. On Windows, \`netsh interface ipv4 show excludedportrange tcp\` lists the reserved ones.`,
  ],
  refused: (at, code) => [
    `cannot listen on ${at}: the system answered ${code}`,
    'Check that programs may listen on loopback.',
  ],
  noIpv6: (at, uri, canEnable) => [
    `cannot listen on ${at}: this machine has no IPv6, or it is switched off`,
    `Register ${uri} instead and pass it with \`--redirect-uri\`${canEnable ? ', or enable IPv6: `sudo sysctl net.ipv6.conf.lo.disable_ipv6=0`' : ''}.`,
  ],
  loopbackDown: (at, isLinux) => [
    `cannot listen on ${at}: the loopback interface is down, or has no address`,
    `Bring it up${isLinux ? ': `sudo ip link set lo up`; if it is up, restore its address: `sudo ip addr add 127.0.0.1/8 dev lo`' : ''}.`,
  ],
} as const satisfies Problems<string | number | boolean | undefined>;

export const noRedirectUri = () => usage('There is no redirect URI to listen on.');

// Files of other programs

/** @param what after "Can't use this file: "; must hold nothing of the file but names that this program knows */
export function unusableFile(
  what: string,
  hint = 'Use another; `fitbit-login import --help` lists formats.',
): AuthError {
  // Never with a cause: a parser's own error quotes the text, which holds tokens.
  return refused(`Can't use this file: ${what}.`, hint);
}

const OTHER_FILE = 'Use another path with `--output`.';
const OTHER_FORMAT = 'Choose another format; `fitbit-login export --help` lists them.';

/** For {@link unusableFile}: what is wrong, and what to do if that is not simply to use another file. */
export const FILE_PROBLEMS = {
  tooLarge: ['it is larger than 1 MiB'],
  notText: ["it isn't UTF-8 text"],
  empty: ['it is empty'],
  tooDeep: (levels) => [`it is JSON nested deeper than ${levels} levels`],
  truncatedJson: ['invalid JSON: truncated'],
  invalidJson: (where) => [`invalid JSON${where}`],
  noSignIn: (syntax) => [`read as ${syntax}, it has no access token, refresh token or client ID, or they are empty`],
  noClient: (syntax) => [
    `it is not one word, and read as ${syntax} it has no client ID and no client secret, or they are empty`,
    'Use a file with only the secret, or with client_id and client_secret: JSON, dotenv, INI or TOML.',
  ],
  noSuchEntry: (names) => ['it has no entry of that name', `Use one of these with \`--entry\`: ${names}.`],
  severalEntries: (count, what, names) => [
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
  notAString: (name) => [`its ${name} must be a string`],
  notDotenv: (name) => [`the value of ${name} has characters that .env doesn't allow`, 'Choose a JSON format.'],
  exists: ['it exists', OTHER_FILE],
  existsNotObject: ["it exists and isn't a JSON object", OTHER_FILE],
  existsJson: ['it exists and is JSON', 'Choose `--format notebook`, or use another path.'],
  ownProfile: ['it is a profile of fitbit-login itself', OTHER_FILE],
  madeByGoogle: ['it is a Google file for something else', OTHER_FILE],
  lacks: (title, what) => [`${title} needs ${what}, and there is none`, OTHER_FORMAT],
} as const satisfies Problems<string | number>;

export const unusableValue = (kind: string, source: string, problem: string) =>
  refused(`The ${kind} ${source} ${problem}.`, `Copy the ${kind} again, complete and alone.`);
export const unknownFormat = (name: string, known: readonly string[]) =>
  usage(`Unknown format "${name}".`, `${didYouMean(name, known)}The formats are: ${known.join(', ')}.`);
export const gcloudsOwnFile = (name: string) =>
  refused(`${name} is gcloud's own file and is never overwritten.`, OTHER_FILE);
export const unsupportedByFormat = (format: string, provider: string) =>
  usage(`The format ${format} doesn't support ${provider}.`, OTHER_FORMAT);
export const ownFormatNotKept = () => usage("`--keep` is for the formats of other programs, not fitbit-login's own.");

/** A notice. */
export const singleUseCopy = (name: string) =>
  withProfileFlag(
    'Its refresh token is single-use: only one copy can refresh. Once it is imported elsewhere, run `fitbit-login logout --local` here.',
    name,
  );

/** A notice. */
export const exportFailed = (path: string, why: string) => `Tokens saved, but ${path} couldn't be updated: ${why}`;

const KEEP_BOTH = 'Use `--profile NAME` to keep both.';
export const hasOtherTokens = (name: string) =>
  refused(`The profile "${name}" already has tokens.`, `${KEEP_BOTH} \`--replace\` overwrites them.`);
export const hasAnotherApp = (name: string) =>
  refused(`The profile "${name}" has a sign-in with another app.`, KEEP_BOTH);
export const noClientIdInFile = () =>
  refused(
    'The file has no client ID.',
    'Pass it with `--client-id` or FITBIT_CLIENT_ID, and its secret, if it has one, with `--client-secret-file` or FITBIT_CLIENT_SECRET.',
  );
export const noTokensInFile = () =>
  refused('The file contains no tokens.', 'To sign in with its app: `fitbit-login login --client-secret-file FILE`.');

/** @param isGoogle whether the tokens are */
export const otherClientIdOfTokens = (isGoogle: boolean) =>
  refused(
    isGoogle
      ? "These are Google Health tokens, but the client ID isn't a Google one."
      : 'The client ID is neither a Fitbit one (six letters and digits) nor a Google one.',
    'Pass the client ID of the app that the tokens were issued to: `--client-id ID`.',
  );

// App and provider

const GOOGLE_SECRET_MISSING = [
  'Google clients need their client secret, Desktop apps included.',
  "Pass the client's JSON file: `fitbit-login login --client-secret-file FILE`.",
] as const;

export const googleSecretMissing = () => unchanged('NOT_CONFIGURED', ...GOOGLE_SECRET_MISSING);

/** @param registration what to do at the provider, step by step */
export const notConfigured = (provider: string, registration: readonly string[]) =>
  new AuthError('NOT_CONFIGURED', 'No client ID configured.', {
    hint: [
      `Create an app with ${provider} (once):`,
      ...registration.map((line, index) => `  ${index + 1}. ${line}`),
      'Then pass its client ID as FITBIT_CLIENT_ID or --client-id, and its secret, if it has one, as FITBIT_CLIENT_SECRET',
      'or --client-secret-file FILE (- for stdin): `FITBIT_CLIENT_ID=… fitbit-login`.',
      'To try it without an app: `fitbit-login login --sandbox`.',
    ].join('\n'),
  });

const PASS_PROVIDER =
  'Pass `--provider fitbit`, `--provider google-health`, or `--provider https://…` with the issuer of an OAuth 2.0 server.';

export const unknownProvider = (name: string) =>
  usage(`Unknown provider "${name}".`, `${didYouMean(name, ['fitbit', 'google-health'])}${PASS_PROVIDER}`);
export const unknownClientId = (id: string) =>
  usage(
    `Unrecognised client ID ${id}. Fitbit IDs are six letters and digits; Google IDs end in .apps.googleusercontent.com.`,
    PASS_PROVIDER,
  );
export const noLoopbackUri = (uri: string) =>
  usage(
    'This Web client has no loopback redirect URI.',
    `Register ${uri} and download its JSON again, or use a Desktop app.`,
  );
export const unknownPrompt = (provider: string, prompt: string, known: readonly string[]) =>
  usage(`${provider} doesn't support prompt "${prompt}".`, `Use one of: ${known.join(', ')}.`);
export const retiredScope = (provider: string, scope: string, successors: readonly string[]) =>
  usage(`${provider} has retired the scope "${scope}".`, `Use ${successors.join(' or ')}.`);
export const unknownScope = (provider: string, scope: string, known: readonly string[]) =>
  usage(`Unknown scope "${scope}" for ${provider}.`, `${didYouMean(scope, known)}Its scopes are: ${known.join(', ')}.`);

// Sandbox

const START_ONE = '`--sandbox` alone starts one.';

export const notASandbox = (origin: string) =>
  usage(`${origin} isn't a loopback http URL.`, `Use \`--sandbox http://127.0.0.1:PORT\`; ${START_ONE}`);
export const noSandboxAt = (origin: string) =>
  new AuthError('UNAVAILABLE', `No sandbox is running at ${origin}.`, {
    hint: `Start it with \`fitbit-login sandbox --port ${new URL(origin).port}\`; ${START_ONE}`,
  });
export const sandboxOverRealSignIn = (name: string) =>
  refused(`The profile "${name}" is a real sign-in; the sandbox won't overwrite it.`, 'Use `--profile sandbox`.');

// Setup, migration, signing out

const SETUP_AGAIN = { hint: 'Run `fitbit-login setup` to open it again.' };

export const setupEnded = (how: 'stopped' | 'closed after being idle' | 'cancelled') =>
  new AuthError('CANCELLED', `Setup was ${how}.`, SETUP_AGAIN);
export const setupTimedOut = (minutes: number) =>
  new AuthError('TIMED_OUT', `Setup was not finished in ${minutes} minutes.`, SETUP_AGAIN);
export const inputEnded = () => new AuthError('CANCELLED', 'Input ended before setup was complete.');
export const noSetupPossible = () =>
  new AuthError('NOT_CONFIGURED', 'No display and no terminal for setup.', {
    hint: 'Pass the client ID as FITBIT_CLIENT_ID or `--client-id`, and its secret with `--client-secret-file`.',
  });

/** @param cause Default: it is neither a file nor a pipe */
export function unreadableFile(path: string, cause?: unknown): AuthError {
  const why = cause === undefined ? "it's neither a file nor a pipe" : systemReason(cause);
  return new AuthError('FILE_UNREADABLE', `Can't read ${path}: ${why}.`, { cause });
}

/** @param name a path, or "Standard input" */
export const inputTooLarge = (name: string) => usage(`${name} is larger than 1 MiB.`);
export const nothingToMigrate = (name: string) =>
  new AuthError('NOT_SIGNED_IN', `The profile "${name}" has no Fitbit sign-in to migrate.`, {
    hint: 'Sign in to Google Health directly: `fitbit-login login --provider google-health`.',
  });
export const notAFitbitProfile = (name: string) =>
  usage(
    `"${name}" isn't a Fitbit profile.`,
    '`fitbit-login profiles` lists them: `fitbit-login migrate --profile NAME`.',
  );
export const migrationTargetTaken = (name: string) =>
  refused(`The profile "${name}" already has another sign-in.`, 'Use another: `fitbit-login migrate --to NAME`.');
export const revocationDeclined = () =>
  new AuthError('CANCELLED', 'Nothing was revoked.', {
    preserved: 'The sign-in is unchanged.',
    hint: 'To delete it from this machine only: `fitbit-login logout --local`.',
  });

/** @param ends what a revocation ends: a sentence */
export const confirmationNeeded = (ends: string) =>
  new AuthError('USAGE', `Needs confirmation, and there is no terminal. ${ends}`, {
    preserved: 'Nothing was revoked or deleted.',
    hint: 'Confirm with `fitbit-login logout --yes`, or only delete the tokens here with `fitbit-login logout --local`.',
  });

// Signing in

/** Adds `--profile NAME` to the commands in backticks, unless the profile is the default one. */
export function withProfileFlag(text: string, name: string): string {
  if (name === 'default') return text;
  return text.replace(
    /`(fitbit-login (?:login|logout|token|refresh|status|setup|export|migrate)\b[^`]*)`/g,
    (command, inner: string) => (inner.includes('--profile') ? command : `\`${inner} --profile ${name}\``),
  );
}

/** @param known the profiles that there are */
export const notSignedIn = (name: string, known: readonly string[] = []) =>
  new AuthError('NOT_SIGNED_IN', `Not signed in (profile "${name}").`, {
    hint: withProfileFlag(
      `${didYouMean(name, known)}Run \`fitbit-login login\`.`.replace('? Run', '? Otherwise run'),
      name,
    ),
  });

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
  'other-user': 'Another user of this computer tried to open your link or join your sign-in, and was refused.',
  'other-browser': 'A response came from another browser, and was ignored. Finish in the one you started with.',
} as const;

/** A notice. */
export const tokenFileNotRenewed = (why: string) => `The token in FITBIT_TOKEN_FILE can't be renewed now: ${why}`;

/** For the command in FITBIT_LOGIN_NOTIFY. @param reason what the provider said */
export const deadNotice = (
  name: string,
  provider: string,
  reason = 'the access token has expired, and there is no refresh token.',
) =>
  withProfileFlag(`${name}: signed out of ${provider}: ${reason} Run \`fitbit-login login\` to sign in again.`, name);
export const scopesLostNotice = (name: string, provider: string, scopes: readonly string[]) =>
  withProfileFlag(
    `${name}: ${provider} no longer grants ${scopes.join(', ')}. Allow it again: \`fitbit-login login\`.`,
    name,
  );

/** A notice. @param why a sentence without its full stop */
export const notifierFailed = (why: string) => `The command in FITBIT_LOGIN_NOTIFY failed: ${why.replace(/\.$/, '')}.`;

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
    'That belongs to another sign-in, or was cut off. Open the sign-in URL again, then paste the whole URL your browser ends up on.',
  'other-issuer': ({ provider }) => `That doesn't come from ${provider}. Paste the whole URL your browser ended up on.`,
  'code-alone': ({ provider }) => `${provider} needs the full URL, not just the code.`,
  rejected: ({ provider }) =>
    `${provider} rejected that code: it was cut off, already used, or more than a few minutes old. Open the sign-in URL again, approve, and paste the whole new URL.`,
} as const satisfies Record<string, (to: PasteTarget) => string>;

export const cancelled = () => new AuthError('CANCELLED', 'The sign-in was cancelled.');

interface Waited extends PasteTarget {
  readonly clientId: string;
  /** "5 minutes" */
  readonly duration: string;
  readonly asksEmail: boolean;
}

/** After `invalid_scope`. */
export const WITHOUT_EMAIL =
  "If the provider doesn't allow your email address next to the health scopes, leave it out: `fitbit-login login --no-email`. Otherwise pass other scopes; `fitbit-login scopes` lists them.";

export const timedOut = ({ provider, clientId, redirectUri, duration, asksEmail }: Waited) =>
  new AuthError('TIMED_OUT', `Timed out after ${duration} waiting for ${provider}.`, {
    hint:
      `Run \`fitbit-login login\` again; \`--timeout SECONDS\` waits longer. If ${provider} showed an error, check the client ID ` +
      `(${clientId}) and the redirect URI registered for it (${redirectUri})${asksEmail ? '; for invalid_scope, add `--no-email`' : ''}.`,
  });

/** After a sign-in that could not be completed. */
export const PRESERVED = {
  nothing: 'Nothing was stored.',
  perhaps: 'The change may not have been stored.',
  before: 'Your previous sign-in is unchanged.',
  tokens: 'Your tokens were kept.',
  pending: 'The sign-in still waits for its response.',
  dead: 'Your tokens were kept but can no longer be refreshed.',
  repeatable: 'Your tokens were kept. Fix the cause and retry within two minutes to recover the new ones.',
} as const;

export const accountUnknown = (provider: string, why: string) =>
  `${provider} did not say whose account this is: ${why}`;
/** A sentence for what a sign-in met although it is complete. */
export const signedInAllTheSame = (obstacle: string) => `${obstacle} The sign-in itself is complete.`;

const BEGIN_AGAIN = 'Begin again with `fitbit-login login --begin`, and open its new URL.';

export const sandboxMustRun = () =>
  usage('--begin needs a sandbox that keeps running.', 'Start `fitbit-login sandbox`, and pass `--sandbox URL`.');
export const nothingPending = () =>
  new AuthError('SIGN_IN_FAILED', 'No sign-in waits for this response: it was finished or refused, or begun again.', {
    hint: `\`fitbit-login profiles\` shows which profiles wait. ${BEGIN_AGAIN}`,
  });
export const noPendingLogin = (name: string) =>
  new AuthError('SIGN_IN_FAILED', `The profile "${name}" waits for no response.`, {
    hint: withProfileFlag(BEGIN_AGAIN, name),
  });
/** @param when as people read it */
export const loginLinkExpired = (name: string, when: string) =>
  new AuthError('TIMED_OUT', `The sign-in of the profile "${name}" expired ${when}.`, {
    hint: withProfileFlag(`${BEGIN_AGAIN} \`--expires 1d\` waits longer.`, name),
  });
/** A notice. */
export const responseOfAnother = (name: string) => `That is the response for the profile "${name}", not for this one.`;

/** @param refused why what was read last is not the response */
export const noResponse = (refused: string | undefined) =>
  refused === undefined
    ? new AuthError('CANCELLED', 'No response was entered.', { preserved: PRESERVED.pending })
    : new AuthError('SIGN_IN_FAILED', refused, {
        preserved: PRESERVED.pending,
        hint: 'Run `fitbit-login login --finish` again with the right URL.',
      });

type Meaning = readonly [ErrorCode, (provider: string) => string];

const unlessAsked = (what: string): Meaning => [
  'SIGN_IN_FAILED',
  (name) => `${name} ${what}, but prompt=none was set.`,
];

/** RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6: every registered code. */
export const AUTHORIZATION_ERRORS: Readonly<Record<string, Meaning>> = {
  access_denied: ['DENIED', (name) => `You denied access on ${name}'s page.`],
  invalid_request: ['REQUEST_REJECTED', (name) => `${name} rejected the sign-in request.`],
  unauthorized_client: ['CLIENT_REJECTED', (name) => `${name} doesn't allow this app to use this flow.`],
  unsupported_response_type: ['REQUEST_REJECTED', (name) => `${name} doesn't support the authorization code flow.`],
  invalid_scope: ['SCOPE_REJECTED', (name) => `${name} doesn't know one of the requested scopes.`],
  server_error: ['UNAVAILABLE', (name) => `${name} had an internal error.`],
  temporarily_unavailable: ['UNAVAILABLE', (name) => `${name} is overloaded or under maintenance.`],
  interaction_required: unlessAsked('needs you to interact'),
  login_required: unlessAsked('needs you to sign in'),
  account_selection_required: unlessAsked('needs you to choose an account'),
  consent_required: unlessAsked('needs your consent'),
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
export const INVALID_GRANT: Readonly<Record<string, Meaning>> = {
  exchange: ['SIGN_IN_FAILED', (name) => `${name} rejected the authorization code: already used or expired.`],
  refresh: ['GRANT_DEAD', (name) => `${name} has ended this sign-in (refresh token no longer valid).`],
  revoke: ['GRANT_DEAD', (name) => `${name} had already ended this sign-in.`],
};

/** For a code that is not registered, before what the provider says itself. */
export const unknownError = (provider: string, error: string) => `${provider} refused with the error "${error}".`;
/** What a provider said, to stand after a sentence of ours. */
export const providerSays = (provider: string, text: string | undefined) =>
  text ? ` ${provider} says: "${text}"` : '';

// Responses of a provider

export const serviceRetired = (provider: string, details: Details) =>
  new AuthError('RETIRED', `${provider} has retired this service (410 Gone).`, { details });

export function rateLimited(provider: string, seconds: number | undefined, details: Details): AuthError {
  const when = seconds === undefined ? '' : ` It resets in ${seconds} seconds.`;
  return new AuthError('RATE_LIMITED', `${provider}'s rate limit is used up (429).${when}`, {
    details: seconds === undefined ? details : { ...details, reset_seconds: seconds },
  });
}

/** Of a profile that was not asked for. @param when the limit resets, if known */
export function leftForNextRun(
  provider: string,
  when?: { readonly resetsAt: Date; readonly words: string },
): AuthError {
  const limit = when === undefined ? 'is used up' : `resets ${when.words}`;
  return new AuthError('RATE_LIMITED', `Left for the next run: ${provider}'s rate limit ${limit}.`, {
    details: when && { resets_at: when.resetsAt.toISOString() },
  });
}

export const accountBusy = (provider: string, details: Details) =>
  new AuthError('UNAVAILABLE', `${provider} is handling another request for the same account (409).`, { details });
export const unavailable = (provider: string, status: number) =>
  new AuthError('UNAVAILABLE', `${provider} is temporarily unavailable (${status}).`, { details: { status } });
export const failedWithoutReason = (provider: string, status: number) =>
  new AuthError('ANSWER_INVALID', `${provider} failed with status ${status}.`, { details: { status } });

/** @param provider its name or host */
export const invalidResponse = (provider: string, what: string, details?: Details) =>
  new AuthError('ANSWER_INVALID', `${provider} sent an invalid response: ${what}.`, { details });

/** For {@link invalidResponse}. */
export const INVALID = {
  redirect: (status: number) => `a redirect (${status}), which is not followed`,
  size: (maxBytes: number) => `more than the ${maxBytes / 1024} KiB limit`,
  encoding: 'an encoding that was not requested',
  tokenType: 'unsupported token type',
  token: 'malformed token',
  lifetime: 'invalid token lifetime (negative, not a number, or over ten years)',
  otherAccount: (who: string | undefined) => `these are tokens of another account, ${who}`,
} as const;

/** Default hint: the code's own. */
export type GoogleRefusal = readonly [code: ErrorCode, message: string, hint?: string];

const CONSOLE = 'https://console.cloud.google.com';
const OTHER_ACCOUNT = 'Sign in with another account: `fitbit-login login`.';
const OR_NEW_CLIENT = 'or create a new one and sign in with its file.';

/** What Google refuses, of the Health API and of the token endpoint. */
export const GOOGLE_REFUSED = {
  noHealthProfile: (page = 'https://fitbit.google.com/auth/signup') => [
    'ACCOUNT_UNREADABLE',
    'This Google account has no Health profile yet.',
    `If it is the wrong account, run \`fitbit-login login\` again and choose another. Otherwise open ${page} and create the profile.`,
  ],
  appNotSetUp: [
    'ACCOUNT_UNREADABLE',
    'The Google Health app was never set up for this account.',
    'Set it up on the phone, then run the command again.',
  ],
  brokenConsent: [
    'ACCOUNT_UNREADABLE',
    "Google's record of this consent is broken, so it refuses every request.",
    'Remove the app at https://myaccount.google.com/connections, then sign in again with `fitbit-login login`.',
  ],
  legacyAccount: [
    'ACCOUNT_UNREADABLE',
    'This is still a legacy Fitbit account; those stopped working on 2026-05-19.',
    'Move it to Google in the Google Health app, then run the command again.',
  ],
  /** @param query names the project, if that is known */
  apiDisabled: (query: string) => [
    'CLIENT_REJECTED',
    "The Google Health API isn't enabled in the project of this app.",
    `Enable it at ${CONSOLE}/apis/library/health.googleapis.com${query}, then run the command again.`,
  ],
  scopeMissing: [
    'SCOPE_MISSING',
    'This sign-in lacks the scope.',
    'Sign in again with `fitbit-login login` and allow a scope that ends in .readonly.',
  ],
  noSecret: ['CLIENT_REJECTED', ...GOOGLE_SECRET_MISSING],
  clientDeleted: [
    'CLIENT_REJECTED',
    'This OAuth client was deleted. Google deletes clients that are unused for six months.',
    `Restore it at ${CONSOLE}/auth/clients (within 30 days), ${OR_NEW_CLIENT}`,
  ],
  clientDisabled: [
    'CLIENT_REJECTED',
    'This OAuth client is disabled.',
    `Enable it at ${CONSOLE}/auth/clients, ${OR_NEW_CLIENT}`,
  ],
  signInExpired: ['GRANT_DEAD', "This account's organization requires signing in again from time to time."],
  adminPolicy: [
    'ACCOUNT_NOT_ALLOWED',
    "This account's organization doesn't allow this app.",
    `${OTHER_ACCOUNT} Workspace accounts can't hold Fitbit data.`,
  ],
  internalApp: [
    'ACCOUNT_NOT_ALLOWED',
    'This app is only for accounts of its own organization.',
    `${OTHER_ACCOUNT} Or make the audience External: ${CONSOLE}/auth/audience`,
  ],
  accountNotAllowed: [
    'ACCOUNT_NOT_ALLOWED',
    "This account can't be used with this app: it is supervised, or its organization forbids it.",
  ],
} as const satisfies Readonly<Record<string, GoogleRefusal | ((...args: never[]) => GoogleRefusal)>>;

export const noRevocation = (provider: string) => usage(`${provider} doesn't support revocation.`);
export const noIntrospection = (provider: string) => usage(`${provider} can't be asked about a token.`);
export const notAnIssuer = (address: string) =>
  new AuthError('METADATA_INVALID', `${address} isn't valid: the URL must be https, or http on loopback.`);
export const noMetadata = (address: string, tried: readonly string[]) =>
  new AuthError('METADATA_INVALID', `${address} has no OAuth metadata: tried ${tried.join(', ')}.`);
export const unusableMetadata = (address: string, [why, hint]: Problem) =>
  new AuthError('METADATA_INVALID', `Can't use the metadata at ${address}: ${why}.`, { hint });

/** A question. */
export const otherSites = (sites: readonly string[]) =>
  `This issuer leads to another site, ${sites.join(' and ')}. Does it sign people in there?`;

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
} as const satisfies Problems<never>;

// Tokens

export const noRefreshToken = () =>
  new AuthError('GRANT_DEAD', 'The access token has expired and there is no refresh token.');
/** @param reason as it was stored */
export const deadGrant = (reason = 'This sign-in has ended.') =>
  new AuthError('GRANT_DEAD', reason, { preserved: PRESERVED.dead });

/** To stand after the provider's refusal of a refresh token that works once. */
export const usedElsewhere = (provider: string) =>
  `A ${provider} refresh token works once, so another machine or program may have used this one. ` +
  'Let only one of them refresh this sign-in, and pass its access tokens to the others.';

/** @param when its start, absolute and relative */
export function interruptedRefresh(when: string, userId: string | undefined, cause: AuthError): AuthError {
  const message =
    `A refresh that began at ${when} was interrupted before its response was stored, and the provider repeats a response for two minutes ` +
    `only. This sign-in${userId === undefined ? '' : ` of ${userId}`} has ended.`;
  return new AuthError('GRANT_DEAD', message, { cause, preserved: PRESERVED.dead });
}

/** A notice. */
export const stillValid = (why: string) => `${why} The stored access token is still valid until it expires.`;
export const rejectedFreshToken = (provider: string, said = '', details?: Details) =>
  new AuthError('GRANT_DEAD', `${provider} rejected a freshly refreshed token.${said}`, { details });
export const cannotCheck = () =>
  refused("The provider can't be asked about a token, and there is no refresh token.", 'Try `fitbit-login token`.');

// Options and arguments

/** For a value that a program passed. @param kind "a string" */
export const mustBe = (what: string, kind: string) =>
  usage(`${what} must be ${kind}.`, 'See docs/library.md, or the type of the options.');
export const noSuchOption = (name: string, of: string, known: readonly string[]) =>
  usage(`There is no "${name}" in ${of}.`, `${didYouMean(name, known)}There are: ${known.join(', ')}.`);
export const notATimeSpan = () => usage('Must be a time such as 30m, 1h or 2d, at most 24d.');
/** For one option that means nothing without another. */
export const requires = (option: string, other: string) => usage(`--${option} requires \`--${other}\`.`);
export const notTogether = (option: string, others: string) => usage(`--${option} can't be combined with ${others}.`);
export const outOfRange = (what: string, min: number, max: number) => usage(`Must be a ${what} from ${min} to ${max}.`);
export const emptyList = () => usage('Expected at least one value.');
export const wordsBeforeSeparator = () => usage('Put the words to complete after --.');
export const wrongArguments = (forms: readonly string[]) => usage(`Usage: ${forms.join(', or ')}.`);
export const interrupted = (signal?: string) =>
  new AuthError('INTERRUPTED', 'Interrupted.', { details: signal === undefined ? {} : { signal } });
export const outputFailed = (reason: string, cause: unknown) =>
  new AuthError('OUTPUT_FAILED', `Can't write the output: ${reason}.`, { cause });

// Requests to an API

export const invalidHeader = () => usage('Invalid header.');
export const unknownHeaderForm = (name: string) =>
  usage(`Can't send "${name}" as a header.`, 'Use `--header "Name: value"`. Authorization and Host are set for you.');
export const invalidMethod = (method: string) => usage(`Can't send the method ${method}.`);
export const bodyNotAllowed = (method: string) => usage(`A ${method} request has no body.`);
export const unsendableRequest = (cause: unknown) =>
  new AuthError('USAGE', "The request's headers or body can't be sent.", {
    cause,
    hint: 'Pass them as `fetch` does.',
  });
export const noApiHost = (provider: string) =>
  usage(`${provider} has no known API host.`, 'Use `fitbit-login token` with your own client.');
export const pathElsewhere = (origin: string) =>
  usage(
    `The path must be on ${origin}; tokens are never sent elsewhere.`,
    'Google Health: `/v4/users/me/identity`. Fitbit: `/1/user/-/profile.json`.',
  );

const SEE_API = "against the provider's documentation.";

export const scopeMissing = (said: string, details: Details) =>
  new AuthError('SCOPE_MISSING', `This sign-in lacks the scope.${said}`, { details });
export const noSuchPath = (provider: string, said: string, details: Details) =>
  new AuthError('USAGE', `${provider}'s API has no such path (404, a page instead of JSON).${said}`, {
    hint: `Check the path and its version (\`/v4/…\`, \`/1/…\`) ${SEE_API}`,
    details,
  });
export const requestRefused = (provider: string, status: number, said: string) =>
  new AuthError('USAGE', `${provider} refused the request (${status}).${said}`, {
    hint: `Check the path, method and body ${SEE_API}`,
    details: { status },
  });
