import { outputOf } from './command.ts';
import type { ListeningSocket } from './holder.ts';

/** Not by name alone: Windows would look for them in the current directory first. */
const SYSTEM = 'C:\\Windows\\System32';

/** Windows: `netstat` for the pid, `tasklist` for the name. */
export async function netstatSockets(port: number, signal: AbortSignal): Promise<readonly ListeningSocket[]> {
  const printed = await outputOf(`${SYSTEM}\\netstat.exe`, ['-ano'], signal);
  return readNetstat(printed, port).map(({ address, pid }) => ({
    address,
    holder: async () => {
      const args = ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'];
      const process = readTasklist(await outputOf(`${SYSTEM}\\tasklist.exe`, args, signal).catch(() => ''));
      return { pid, ...(process === undefined ? {} : { process }) };
    },
  }));
}

/** `TCP  127.0.0.1:8976  0.0.0.0:0  LISTENING  4711`: a socket without a peer listens, in whatever language the state is named. */
export function readNetstat(printed: string, port: number): readonly { address: string; pid: number }[] {
  return [...printed.matchAll(/^\s*TCP\s+(\S+):(\d+)\s+\S+:0\s.*?(\d+)\s*$/gm)]
    .filter(([, , local]) => Number(local) === port)
    .map(([, host = '', , pid]) => ({ address: host.replace(/^\[|\]$/g, ''), pid: Number(pid) }));
}

/** `"node.exe","4711","Console","1","50.000 K"`: nothing in quotes where there is no such process any more. */
export function readTasklist(printed: string): string | undefined {
  return /^"([^"]+?)(?:\.exe)?"/i.exec(printed.trim())?.[1];
}
