/** A clock that can be moved, so that ten minutes pass in no time. */
export interface SandboxClock {
  now(): Date;
  /** Moves the clock by `ms` milliseconds, back where negative. Steps add up. */
  step(ms: number): void;
}

/** The given clock, with a movable offset. */
export function steppable(now: () => Date): SandboxClock {
  let offsetMs = 0;
  return {
    now: () => new Date(now().getTime() + offsetMs),
    step: (ms) => {
      offsetMs += ms;
    },
  };
}
