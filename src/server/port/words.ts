import type { Blocked } from './stack.ts';
import { FORWARDERS } from './waiting-sign-in.ts';

/** `127.0.0.1:8976 and [::1]:8976 are held by node (pid 4711)`: the addresses of one holder together. */
export function holding(blocked: readonly Blocked[], ownPid: number | undefined): string {
  const held = new Map<string, readonly string[]>();
  for (const one of blocked) {
    const who = holderInWords(one, ownPid);
    held.set(who, [...(held.get(who) ?? []), one.stack.at]);
  }
  const parts = [...held].map(([who, at]) => `${inList(at)} ${at.length > 1 ? 'are' : 'is'} held by ${who}`);
  return parts.join(', and ');
}

/** `node (pid 4711)`, or as much of it as the system tells. */
function holderInWords({ taken: { holder = {}, waitingSeconds } }: Blocked, ownPid: number | undefined): string {
  const { pid, process = 'a program', uid } = holder;
  const numbered = pid === undefined ? '' : ` (pid ${pid})`;
  if (pid !== undefined && pid === ownPid) return `this very program${numbered}, for another sign-in`;
  if (waitingSeconds !== undefined) {
    const through = FORWARDERS.test(process) ? ` behind ${process}` : '';
    return `an earlier fitbit-login${through}${numbered}, which has waited for its sign-in for ${duration(waitingSeconds)}`;
  }
  if (pid !== undefined) return `${process}${numbered}`;
  return uid === undefined ? 'another program' : `another program, of the user with id ${uid}`;
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 1) return minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}

/** The same for `--json`. */
export function holderDetails({
  stack: { address, port },
  taken: { holder, waitingSeconds },
}: Blocked): Readonly<Record<string, string | number | boolean>> {
  const waiting: Record<string, number | boolean> =
    waitingSeconds === undefined ? {} : { earlier_sign_in: true, waiting_seconds: waitingSeconds };
  return { address, port, ...holder, ...waiting };
}

/** `a`, `a and b`, `a, b and c` */
export function inList(items: readonly string[], word: 'and' | 'or' = 'and'): string {
  const last = items.at(-1) ?? '';
  return items.length > 1 ? `${items.slice(0, -1).join(', ')} ${word} ${last}` : last;
}
