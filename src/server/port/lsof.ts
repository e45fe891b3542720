import { outputOf } from './command.ts';
import type { ListeningSocket } from './holder.ts';

/** macOS and the BSDs: `lsof`, which comes with macOS. A job without much of a PATH finds it in its usual place. */
export async function lsofSockets(port: number, signal: AbortSignal): Promise<readonly ListeningSocket[]> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpctn'];
  const printed = await outputOf('lsof', args, signal).catch((error: NodeJS.ErrnoException) => {
    // Any other failure means that nothing was found.
    return error.code === 'ENOENT' ? outputOf('/usr/sbin/lsof', args, signal) : '';
  });
  return readLsof(printed);
}

/** Reads lsof's output for other programs: one field a line, told by its first letter; a process's files follow it. */
export function readLsof(printed: string): readonly ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  const fields: Record<string, string> = {};
  for (const line of printed.split('\n')) {
    const [letter = '', value] = [line.charAt(0), line.slice(1)];
    fields[letter] = value;
    if (letter !== 'n') continue;
    const { p: pid, c: command = '', t: type } = fields;
    const host = value.slice(0, value.lastIndexOf(':')).replace(/^\[|\]$/g, '');
    const holder = { pid: Number(pid), process: unescaped(command) };
    sockets.push({ address: host === '*' ? (ANY[type ?? ''] ?? host) : host, holder: async () => holder });
  }
  return sockets;
}

const ANY: Readonly<Record<string, string>> = { IPv4: '0.0.0.0', IPv6: '::' };

/** `Google\x20Chrome` */
function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
