/**
 * What people read when something fails: each function makes one error of this program. By room. Straight quotes, as in a terminal; pages
 * set them as typographic ones. A failed sign-in is also told what was preserved where it is caught.
 */
import { AuthError, type AuthErrorOptions, type ErrorCode } from './errors.ts';

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
  return new AuthError(
    'LOCKED',
    `Another fitbit-login process has kept ${what} locked for ${seconds} seconds (${path}).`,
    {
      preserved: NOTHING_CHANGED,
      details: { path },
    },
  );
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
