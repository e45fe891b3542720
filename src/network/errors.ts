import { AuthError, type ErrorCode } from '../errors.ts';
import { type ForwardProxy, proxyFormat } from './proxy.ts';

interface Failure {
  /** Default: `UNAVAILABLE`. What needs another configuration does not pass by waiting. */
  readonly code?: ErrorCode;
  /** About the host: a reason why it cannot be reached; about a certificate: what is wrong with it. */
  readonly what: string;
  readonly about?: 'certificate';
  readonly hint?: string;
  /** The request cannot have reached the server, whoever sent it. */
  readonly neverSent?: true;
}

const UNKNOWN_AUTHORITY: Failure = {
  code: 'NETWORK_BLOCKED',
  about: 'certificate',
  what: 'is signed by an unknown authority',
  hint: 'If a proxy or virus scanner inspects TLS here, name its CA: NODE_EXTRA_CA_CERTS=/path/to/ca.pem (if that is set already, its file lacks this CA). If there is none, someone may be intercepting the connection: do not go on.',
  neverSent: true,
};
const CLOCK_OR_RENEWAL = 'Check the clock of this machine. If it is right, the owner of the certificate must renew it.';
const NO_TLS: Failure = { what: 'it does not speak TLS there', neverSent: true };
const HEADERS_TOO_LARGE: Failure = { what: 'its response headers are too large' };

/** By the code of Node, OpenSSL or, for a `fetch` that was handed in, undici. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ENOTFOUND: { what: 'its name cannot be resolved', neverSent: true },
  EAI_AGAIN: { what: 'its name cannot be resolved at the moment', neverSent: true },
  ECONNREFUSED: { what: 'connection refused', neverSent: true },
  EHOSTUNREACH: { what: 'no route to it', neverSent: true },
  ENETUNREACH: { what: 'no network', neverSent: true },
  UND_ERR_CONNECT_TIMEOUT: { what: 'the connection timed out', neverSent: true },
  ETIMEDOUT: { what: 'the connection timed out' },
  ECONNRESET: { what: 'the connection was cut' },
  EPIPE: { what: 'the connection was cut' },
  UND_ERR_SOCKET: { what: 'the connection was cut' },
  HPE_HEADER_OVERFLOW: HEADERS_TOO_LARGE,
  UND_ERR_HEADERS_OVERFLOW: HEADERS_TOO_LARGE,
  EPROTO: { what: 'it does not speak TLS there' },
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
    what: 'doesn’t match the host name',
    hint: 'Something is intercepting the connection. On hotel or guest Wi-Fi, open any page in a browser first; then try again.',
    neverSent: true,
  },
};

interface Context {
  /** Whose fault it is: a host, or "the proxy https://…". */
  readonly owner: string;
  /** Certain that no byte of the request was sent. Default: as far as the code tells. */
  readonly neverSent?: boolean;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

/**
 * Whatever a request failed with, as an error that says why. `details.never_sent` is true only where the request cannot
 * have arrived, so that repeating it later loses nothing.
 */
export function networkError(thrown: unknown, { owner, neverSent, hint, details }: Context): AuthError {
  const code = codeOf(thrown);
  const failure = FAILURES[code ?? ''] ?? {
    what: code?.startsWith('HPE_') ? 'it isn’t speaking HTTP' : 'the connection failed',
  };
  const reason = `${failure.what}${code === undefined ? '' : ` (${code})`}`;
  const message =
    failure.about === 'certificate' ? `The certificate of ${owner} ${reason}.` : `Can’t reach ${owner}: ${reason}.`;
  return new AuthError(failure.code ?? 'UNAVAILABLE', message, {
    // Not the thrown error itself: the message of one that is about a header quotes that header.
    cause: new Error(code ?? 'request failed'),
    hint: failure.hint ?? hint ?? 'Check the network, then try again.',
    details: {
      never_sent: neverSent ?? failure.neverSent === true,
      ...(failure.about === 'certificate' && code !== undefined ? { reason: code } : {}),
      ...details,
    },
  });
}

