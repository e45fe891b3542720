import { grantEnds } from '../messages.ts';
import { formatDateTime } from '../server/pages/texts.ts';
import type { Status } from './status.ts';

/** Whether a sign-in that ends at `date` is warned of: from two days before. */
export function endsSoon(date: Date, now: Date): boolean {
  return date.getTime() - now.getTime() <= 2 * 86_400_000;
}

/** A warning where the grant itself ends soon; `undefined` before, and where the end is not known. */
export function endWarning(
  { profile, provider, refreshExpiresAt: end }: Pick<Status, 'profile' | 'provider' | 'refreshExpiresAt'>,
  now: Date,
): string | undefined {
  if (end === undefined || !endsSoon(end, now)) return undefined;
  return grantEnds(formatWithDistance(end, now), {
    profile,
    isOver: end <= now,
    isGoogle: provider === 'google-health',
  });
}

/** A moment for a person, in the machine's own time zone, within a sentence: "today, 15:50 CET (in 8 hours)". */
export function formatWithDistance(date: Date, now: Date): string {
  return `${formatDateTime(date, now)} (${fromNow(date, now)})`;
}

const STEPS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** How far off a moment is, in its largest unit: "in 8 hours", "2 minutes ago". */
export function fromNow(date: Date, now: Date): string {
  return date < now && age(date, now) !== '0 seconds' ? `${age(date, now)} ago` : `in ${age(date, now)}`;
}

/** How long it is from one moment to the other, in the largest unit: "8 hours". */
export function age(date: Date, now: Date): string {
  const seconds = Math.abs(Math.round((date.getTime() - now.getTime()) / 1000));
  const [size, unit] = STEPS.find(([length]) => seconds >= length) ?? [1, 'second'];
  const count = Math.round(seconds / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** A length of time for a person, in whole minutes or seconds: "5 minutes", "90 seconds". */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds >= 120 && seconds % 60 === 0) return `${seconds / 60} minutes`;
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}
