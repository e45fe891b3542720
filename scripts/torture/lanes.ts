import { setTimeout as delay } from 'node:timers/promises';

/** Does all of `work`, a piece at a time in each lane, every lane taking the next as soon as it is free. */
export async function inLanes<T, L>(
  lanes: readonly L[],
  work: Iterable<T>,
  doing: (piece: T, lane: L) => Promise<void>,
): Promise<void> {
  const queue = work[Symbol.iterator]();
  const drive = async (lane: L) => {
    for (let next = queue.next(); !next.done; next = queue.next()) await doing(next.value, lane);
  };
  await Promise.all(lanes.map(drive));
}

/**
 * Looks at `condition` every few milliseconds until it holds: for what gives no event of its own, such as another process's files.
 * Resolves as well when `signal` says that it never will.
 */
export async function until(condition: () => boolean | Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await condition())) await delay(2);
}
