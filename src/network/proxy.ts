/// <reference path="./proxy-from-env.d.ts" />
// biome-ignore lint/style/noRestrictedImports: proxy-from-env reads the process's own variables; see isExempt
import process from 'node:process';
import { getProxyForUrl } from 'proxy-from-env';
import type { Environment } from '../environment.ts';
import { isLoopback } from '../loopback.ts';
import { notAProxyUrl, socksProxy } from '../messages.ts';
import { Secret } from '../secret.ts';

/** A proxy that an environment names. */
export interface ForwardProxy {
  /** Without user name and password: `http://proxy.example:3128`. */
  readonly url: string;
  /** The variable that names it, as it is spelled there: `HTTPS_PROXY`. */
  readonly from: string;
  /** `Proxy-Authorization` (RFC 7617). Absent where the URL has no user name. */
  readonly authorization?: Secret;
}

/**
 * The proxy for a request to `url`; `undefined` where it goes straight there: on this machine's loopback, for what
 * `NO_PROXY` exempts, and where no variable names one.
 *
 * @throws AuthError `USAGE` where the variable in force does not hold the URL of an HTTP proxy. The value is not
 *   repeated: it may hold a password.
 */
export function proxyFor(url: string, environment: Environment): ForwardProxy | undefined {
  const target = new URL(url);
  // HTTP_PROXY for https as well, as in Node's own fetch: a network with one proxy seldom has a way around it.
  const names = [target.protocol.slice(0, -1), 'all', 'http'].map((name) => `${name}_proxy`);
  const from = names
    .flatMap((name) => [name, name.toUpperCase()])
    .find(
      // In a CGI program HTTP_PROXY is a header of the request (CVE-2016-5385, "httpoxy").
      (name) => environment[name]?.trim() && !(environment.REQUEST_METHOD !== undefined && /^http_/i.test(name)),
    );
  if (from === undefined || isLoopback(target) || isExempt(url, environment)) return undefined;
  return parse(environment[from]?.trim() ?? '', from);
}

/** Whether `NO_PROXY` exempts `url`, by the rules of proxy-from-env. It is synchronous, so that nothing else sees the exchange. */
function isExempt(url: string, { no_proxy, NO_PROXY }: Environment): boolean {
  const own = process.env;
  process.env = { ALL_PROXY: 'http://any', NO_PROXY: no_proxy || NO_PROXY || '' };
  try {
    return getProxyForUrl(url) === '';
  } finally {
    process.env = own;
  }
}

function parse(value: string, from: string): ForwardProxy {
  const address = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (/^socks/i.test(address)) {
    throw socksProxy(from);
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const [user, password] = [decoded(url?.username), decoded(url?.password)];
  // A path means that a "/" of the password was not encoded: what looks like the host is then a part of the password.
  const isPlain =
    url !== undefined && /^https?:$/.test(url.protocol) && `${url.pathname}${url.search}${url.hash}` === '/';
  if (!isPlain || user === undefined || password === undefined) {
    throw notAProxyUrl(from);
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
