const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A moment for a person, in the machine's own time zone: "22 Nov 2026, 19:12 UTC+1 (in 8 hours)". */
export function moment(date: Date, now: Date): string {
  // Not by Intl: it loads the rules of every language first, and somebody waits for the page that this is on.
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  return `${day}, ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())} ${zone(date)} (${fromNow(date, now)})`;
}

/** How far the machine's clock is from UTC at that moment: "UTC", "UTC+1", "UTC-3:30". */
function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${twoDigits(rest)}`}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
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
