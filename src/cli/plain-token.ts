import { minTtlSeconds } from './seconds.ts';

/** What the plain forms of `token` say, by the names that the parser of all commands gives these options. */
export interface PlainToken {
  readonly profile?: string;
  readonly minTtl?: number;
}

const OPTION = /^--(profile|min-ttl)(?:=(.+))?$/s;

/**
 * Reads `token`, with `--profile` and `--min-ttl` or without, as scripts write it, without loading the parser of all commands, nor
 * Node's own. `undefined` for anything else, mistakes included: that parser then judges it, and says what is wrong.
 */
export function plainToken([command, ...args]: readonly string[]): PlainToken | undefined {
  if (command !== 'token') return undefined;
  let given: PlainToken = {};
  const words = args.values();
  for (const word of words) {
    const [, name, attached] = OPTION.exec(word) ?? [];
    const value: string | undefined = attached ?? words.next().value;
    if (name === undefined || value === undefined || value.startsWith('-')) return undefined;
    try {
      given = { ...given, ...(name === 'profile' ? { profile: value } : { minTtl: minTtlSeconds(value) }) };
    } catch {
      return undefined;
    }
  }
  return given;
}
