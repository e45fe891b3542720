/** A moment for a person, in the machine's own time zone: "22 Nov 2026, 19:12 UTC (in 8 hours)". */
export function moment(date: Date, now: Date): string {
  const day = date.toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  });
  return `${day} (${fromNow(date, now)})`;
}

const STEPS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** How far off a moment is, in its largest unit: "in 8 hours", "2 minutes ago". */
export function fromNow(date: Date, now: Date): string {
  const seconds = Math.round((date.getTime() - now.getTime()) / 1000);
  const [size, unit] = STEPS.find(([length]) => Math.abs(seconds) >= length) ?? [1, 'second'];
  const count = Math.round(Math.abs(seconds) / size);
  const amount = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return seconds < 0 ? `${amount} ago` : `in ${amount}`;
}
