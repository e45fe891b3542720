import * as v from 'valibot';
import { AuthError } from '../errors.ts';
import { LOG_LEVELS } from '../index.ts';
import type { OptionSpec } from './command.ts';
import { minTtlSeconds, seconds } from './seconds.ts';

/** The options of every command. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--profile <name>',
    description: 'whose tokens: one profile is one person at one provider',
    defaultText: '$FITBIT_LOGIN_PROFILE or “default”',
    offer: 'profiles',
  },
  { flags: '--json', description: 'answer, and report errors, as JSON' },
  {
    flags: '--log-level <level>',
    description: 'also print the log on stderr, from this level on',
    choices: LOG_LEVELS,
  },
];

/** What {@link COMMON_OPTIONS} parse to; a command's own schema extends it. */
export const commonOptions = {
  profile: v.optional(v.string()),
  json: v.optional(v.boolean(), false),
};

/** Names separated by blanks or commas. */
export function list(text: string): readonly string[] {
  const names = text.split(/[\s,]+/).filter(Boolean);
  if (names.length > 0) return names;
  throw new AuthError('USAGE', 'The list is empty.');
}

/** When a command that gives a token refreshes it first. */
export const MIN_TTL: OptionSpec = {
  flags: '--min-ttl <seconds>',
  description: 'refresh a token that has no more than this left',
  defaultText: '60',
  parse: minTtlSeconds,
};

/** How a command waits for a person to sign in. */
export const WAITING_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--no-browser',
    description: 'only print the address; the one that the browser ends on can be pasted, or given on standard input',
  },
  {
    flags: '--timeout <seconds>',
    description: 'how long to wait for you',
    defaultText: '300',
    parse: seconds(1, 86_400),
  },
];
