import { stat } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { ESTABLISHED, tableForms, tcpTable } from './tcp-table.ts';

/** Whose program is at the other end of a connection from this machine. */
export type Peer =
  | 'own'
  | 'other-user'
  /** Its end is closed, or half closed: no browser that waits for a page. Whose it was is no longer shown. */
  | 'gone'
  /** Not known: a system without `/proc`, a container's forwarding, another namespace, a program of root. */
  | 'unknown';

export type PeerLookup = (socket: Socket) => Promise<Peer>;

/** The kernel's user for an owner from another namespace. */
const OVERFLOW_UID = 65_534;

/**
 * Looks the other end of a connection up in Linux's tables. Ask only about requests that would be accepted.
 * A row counts only while its connection is established and a process has it: any other shows user 0, regardless of its owner.
 * @param options.sudoUid who had `sudo` run this process: counts as its own user
 */
export async function peerOf(socket: Socket, { sudoUid }: { readonly sudoUid?: number } = {}): Promise<Peer> {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort } = socket;
  const [theirs, ours] = [tableForms(remoteAddress), tableForms(localAddress)];
  const find = async () =>
    (await tcpTable(remotePort)).filter(
      ({ local, remote }) =>
        remote.port === localPort && theirs.includes(local.address) && ours.includes(remote.address),
    );
  // The user whose files this process makes; unknown without `/proc`.
  const ownUid = stat('/proc/self').then(
    ({ uid }) => uid,
    () => undefined,
  );
  const [found, own] = await Promise.all([find(), ownUid]);
  // The kernel hands its table out in pieces: while many connections end, a row can be missed between two.
  const rows = found.length > 0 ? found : await find();
  const live = rows.find(({ state, inode }) => state === ESTABLISHED && inode !== '0');
  if (live === undefined) return rows.length > 0 ? 'gone' : 'unknown';
  if (own === undefined) return 'unknown';
  if (live.uid === own || (own === 0 && live.uid === sudoUid)) return 'own';
  // Root may act for anyone, and run as root who is meant is unknown.
  return own === 0 || live.uid === 0 || live.uid === OVERFLOW_UID ? 'unknown' : 'other-user';
}
