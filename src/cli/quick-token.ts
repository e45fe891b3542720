import { parseArgs } from 'node:util';
import { COMMON_OPTIONS, MIN_TTL, TOKEN_OPTIONS } from './options.ts';

/**
 * Reads `token` with `--profile` and `--min-ttl`, or without, as scripts write it. `undefined` for anything else, mistakes included:
 * the whole program then reads the same options, and says what is wrong.
 */
export function quickToken([command, ...args]: readonly string[]) {
  if (command !== 'token') return undefined;
  const options = [...TOKEN_OPTIONS, ...COMMON_OPTIONS].map(({ flags }) => {
    const [flag = '', value] = flags.split(' ');
    return [flag.slice(2), { type: value === undefined ? 'boolean' : 'string' }] as const;
  });
  try {
    const { values } = parseArgs({ args, options: Object.fromEntries(options) });
    const { profile, 'min-ttl': minTtl, ...others } = values;
    if (Object.keys(others).length > 0) return undefined;
    return {
      profile: profile === undefined ? undefined : String(profile),
      minTtlSeconds: minTtl === undefined ? undefined : MIN_TTL.parse(String(minTtl)),
    };
  } catch {
    return undefined;
  }
}
