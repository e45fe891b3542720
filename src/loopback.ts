// URL has put the host into lower case and every IPv4 address into four numbers: 127.1 is 127.0.0.1 here.
const LOOPBACK = /^(127(\.\d+){3}|\[::1\]|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]|localhost\.?)$/;

/** Whether `url` leads to this machine: 127.0.0.0/8, ::1, or `localhost` itself (names below it are up to the resolver). */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname);
}

/** Whether `origin` is an origin and nothing more, with http, on this machine's loopback. */
export function isLoopbackOrigin(origin: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  return url?.protocol === 'http:' && url.origin === origin && isLoopback(url);
}
