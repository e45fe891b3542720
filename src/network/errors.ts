import { AuthError, type ErrorCode, errnoOf } from '../errors.ts';
import {
  CHECK_NETWORK,
  CONNECTION_FAILED,
  checkProxy,
  NETWORK_FAILURES,
  NOT_HTTP,
  PROXY_REFUSED,
  useHttpForProxy,
} from '../messages.ts';
import type { ForwardProxy } from './proxy.ts';

interface Context {
  /** Whose fault it is: a host, or "the proxy https://…". */
  readonly owner: string;
  /** Certain that no byte of the request was sent. Default: as far as the code shows. */
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
  const failure = NETWORK_FAILURES[code ?? ''] ?? { what: code?.startsWith('HPE_') ? NOT_HTTP : CONNECTION_FAILED };
  const reason = `${failure.what}${code === undefined ? '' : ` (${code})`}`;
  const message =
    failure.about === 'certificate' ? `The certificate of ${owner} ${reason}.` : `Can't reach ${owner}: ${reason}.`;
  return new AuthError(failure.code ?? 'UNAVAILABLE', message, {
    // Not the thrown error itself: the message of one that is about a header quotes that header.
    cause: new Error(code ?? 'request failed'),
    hint: failure.hint ?? hint ?? CHECK_NETWORK,
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
    const code = errnoOf(error);
    if (code !== undefined) return code;
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
    hint: speaksNoTls ? useHttpForProxy(proxy.from, proxy.url) : checkProxy(proxy.from),
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
  const error = (code: ErrorCode, [what, hint]: readonly [string, string]) =>
    new AuthError(code, `The proxy ${proxy.url} ${what} (${status}).`, { hint, details });
  // tinyproxy answers 401 to a wrong password.
  if (status === 407 || status === 401) {
    const schemes = offeredSchemes(headers);
    if (schemes.length > 0 && !schemes.some((scheme) => /^basic$/i.test(scheme))) {
      return error('NETWORK_BLOCKED', PROXY_REFUSED.scheme(schemes.join(' or '), proxy.from));
    }
    const ofPassword = proxy.authorization === undefined ? PROXY_REFUSED.noPassword : PROXY_REFUSED.wrongPassword;
    return error('NETWORK_BLOCKED', ofPassword(proxy.from, proxy.url));
  }
  if (status === 408 || status === 429 || status >= 500) {
    return error('UNAVAILABLE', PROXY_REFUSED.unavailable(target));
  }
  return error('NETWORK_BLOCKED', PROXY_REFUSED.forbidden(target));
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
