import { retiredScope, unknownScope } from '../messages.ts';
import { fitbit } from '../providers/fitbit.ts';
import { googleHealth, shortScope, successorOf } from '../providers/google-health.ts';
import type { Provider } from '../providers/provider.ts';

/**
 * The scopes that a person named, as the provider spells them: short names are taken, retired ones are refused with
 * their successors. One that only the provider can judge is passed on, with a notice.
 *
 * @throws AuthError `USAGE`
 * @internal
 */
export function scopesOf(
  { name, scopes: known, successorsOf, fullScope }: Provider,
  wanted: readonly string[],
  notice: (text: string) => void = () => {},
): readonly string[] {
  // Nothing is known of a custom provider's scopes: it will say itself what it does not know.
  if (known.length === 0) return [...new Set(wanted)];
  const spelled = wanted.map((scope) => {
    const found = known.find((candidate) => candidate.name === scope || shortScope(candidate.name) === scope);
    if (found !== undefined) return found.name;
    const passed = fullScope?.(scope);
    if (passed !== undefined) {
      notice(`The scope "${scope}" isn't one that is known here; it is asked for all the same, and ${name} decides.`);
      return passed;
    }
    const successors = successorsOf?.(scope) ?? [];
    throw successors.length > 0
      ? retiredScope(name, scope, successors)
      : unknownScope(
          name,
          scope,
          known.map((candidate) => shortScope(candidate.name)),
        );
  });
  return [...new Set(spelled)];
}

/** Scopes that were granted or imported before, without those that the provider would refuse; its usual ones if none is left. @internal */
export function knownAmong(
  { scopes: known, defaultScopes, fullScope }: Provider,
  stored: readonly string[] = [],
): readonly string[] {
  const names = new Set(known.map(({ name }) => name));
  const kept = known.length === 0 ? stored : stored.filter((scope) => names.has(scope) || fullScope?.(scope) === scope);
  return kept.length > 0 ? kept : defaultScopes;
}

export interface KnownScope {
  /** As it is given on the command line. */
  readonly name: string;
  /** What it opens, in plain words. */
  readonly words: string;
  /** Requested by default. */
  readonly usual: boolean;
  /** The Google Health successor of a Fitbit scope; absent for others, and where there is none. */
  readonly successor?: string;
}

/** The scopes of every provider whose scopes are known, in plain words. */
export function knownScopes(): Readonly<Record<'fitbit' | 'google-health', readonly KnownScope[]>> {
  return { fitbit: scopesIn(fitbit()), 'google-health': scopesIn(googleHealth()) };
}

function scopesIn({ scopes, defaultScopes }: Provider): readonly KnownScope[] {
  return scopes.map(({ name, words }) => {
    const successor = successorOf(name);
    const usual = defaultScopes.includes(name);
    return { name: shortScope(name), words, usual, successor: successor && shortScope(successor) };
  });
}
