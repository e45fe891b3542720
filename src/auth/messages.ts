import { AuthError } from '../errors.ts';
import type { PasteReason } from '../oauth/pasted-callback.ts';
import type { ServerNotice } from '../server/app.ts';
import type { ProviderId } from '../store/profile.ts';

/** Adds `--profile NAME` to the commands in backticks, unless the profile is the default one. */
export function withProfileFlag(text: string, name: string): string {
  if (name === 'default') return text;
  return text.replace(
    /`(fitbit-login (?:login|logout|token|refresh|status|setup|export|migrate)\b[^`]*)`/g,
    (command, inner: string) => (inner.includes('--profile') ? command : `\`${inner} --profile ${name}\``),
  );
}

/** What a person at the terminal is told about visitors of a waiting sign-in that are not the callback. */
export const VISITOR_NOTICES: Readonly<Record<ServerNotice['kind'], string>> = {
  https: 'Your browser used https for the callback. Change https to http in its address bar.',
  'headers-too-large':
    'Your browser sent more than 1 MiB of cookies that other programs have set for this host. Delete this host’s cookies, then open the link again.',
  'service-worker': 'Another program had left a service worker at this port. It is removed: open the link again.',
  crowded: 'Another program opens many connections to this port. The idle ones are closed.',
  'other-user': 'Another user of this computer tried to take part in this sign-in, and was refused.',
  'other-browser': 'A response came from another browser than the one that began, and was ignored. Finish in that one.',
};

/** The error for a profile without tokens. */
export function notSignedIn(name: string): AuthError {
  return new AuthError('NOT_SIGNED_IN', `Nobody is signed in under the profile “${name}”.`, {
    hint: withProfileFlag('Run `fitbit-login login`.', name),
  });
}

/** A sign-in that may have a last day. */
export interface Grant {
  readonly profile: string;
  readonly provider: ProviderId;
  /** When the grant itself ends. Absent where the provider did not say. */
  readonly refreshExpiresAt?: Date;
}

const TWO_DAYS_MS = 2 * 86_400_000;

/** A warning from two days before the grant itself ends; `undefined` before, and where the end is not known. */
export function endWarning({ profile, provider, refreshExpiresAt }: Grant, now: Date): string | undefined {
  if (refreshExpiresAt === undefined || refreshExpiresAt.getTime() - now.getTime() > TWO_DAYS_MS) return undefined;
  const ends = `This sign-in ${refreshExpiresAt > now ? 'ends' : 'ended'} ${formatDateTime(refreshExpiresAt, now)}`;
  const words =
    provider === 'google-health'
      ? `${ends}: its app is in Testing, or access was allowed for a limited time. If it is in Testing, publish the app first, then sign in again with \`fitbit-login login\`.`
      : `${ends}: sign in again with \`fitbit-login login\`.`;
  return withProfileFlag(words, profile);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A moment for a person, in the machine's own time zone: "22 Nov 2026, 19:12 UTC+1 (in 8 hours)". */
export function formatDateTime(date: Date, now: Date): string {
  return `${formatMoment(date)} (${fromNow(date, now)})`;
}

/** The same without how far off it is. */
export function formatMoment(date: Date): string {
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  return `${day}, ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())} ${zone(date)}`;
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

const PASTE: Readonly<
  Record<PasteReason, (to: { readonly provider: string; readonly redirectUri: string }) => string>
> = {
  unreadable: ({ redirectUri }) =>
    `That is neither an address nor a code. Paste the whole address that the browser ended on: it begins with ${redirectUri}`,
  'sign-in-page': ({ provider, redirectUri }) =>
    `That is the address of a page of ${provider}'s. Allow access there, and paste the address that comes after it: it begins with ${redirectUri}`,
  'other-address': ({ redirectUri }) =>
    `That address is not where this sign-in ends. Paste the one that begins with ${redirectUri}`,
  'no-answer': () => 'That holds no code. It may have been cut off when it was copied: paste the whole address.',
  'repeated-parameter': () => 'That gives a parameter more than once. Paste the address once, and nothing else.',
  'wrong-state': () =>
    'That belongs to another sign-in, or was cut off when it was copied. Open the address above, and paste the whole address that it leads to.',
  'other-issuer': ({ provider }) =>
    `That does not say that it comes from ${provider}. Paste the whole address that the browser ended on.`,
  'code-alone': ({ provider }) =>
    `A code alone cannot be told from somebody else's at ${provider}. Paste the whole address that the browser ended on.`,
};

/** Why what was pasted was not the awaited answer, and what to paste instead. Nothing of it is repeated. */
export function pasteRefusal(
  reason: PasteReason,
  to: { readonly provider: string; readonly redirectUri: string },
): string {
  return PASTE[reason](to);
}
