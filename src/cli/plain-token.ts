import { parseArgs } from 'node:util';
import { minTtlSeconds } from './seconds.ts';

/** What the plain forms of `token` say, by the names that the parser of all commands gives these options. */
export interface PlainToken {
  readonly profile?: string;
  readonly minTtl?: number;
}

const OPTIONS = { profile: { type: 'string' }, 'min-ttl': { type: 'string' } } as const;

/**
 * Reads `token`, with `--profile` and `--min-ttl` or without, as scripts write it, without loading the parser of all commands.
 * `undefined` for anything else, mistakes included: that parser then judges it, and says what is wrong.
 */
export function plainToken([command, ...args]: readonly string[]): PlainToken | undefined {
  if (command !== 'token') return undefined;
  try {
    const { profile, 'min-ttl': minTtl } = parseArgs({ args, options: OPTIONS }).values;
    return {
      ...(profile === undefined ? {} : { profile }),
      ...(minTtl === undefined ? {} : { minTtl: minTtlSeconds(minTtl) }),
    };
  } catch {
    return undefined;
  }
}
