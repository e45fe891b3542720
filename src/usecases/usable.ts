import type { Profile, Tokens } from '../store/profile.ts';
import { sessionOf } from './status.ts';

export interface AccessRequest {
  /** The profile's name. */
  readonly name: string;
  /** A token with fewer seconds left is refreshed. Default 60. */
  readonly minTtlSeconds?: number;
  /** The access token that must not be the answer, because it is known not to work: it is refreshed however fresh it looks. */
  readonly notThis?: Tokens['accessToken'];
  /** Ends the waiting for a lock or for another try; a request that is on its way is let finish, so that its answer is not lost. */
  readonly signal?: AbortSignal;
  /** Told once when another process has the profile and is waited for. */
  readonly onWait?: () => void;
}

/**
 * The stored tokens where they need no refresh at `now`: more than `minTtlSeconds` left, and no refresh cut off whose
 * answer can still be had. `undefined` otherwise.
 */
export function usable(
  profile: Profile | undefined,
  now: Date,
  { minTtlSeconds = 60, notThis }: Omit<AccessRequest, 'name'>,
): Tokens | undefined {
  const tokens = profile?.tokens;
  if (profile === undefined || tokens === undefined || profile.refreshStartedAt !== undefined) return undefined;
  if (notThis !== undefined && tokens.accessToken.equals(notThis)) return undefined;
  const session = sessionOf(profile, now);
  return session.kind === 'fresh' && (session.secondsLeft ?? Number.POSITIVE_INFINITY) > minTtlSeconds
    ? tokens
    : undefined;
}
