import { AuthError } from '../errors.ts';
import { shortScope } from '../providers/google-health.ts';
import type { Provider } from '../providers/provider.ts';

/**
 * The scopes that a person named, as the provider spells them: short names are taken, retired ones are refused with
 * their successors.
 *
 * @throws AuthError `USAGE`
 */
export function scopesOf(
  { name, scopes: known, successorsOf }: Provider,
  wanted: readonly string[],
): readonly string[] {
  // Nothing is known of a custom provider's scopes: it will say itself what it does not know.
  if (known.length === 0) return [...new Set(wanted)];
  const spelled = wanted.map((scope) => {
    const found = known.find((candidate) => candidate.name === scope || shortScope(candidate.name) === scope);
    if (found !== undefined) return found.name;
    const successors = successorsOf?.(scope) ?? [];
    throw successors.length > 0
      ? new AuthError('USAGE', `${name} has retired the scope “${scope}”.`, {
          hint: `Use ${successors.join(' or ')} in its place.`,
        })
      : new AuthError('USAGE', `${name} has no scope “${scope}”.`, {
          hint: `Its scopes are: ${known.map((candidate) => shortScope(candidate.name)).join(', ')}.`,
        });
  });
  return [...new Set(spelled)];
}
