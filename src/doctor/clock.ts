import { type Finding, ok, warning, wrong } from './check.ts';

/** What this machine's clock can be held against. */
export interface ClockFacts {
  readonly now: Date;
  /** When the stored tokens were obtained, by the clock of then. */
  readonly obtainedAt?: Date | undefined;
  /** How far this clock is ahead of the provider's, in seconds, give or take one; behind where negative. Only where it was asked. */
  readonly aheadSeconds?: number | undefined;
}

/** Nobody can run this program before it was written. */
const WRITTEN = new Date('2026-11-01T00:00:00Z');

/** What slips in when an answer takes its time, and what lets tokens seem to live longer than they do. */
const TOLERABLE_SECONDS = 60;
const HARMFUL_SECONDS = 300;

const MEANS = 'Whether a token still lives, and whether a certificate is valid, is told by this clock.';
const SET = 'Set the clock, and let the system keep it right (`timedatectl set-ntp true` on Linux with systemd).';

export function judgeClock({ now, obtainedAt, aheadSeconds }: ClockFacts): Finding {
  const reading = `The clock says ${now.toISOString()}`;
  if (now < WRITTEN) return wrong(`${reading}, when this program was not written yet.`, MEANS, SET);
  if (obtainedAt !== undefined && obtainedAt.getTime() - now.getTime() > TOLERABLE_SECONDS * 1000) {
    return wrong(
      `${reading}, and the stored tokens were obtained later than that, at ${obtainedAt.toISOString()}.`,
      `${MEANS} The stored token counts as ended, and is refreshed.`,
      SET,
    );
  }
  if (aheadSeconds === undefined) return ok(`${reading}.`, MEANS);
  const off = Math.abs(aheadSeconds);
  const difference = `${off} second${off === 1 ? '' : 's'} ${aheadSeconds < 0 ? 'behind' : 'ahead of'} the provider’s`;
  if (off > HARMFUL_SECONDS) return wrong(`${reading}, ${difference}.`, MEANS, SET);
  if (off > TOLERABLE_SECONDS) return warning(`${reading}, ${difference}.`, MEANS, SET);
  return ok(`${reading}, within a minute of the provider’s.`, MEANS);
}
