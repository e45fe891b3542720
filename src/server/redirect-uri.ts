import { notALoopbackUri } from '../messages.ts';

/** Where a loopback redirect URI leads, and which addresses have to be bound to catch it. */
export interface RedirectUri {
  /** The URI as it was given, byte for byte: providers compare it so (RFC 6749 §4.1.3, RFC 8252 §8.10). */
  readonly uri: string;
  /** As written in the URI: `127.0.0.1`, `[::1]` or `localhost`. */
  readonly host: string;
  /** `0` asks for any free port. */
  readonly port: number;
  readonly path: string;
  /** `localhost` may lead a browser to either stack, so that both are bound (RFC 8252 §7.3, appendix B). */
  readonly addresses: readonly string[];
}

// Characters that no browser rewrites and no router gives a meaning of its own: what is registered is what arrives.
const SHAPE = /^http:\/\/(?<host>127\.0\.0\.1|\[::1\]|localhost)(?::(?<port>0|[1-9]\d{0,4}))?(?<path>\/[\w.~/-]*)?$/i;

const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  '127.0.0.1': ['127.0.0.1'],
  '[::1]': ['::1'],
  localhost: ['127.0.0.1', '::1'],
};

/**
 * Parses a redirect URI that can be caught on this machine: plain `http`, a loopback host, an optional port and a path; nothing else.
 * @throws AuthError `USAGE` for every other one.
 */
export function parseRedirectUri(uri: string): RedirectUri {
  const { host = '', port = '80', path = '/' } = SHAPE.exec(uri)?.groups ?? {};
  const addresses = ADDRESSES[host.toLowerCase()];
  const dotted = path.split('/').some((segment) => segment === '.' || segment === '..');
  if (addresses === undefined || Number(port) > 65_535 || dotted) {
    throw notALoopbackUri(uri);
  }
  return { uri, host, port: Number(port), path, addresses };
}

/** The same redirect URI at the port that was really bound. Only a port `0` is replaced. */
export function atPort(redirect: RedirectUri, port: number): RedirectUri {
  if (redirect.port !== 0) return redirect;
  return { ...redirect, port, uri: redirect.uri.replace(`${redirect.host}:0`, `${redirect.host}:${port}`) };
}

/** The values of `Host` with which a browser asks for this redirect URI, in lower case. A browser leaves out port 80. */
export function authorities({ host, port }: RedirectUri): readonly string[] {
  const name = host.toLowerCase();
  return port === 80 ? [name, `${name}:80`] : [`${name}:${port}`];
}

/** An address as it stands in a URI: `127.0.0.1:8976`, `[::1]:8976`. */
export function authorityOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
