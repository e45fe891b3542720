import { BlockList, isIP } from 'node:net';

/** Whether `url` leads to this very machine, as its name tells: 127.0.0.0/8, ::1, `localhost` and what is below it (RFC 6761 §6.3). */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return isSameOrBelow(host, 'localhost') || ['127.0.0.0/8', '::1'].some((range) => holds(rangeOf(range), host));
}

/**
 * Whether a list as in `NO_PROXY` exempts `url`. Commas or blanks separate its entries: `*` for everything; a name for
 * itself and all names below it, with or without `.` or `*.` before it; an IP address, or a range of them as in
 * `10.0.0.0/8` and `fd00::/8`. Each may have a port: `idp.example:8443`, `[::1]:8443`. Anything else exempts nothing.
 */
export function isExempt(url: URL, list: string): boolean {
  const host = hostOf(url);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      // The port of an IPv6 address comes after brackets: without them every colon is the address's own.
      const [, what = entry, only = port] = /^\[(.+)\](?::(\d+))?$/.exec(entry) ?? /^([^:]+):(\d+)$/.exec(entry) ?? [];
      if (only !== port) return false;
      return what === '*' || (isIP(host) === 0 ? isSameOrBelow(host, nameOf(what)) : holds(rangeOf(what), host));
    });
}

/** Without the brackets of an IPv6 address, and without the dot that may end a full name. `URL` has put it in lower case. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function nameOf(entry: string): string {
  return entry.replace(/^\*?\./, '').replace(/\.$/, '');
}

function isSameOrBelow(host: string, name: string): boolean {
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

/** An address alone is the smallest range; what is neither is an empty one. */
function rangeOf(entry: string): BlockList {
  const [address = '', bits] = entry.split('/');
  const longest = isIP(address) === 6 ? 128 : 32;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.POSITIVE_INFINITY;
  const range = new BlockList();
  if (isIP(address) !== 0 && prefix <= longest) range.addSubnet(address, prefix, family(address));
  return range;
}

function holds(range: BlockList, host: string): boolean {
  return isIP(host) !== 0 && range.check(host, family(host));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
