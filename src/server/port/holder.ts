import { platform } from 'node:os';
import { lsofSockets } from './lsof.ts';
import { netstatSockets } from './netstat.ts';
import { procSockets } from './proc.ts';

/** Who listens at a port, as far as the system tells. */
export interface Holder {
  readonly pid?: number;
  /** Its program's file, without directory and `.exe`: `node`. Never its arguments, which may hold a secret. */
  readonly process?: string;
  /** The owner of the socket, where no more than that is told: another user's program, or one in another container. */
  readonly uid?: number;
}

/** A socket that listens. Who holds it is found out only for the one that is asked about. */
export interface ListeningSocket {
  /** `127.0.0.1`, `::1`, `::ffff:127.0.0.1`, `0.0.0.0`, `::`. */
  readonly address: string;
  readonly holder: () => Promise<Holder>;
}

/** How a system lists the sockets that listen at a port. Throws whatever it meets. */
export type SocketList = (port: number, signal: AbortSignal) => Promise<readonly ListeningSocket[]>;

/**
 * Own code, after a look at `pid-port` and `find-process`: both start programs on Linux that containers lack (`ss`, `lsof`), and
 * neither tells a program's name with its pid, nor the owner where the pid is kept from us.
 */
const LISTS: Readonly<Partial<Record<NodeJS.Platform, SocketList>>> = {
  linux: procSockets,
  android: procSockets,
  darwin: lsofSockets,
  freebsd: lsofSockets,
  openbsd: lsofSockets,
  win32: netstatSockets,
};

/** The sockets that keep an address from being bound: its own first, then those that listen on more. */
const HOLDING: Readonly<Record<string, readonly string[]>> = {
  '127.0.0.1': ['127.0.0.1', '::ffff:127.0.0.1', '0.0.0.0', '::'],
  '::1': ['::1', '::'],
};

export interface HolderOptions {
  /** Ends the search, which then has found nothing. Default: after a second. */
  readonly signal?: AbortSignal;
  /** Default: this system's way. */
  readonly sockets?: SocketList | undefined;
}

/**
 * Who holds a loopback address at a port that is taken. Looks only at what the system says, and touches nobody's socket. Never throws:
 * `undefined` where the system does not tell.
 */
export async function holderOf(
  address: string,
  port: number,
  { signal = AbortSignal.timeout(1_000), sockets = LISTS[platform()] }: HolderOptions = {},
): Promise<Holder | undefined> {
  try {
    const listening = (await sockets?.(port, signal)) ?? [];
    const found = (HOLDING[address] ?? []).flatMap((at) => listening.filter((socket) => socket.address === at));
    const holder = await found[0]?.holder();
    return holder?.process === undefined ? holder : { ...holder, process: printable(holder.process) };
  } catch {
    return undefined;
  }
}

/** A file may be called anything, also something that commands a terminal. Node calls itself by its thread from version 24 on. */
function printable(name: string): string {
  return name
    .replace(/\p{C}/gu, '?')
    .replace(/-MainThread$/, '')
    .slice(0, 64);
}
