import { readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { basename } from 'node:path';
import type { Holder, ListeningSocket } from './holder.ts';

/** The loopback addresses and those of all, as the kernel's tables have them once their words are in the network's order. */
const ADDRESSES: Readonly<Record<string, string>> = {
  '7F000001': '127.0.0.1',
  '00000000': '0.0.0.0',
  [`${'0'.repeat(31)}1`]: '::1',
  ['0'.repeat(32)]: '::',
  [`${'0'.repeat(20)}FFFF7F000001`]: '::ffff:127.0.0.1',
};

/** TCP_LISTEN of the kernel's tcp_states.h. */
const LISTENING = '0A';

/** Linux: reads the kernel's tables (proc_pid_net(5), proc_pid_fd(5)); no other program is needed. */
export async function procSockets(port: number, signal: AbortSignal): Promise<readonly ListeningSocket[]> {
  const tables = await Promise.all(
    // A kernel without IPv6 has only the first.
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/self/net/${table}`, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) => table.split('\n')).flatMap((row) => socketOf(row, port, signal));
}

/** `sl local_address rem_address st queues timer retransmits uid timeout inode …` */
function socketOf(row: string, port: number, signal: AbortSignal): readonly ListeningSocket[] {
  const [, local = '', , state, , , , uid, , inode = ''] = row.trim().split(/\s+/);
  const [words = '', hexPort = ''] = local.split(':');
  const address = ADDRESSES[inNetworkOrder(words)];
  if (state !== LISTENING || address === undefined || Number.parseInt(hexPort, 16) !== port) return [];
  return [{ address, holder: () => holderOfInode(inode, Number(uid), signal) }];
}

/** The tables print each 32-bit word as a number of the machine's own order. */
function inNetworkOrder(words: string): string {
  if (endianness() === 'BE') return words;
  return words.replace(/(..)(..)(..)(..)/g, '$4$3$2$1');
}

/** Of several processes that share the socket the first one, the parent as a rule. */
async function holderOfInode(inode: string, uid: number, signal: AbortSignal): Promise<Holder> {
  const entries = await readdir('/proc');
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).sort((a, b) => Number(a) - Number(b));
  for (const pid of pids) {
    if (signal.aborted) break;
    // Other users' processes do not show theirs.
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    if (files.some((file) => link(`/proc/${pid}/fd/${file}`) === `socket:[${inode}]`)) {
      return { pid: Number(pid), process: await nameOf(pid) };
    }
  }
  return { uid };
}

async function nameOf(pid: string): Promise<string> {
  const file = link(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '');
  return file === undefined ? (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() : basename(file);
}

/** Synchronous: thousands of these take milliseconds so, and a tenth of a second in the thread pool. */
function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