/** `fetch` wraps the socket's error as its cause, and Node several tried addresses as an AggregateError. */
function codeOf(thrown: unknown): string | undefined {
  let error = thrown;
  for (let depth = 0; depth < 4 && error instanceof Error; depth++) {
    if ('code' in error && typeof error.code === 'string') return error.code;
    // The one error of undici's that has no code.
    if (error.name === 'HTTPParserError') return 'HPE_INVALID';
    error = error instanceof AggregateError ? error.errors[0] : error.cause;
  }
  return undefined;
}

/** The proxy could not be spoken to. Nothing was sent: no tunnel was there yet. */
export function proxyUnreachable(proxy: ForwardProxy, thrown: unknown): AuthError {
  const speaksNoTls = /^(EPROTO$|ERR_SSL_)/.test(codeOf(thrown) ?? '');
  return networkError(thrown, {
    owner: `the proxy ${proxy.url}`,
    neverSent: true,
    hint: speaksNoTls
      ? `Most proxies use plain http: try ${proxy.from}=${proxy.url.replace('https://', 'http://')}.`
      : `Check ${proxy.from} and the network, then try again.`,
    details: { proxy: proxy.url },
  });
}

/**
 * The proxy answered, and does not connect to `target`.
 *
 * @param target host and port
 */
export function proxyRefused(
  proxy: ForwardProxy,
  target: string,
  { statusCode: status, headers }: ProxyResponse,
): AuthError {
  if (!Number.isInteger(status)) return proxyUnreachable(proxy, Object.assign(new Error(), { code: 'HPE_INVALID' }));
  const details = { never_sent: true, proxy: proxy.url, status };
  const error = (code: ErrorCode, what: string, hint: string) =>
    new AuthError(code, `The proxy ${proxy.url} ${what} (${status}).`, { hint, details });
  // tinyproxy answers 401 to a wrong password.
  if (status === 407 || status === 401) {
    const schemes = offeredSchemes(headers);
    if (schemes.length > 0 && !schemes.some((scheme) => /^basic$/i.test(scheme))) {
      return error(
        'NETWORK_BLOCKED',
        `requires ${schemes.join(' or ')} authentication; only Basic is supported`,
        `Run a local proxy that signs in for you, such as cntlm or px, and name it in ${proxy.from}.`,
      );
    }
    return proxy.authorization === undefined
      ? error(
          'NETWORK_BLOCKED',
          'requires a user name and password',
          `Put them in the URL: ${proxyFormat(proxy.from, proxy.url)}.`,
        )
      : error(
          'NETWORK_BLOCKED',
          `rejected the user name and password in ${proxy.from}`,
          `Correct them: ${proxyFormat(proxy.from, proxy.url)}.`,
        );
  }
  if (status === 408 || status === 429 || status >= 500) {
    return error(
      'UNAVAILABLE',
      `can’t connect to ${target} at the moment`,
      'Try again later. If it persists, ask the administrator of the proxy.',
    );
  }
  return error(
    'NETWORK_BLOCKED',
    `refuses to connect to ${target}`,
    `Ask its administrator to allow it. If direct access is possible: NO_PROXY=${target.replace(/:443$/, '')}.`,
  );
}

/** How a proxy answered CONNECT. */
export interface ProxyResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The authentication schemes that a proxy offers (RFC 9110 §11.6.1): the first word of each challenge. */
function offeredSchemes(headers: ProxyResponse['headers']): readonly string[] {
  return [headers['proxy-authenticate'] ?? headers['www-authenticate'] ?? []]
    .flat()
    .flatMap((field) => field.split(','))
    .map((part) => /^\s*([a-z][\w-]{0,19})(?=\s|$)/i.exec(part)?.[1])
    .filter((name) => name !== undefined);
}
