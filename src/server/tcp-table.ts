import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';

/** A row of the kernel's tables of TCP sockets (proc_pid_net(5)). */
export interface TcpRow {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly state: string;
  /** The owner; 0 also if no process has the socket any more. */
  readonly uid: number;
  /** `0` where no process has the socket. */
  readonly inode: string;
}

interface Endpoint {
  /** In network order, in hexadecimal. */
  readonly address: string;
  readonly port: number;
}

/** Of the kernel's tcp_states.h. */
export const ESTABLISHED = '01';
export const LISTEN = '0A';

/** An IPv4 address stands in the table of IPv6, too, where the socket can do both. */
const MAPPED = `${'0'.repeat(20)}FFFF`;

/** The TCP sockets of this network namespace with this port at their own end; none on a system without `/proc`. */
export async function tcpTable(localPort: number): Promise<readonly TcpRow[]> {
  // A busy machine has thousands of rows: only those in question are taken apart.
  const own = new RegExp(`^ *\\d+: [0-9A-F]+:${localPort.toString(16).padStart(4, '0').toUpperCase()} .*$`, 'gm');
  // A kernel without IPv6 has only the first.
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/self/net/${table}`, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) => table.match(own) ?? []).flatMap(rowOf);
}

/** `sl local_address rem_address st queues timer retransmits uid timeout inode …` */
function rowOf(line: string): readonly TcpRow[] {
  const [, local = '', remote = '', state = '', , , , uid, , inode = ''] = line.trim().split(/\s+/);
  if (inode === '') return [];
  return [{ local: endpointOf(local), remote: endpointOf(remote), state, uid: Number(uid), inode }];
}

/** The tables print each 32-bit word of an address as a number of the machine's own order. */
function endpointOf(text: string): Endpoint {
  const [words = '', port = ''] = text.split(':');
  const address = endianness() === 'BE' ? words : words.replace(/(..)(..)(..)(..)/g, '$4$3$2$1');
  return { address, port: Number.parseInt(port, 16) };
}

/** How an IPv4 address, or `::1`, may stand in the tables. */
export function tableForms(address: string): readonly string[] {
  if (address === '::1') return [`${'0'.repeat(31)}1`];
  const hex = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase());
  return [hex.join(''), MAPPED + hex.join('')];
}

/** The addresses of all, as they stand in the tables. */
export const ANY_IPV4 = '0'.repeat(8);
export const ANY_IPV6 = '0'.repeat(32);
