import { AuthError } from '../errors.ts';
import { certificateError, isCertificateFault } from './certificate.ts';
import { faultCode, reason } from './fault.ts';
import { type ForwardProxy, formOf } from './proxy.ts';

/** The proxy could not be spoken to, or did not answer within `connectMs`. */
export function unusable(proxy: ForwardProxy, thrown: unknown, connectMs: number): AuthError {
  const code = faultCode(thrown);
  if (isCertificateFault(code)) {
    const error = certificateError({ owner: `the proxy ${proxy.url}`, code });
    return error.code === 'NETWORK_BLOCKED'
      ? error.with({ hint: 'Give the CA that signed it with NODE_EXTRA_CA_CERTS=/path/to/ca.pem.' })
      : error;
  }
  const silent = thrown instanceof Error && thrown.name === 'TimeoutError';
  const message = silent
    ? `The proxy ${proxy.url} did not answer within ${connectMs / 1000} seconds.`
    : `The proxy ${proxy.url} cannot be reached: ${reason(code)}.`;
  const plain = proxy.url.replace('https://', 'http://');
  return new AuthError('UNAVAILABLE', message, {
    cause: new Error(silent ? 'TimeoutError' : (code ?? 'connect failed')),
    hint: code?.startsWith('ERR_SSL_')
      ? `Most proxies are spoken to without TLS: try ${proxy.from}=${plain}.`
      : `Check ${proxy.from} and the network, then try again.`,
    details: { never_sent: true, proxy: proxy.url },
  });
}

/**
 * The proxy answered, and does not connect to `target`.
 *
 * @param target host and port
 */
export function refusal(
  proxy: ForwardProxy,
  target: string,
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): AuthError {
  const details = { never_sent: true, proxy: proxy.url, status };
  // tinyproxy answers 401 to a password that is wrong.
  if (status === 407 || status === 401)
    return new AuthError('NETWORK_BLOCKED', ...wantsPassword(proxy, status, schemes(headers), details));
  if (status === 408 || status === 429 || status >= 500) {
    return new AuthError(
      'UNAVAILABLE',
      `The proxy ${proxy.url} cannot connect to ${target} at the moment (${status}).`,
      {
        hint: 'Try again later. If it stays, ask whoever runs the proxy.',
        details,
      },
    );
  }
  return new AuthError('NETWORK_BLOCKED', `The proxy ${proxy.url} refuses to connect to ${target} (${status}).`, {
    hint: `Ask whoever runs the proxy to allow it. Where there is a way without: NO_PROXY=${target.replace(/:443$/, '')}.`,
    details,
  });
}

type Details = Readonly<Record<string, string | number | boolean>>;

function wantsPassword(
  { url, from, authorization }: ForwardProxy,
  status: number,
  offered: readonly string[],
  details: Details,
): [string, { hint: string; details: Details }] {
  if (offered.length > 0 && !offered.some((scheme) => /^basic$/i.test(scheme))) {
    return [
      `The proxy ${url} wants a sign-in of the kind ${offered.join(' or ')} (${status}), and fitbit-login knows only Basic.`,
      { hint: `Run a proxy of your own that signs in for you, cntlm or px, and name it in ${from}.`, details },
    ];
  }
  return authorization === undefined
    ? [
        `The proxy ${url} wants a user name and password (${status}).`,
        { hint: `Give them in the address: ${formOf(from, url)}.`, details },
      ]
    : [
        `The proxy ${url} does not accept the user name and password in ${from} (${status}).`,
        { hint: `Correct them: ${formOf(from, url)}.`, details },
      ];
}

/** Which ways of signing in a proxy offers (RFC 9110 §11.6.1): what begins a challenge, and is not one of its parameters. */
function schemes(headers: Readonly<Record<string, string | string[] | undefined>>): readonly string[] {
  const fields = [headers['proxy-authenticate'] ?? headers['www-authenticate'] ?? []].flat();
  return fields
    .flatMap((field) => field.split(','))
    .map((part) => /^\s*([a-z][\w-]{0,19})(?=\s|$)/i.exec(part)?.[1])
    .filter((name) => name !== undefined);
}
