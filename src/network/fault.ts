import { AuthError } from '../errors.ts';
import { certificateError, isCertificateFault } from './certificate.ts';

interface Fault {
  readonly why: string;
  /** The request cannot have reached the server, so that repeating it later loses nothing. */
  readonly neverSent?: true;
}

const TOO_LARGE_A_HEAD: Fault = { why: 'the head of its answer is too large' };
const NO_TLS: Fault = { why: 'it does not speak TLS there', neverSent: true };

/** As undici names it; Node's own client has a code for each kind of it. */
const NOT_HTTP = 'HTTPParserError';

/** By the code of Node, undici or OpenSSL. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ENOTFOUND: { why: 'its name cannot be resolved', neverSent: true },
  EAI_AGAIN: { why: 'its name cannot be resolved at the moment', neverSent: true },
  ECONNREFUSED: { why: 'the connection was refused', neverSent: true },
  EHOSTUNREACH: { why: 'there is no route to it', neverSent: true },
  ENETUNREACH: { why: 'there is no network', neverSent: true },
  UND_ERR_CONNECT_TIMEOUT: { why: 'the connection timed out', neverSent: true },
  ECONNRESET: { why: 'the connection was cut' },
  EPIPE: { why: 'the connection was cut' },
  ETIMEDOUT: { why: 'the connection timed out' },
  UND_ERR_SOCKET: { why: 'the connection was cut' },
  UND_ERR_HEADERS_OVERFLOW: TOO_LARGE_A_HEAD,
  HPE_HEADER_OVERFLOW: TOO_LARGE_A_HEAD,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  [NOT_HTTP]: { why: 'what it answers is not HTTP' },
};

/**
 * What a request failed with, as an error that says why and whether the request may have arrived (`never_sent`).
 *
 * @param host whom it was for
 */
export function unreachable(host: string, thrown: unknown): AuthError {
  const code = faultCode(thrown);
  if (isCertificateFault(code)) return certificateError({ owner: host, code });
  return new AuthError('UNAVAILABLE', `${host} cannot be reached: ${reason(code)}.`, {
    // Not the thrown error itself: the message of one that is about a header quotes that header.
    cause: new Error(code ?? 'fetch failed'),
    hint: 'Check the network, then try again.',
    details: { never_sent: code !== undefined && FAULTS[code]?.neverSent === true },
  });
}

/** Why a connection failed, in words and with the code: "the connection was refused (ECONNREFUSED)". */
export function reason(code: string | undefined): string {
  if (code === undefined) return 'the connection failed';
  return `${FAULTS[code]?.why ?? 'the connection failed'} (${code})`;
}

/** The code of a failure, if need be of what caused it. fetch wraps the socket's error as `cause`, and several tried addresses as an AggregateError. */
export function faultCode(thrown: unknown): string | undefined {
  return inCauses(thrown, (error) => {
    if ('code' in error && typeof error.code === 'string') return isParserCode(error.code) ? NOT_HTTP : error.code;
    // The one of undici's errors that comes without.
    return error.name === NOT_HTTP ? error.name : undefined;
  });
}

function isParserCode(code: string): boolean {
  return code.startsWith('HPE_') && code !== 'HPE_HEADER_OVERFLOW';
}

/** An error of ours that a library has wrapped in its own. */
export function ourError(thrown: unknown): AuthError | undefined {
  return inCauses(thrown, (error) => (error instanceof AuthError ? error : undefined));
}

function inCauses<T>(thrown: unknown, find: (error: Error) => T | undefined): T | undefined {
  let error = thrown;
  for (let depth = 0; depth < 4 && error instanceof Error; depth++) {
    const found = find(error);
    if (found !== undefined) return found;
    error = error instanceof AggregateError ? error.errors[0] : error.cause;
  }
  return undefined;
}
