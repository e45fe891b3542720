import type { Environment } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { isExempt, isLoopback } from './no-proxy.ts';

/** A proxy that an environment names. */
export interface ForwardProxy {
  /** Where it is, without user name and password: `http://proxy.example:3128`. */
  readonly url: string;
  /** The variable that names it, as it is spelled there: `HTTPS_PROXY`. */
  readonly from: string;
  /** What is sent as `Proxy-Authorization` (RFC 7617). Absent where the address has no user name. */
  readonly authorization?: Secret;
}

/**
 * Which variables name the proxy, by the scheme of what is asked for: the first that is set. Small letters first and
 * `ALL_PROXY` where nothing says it more exactly, as in curl; `HTTP_PROXY` for https as well, as in Node's own fetch,
 * since a network that has a proxy for one seldom has a way around it for the other.
 */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  'https:': ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'http_proxy', 'HTTP_PROXY'],
  'http:': ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
};

/**
 * The proxy that a request to `url` goes through, or `undefined` where it goes straight there. Never for this machine's
 * loopback, and not for what `NO_PROXY` exempts.
 *
 * @throws AuthError `USAGE` where the variable in force holds something else than the address of an HTTP proxy. The value
 *   is not repeated: it may hold a password.
 */
export function proxyFor(url: string, environment: Environment): ForwardProxy | undefined {
  const target = new URL(url);
  const found = proxyIn(environment, target.protocol);
  // Looked at last: most environments name no proxy, and the first look at a list of addresses takes Node some milliseconds.
  if (found === undefined || isLoopback(target) || isExempt(target, environment.no_proxy || environment.NO_PROXY || ''))
    return undefined;
  return parse(...found);
}

/** What the variable in force holds, and its name. */
function proxyIn(environment: Environment, protocol: string): readonly [value: string, from: string] | undefined {
  for (const name of VARIABLES[protocol] ?? []) {
    // In a CGI program `HTTP_PROXY` is a header of whoever asks (CVE-2016-5385, "httpoxy").
    if (environment.REQUEST_METHOD !== undefined && /^http_proxy$/i.test(name)) continue;
    const value = environment[name]?.trim();
    if (value) return [value, name];
  }
  return undefined;
}

const NEVER_SENT = { never_sent: true };

function parse(value: string, from: string): ForwardProxy {
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (/^socks/i.test(address)) {
    throw new AuthError('USAGE', `${from} names a SOCKS proxy, and fitbit-login can only go through an HTTP proxy.`, {
      details: NEVER_SENT,
      hint: 'Name one in HTTPS_PROXY, as http://proxy.example:3128, or exempt the provider in NO_PROXY where it can be reached without.',
    });
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const [user, password] = [decoded(url?.username), decoded(url?.password)];
  // A path means that a “/” of the password was not encoded, so that what looks like the host is a part of it, too.
  const plain =
    url !== undefined && /^https?:$/.test(url.protocol) && `${url.pathname}${url.search}${url.hash}` === '/';
  if (!plain || user === undefined || password === undefined) {
    throw new AuthError('USAGE', `${from} does not hold the address of a proxy.`, {
      details: NEVER_SENT,
      hint: `Write it as ${formOf(from)}.`,
    });
  }
  if (user === '' && password === '') return { url: url.origin, from };
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  return { url: url.origin, from, authorization: new Secret(`Basic ${credentials}`) };
}

function decoded(text = ''): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** How a proxy's address is written with a password. */
export function formOf(variable: string, url = 'http://proxy.example:3128'): string {
  const address = url.replace('://', '://USER:PASSWORD@');
  return `${variable}=${address}, every special character of the password percent-encoded (“@” as %40)`;
}
