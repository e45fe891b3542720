import { fitbit } from '../providers/fitbit.ts';
import { googleHealth, shortScope, successorOf } from '../providers/google-health.ts';

export interface KnownScope {
  /** As it is given on the command line. */
  readonly name: string;
  /** What it opens, in plain words. */
  readonly words: string;
  /** Asked for when nobody says what to ask for. */
  readonly usual: boolean;
  /** What one of Fitbit's became at Google Health; absent for others, and where there is none. */
  readonly successor?: string;
}

/** The scopes of every provider whose scopes are known, in plain words. */
export function knownScopes(): Readonly<Record<'fitbit' | 'google-health', readonly KnownScope[]>> {
  const [old, google] = [fitbit(), googleHealth()];
  return {
    fitbit: old.scopes.map(({ name, words }) => {
      const successor = successorOf(name);
      const usual = old.defaultScopes.includes(name);
      return { name, words, usual, ...(successor === undefined ? {} : { successor: shortScope(successor) }) };
    }),
    'google-health': google.scopes.map(({ name, words }) => ({
      name: shortScope(name),
      words,
      usual: google.defaultScopes.includes(name),
    })),
  };
}
