import { LOG_LEVELS } from '../auth/index.ts';
import { emptyList, notATimeSpan, outOfRange } from '../messages.ts';
import type { CommonOption, OptionSpec } from './command.ts';

export const PROGRAM = 'fitbit-login';

const COMMON: Readonly<Record<CommonOption, OptionSpec>> = {
  profile: {
    flags: '--profile <name>',
    description: 'profile',
    defaultText: '$FITBIT_LOGIN_PROFILE, else "default"',
    offer: 'profiles',
  },
  json: { flags: '--json', description: 'output JSON, errors too' },
  'log-level': {
    flags: '--log-level <level>',
    description: 'also print the log on stderr, at this level and above',
    choices: LOG_LEVELS,
  },
};

/** The options of most commands. */
export const COMMON_OPTIONS: readonly OptionSpec[] = Object.values(COMMON);

/** Those of the common options that a command takes. */
export function commonOf({ common }: { readonly common?: readonly CommonOption[] }): readonly OptionSpec[] {
  return common === undefined ? COMMON_OPTIONS : common.map((name) => COMMON[name]);
}

/** @param what is counted, for the error */
export function wholeNumber(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw outOfRange(what, min, max);
  };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A length of time with its unit, in milliseconds: `90s`, `30m`, `1h`, `2d`. */
export function timeSpan(text: string): number {
  const [, count, unit = ''] = /^(\d{1,4})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN) * 1000;
  // As long as a timer can run.
  if (ms > 0 && ms < 2 ** 31) return ms;
  throw notATimeSpan();
}

/** Names separated by spaces or commas. */
export function list(text: string): readonly string[] {
  const names = text.split(/[\s,]+/).filter(Boolean);
  if (names.length > 0) return names;
  throw emptyList();
}

export const MIN_TTL = {
  flags: '--min-ttl <seconds>',
  description: 'refresh if fewer than this many seconds remain',
  defaultText: '60',
  // Less than any token lives.
  parse: wholeNumber('whole number of seconds', 0, 28_000),
} as const satisfies OptionSpec;

export const TIMEOUT = {
  flags: '--timeout <seconds>',
  description: 'how long to wait for the sign-in',
  defaultText: '300',
  /** In milliseconds. */
  parse: (text: string) => wholeNumber('whole number of seconds', 1, 86_400)(text) * 1000,
} as const satisfies OptionSpec;

export const NO_BROWSER = {
  flags: '--no-browser',
  description: "don't open a browser; print the URL and accept the redirect URL as input",
} as const satisfies OptionSpec;

export const NO_EMAIL = {
  flags: '--no-email',
  description: "don't request the account's email address (remembered; Google Health)",
} as const satisfies OptionSpec;

export const REDIRECT_URI = {
  flags: '--redirect-uri <uris>',
  description: 'registered loopback redirect URIs; the first one with a free port is used',
  defaultText: 'http://127.0.0.1:8976/callback; any free port for a Google Desktop app',
  parse: list,
} as const satisfies OptionSpec;

/** Those of `token`, which its quick path reads as well. */
export const TOKEN_OPTIONS = [MIN_TTL] as const;
