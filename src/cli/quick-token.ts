import { parseArgs } from 'node:util';
import { COMMON_OPTIONS, TOKEN_OPTIONS } from './options.ts';

/** What the usual forms of `token` say. */
export interface QuickToken {
  readonly profile: string | undefined;
  readonly minTtlSeconds: number | undefined;
}

/**
 * Reads `token` with `--profile` and `--min-ttl`, or without, as scripts write it. `undefined` for anything else, mistakes included:
 * the whole program then reads the same options, and says what is wrong.
 */
export function quickToken([command, ...args]: readonly string[]): QuickToken | undefined {
  if (command !== 'token') return undefined;
  const specs = [...TOKEN_OPTIONS, ...COMMON_OPTIONS].map((spec) => {
    const [flag = '', value] = spec.flags.split(' ');
    return { ...spec, name: flag.slice(2), type: value === undefined ? 'boolean' : 'string' } as const;
  });
  try {
    const options = Object.fromEntries(specs.map(({ name, type }) => [name, { type }]));
    const { profile, 'min-ttl': minTtl, ...others } = parseArgs({ args, options }).values;
    if (Object.keys(others).length > 0) return undefined;
    return {
      profile: profile === undefined ? undefined : String(profile),
      minTtlSeconds: minTtl === undefined ? undefined : Number(specs[0]?.parse?.(String(minTtl))),
    };
  } catch {
    return undefined;
  }
}
