import type { Environment } from '../environment.ts';

/**
 * The command that leads a browser on another machine to addresses on this one's loopback (ssh(1), `-L`): run there, it forwards
 * the same ports. The name of this machine is a guess: the address that the person's SSH came to, else its own name.
 *
 * @param addresses those elsewhere need no tunnel, and are left out
 */
export function tunnelCommand(
  addresses: readonly string[],
  { environment, user, host }: { readonly environment: Environment; readonly user?: string; readonly host: string },
): string {
  const forwards = new Set(addresses.flatMap(forwardOf));
  const { address, sshPort } = serverOf(environment);
  const name = [environment.SUDO_USER || user, address ?? host].filter(Boolean).join('@');
  return [
    'ssh -N',
    ...[...forwards].map((forward) => `-L ${forward}`),
    ...(sshPort === undefined ? [] : [`-p ${sshPort}`]),
    quoted(name),
  ].join(' ');
}

function forwardOf(address: string): readonly string[] {
  const { hostname, port } = new URL(address);
  const local = port || '80';
  // What listens on an IPv6 literal has to be said on both sides; without an address, ssh listens on both stacks.
  if (hostname === '[::1]') return [`'[::1]:${local}:[::1]:${local}'`];
  return hostname === '127.0.0.1' || hostname === 'localhost' ? [`${local}:${hostname}:${local}`] : [];
}

/** The side of the person's SSH connection that is this machine, as far as its address says more than this machine's name. */
function serverOf({ SSH_CONNECTION = '' }: Environment): { readonly address?: string; readonly sshPort?: string } {
  // "client-address client-port server-address server-port" (sshd(8)).
  const [, , server = '', port = ''] = SSH_CONNECTION.split(' ');
  const address = server.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!/^[\w.:%-]+$/.test(address) || !/^\d+$/.test(port)) return {};
  // At the end of another tunnel, both are that tunnel's.
  if (/^(127\.|::1$)/.test(address)) return {};
  return { address, ...(port === '22' ? {} : { sshPort: port }) };
}

function quoted(word: string): string {
  return /^[\w.@:%-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
