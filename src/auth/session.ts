import type { Environment } from '../environment.ts';
import type { Secret } from '../secret.ts';
import type { Profile, Tokens } from '../store/profile.ts';

/** The state of a profile, as far as this machine knows. */
export type Session =
  | { readonly kind: 'none' }
  /** `secondsLeft` is absent where the provider gave no lifetime. */
  | { readonly kind: 'valid'; readonly secondsLeft?: number }
  /** The access token has expired. */
  | { readonly kind: 'expired'; readonly refreshable: boolean }
  /** The provider said that the grant has ended. The access token may still work. */
  | { readonly kind: 'dead'; readonly since: Date; readonly reason?: string };

/** A clock that was set may be off by this much before a token's age is doubted. */
const CLOCK_TOLERANCE_MS = 60_000;

export function sessionOf(profile: Profile, now: Date): Session {
  const { tokens, grantEndedAt, grantEndedReason } = profile;
  if (tokens === undefined) return { kind: 'none' };
  if (grantEndedAt !== undefined) return { kind: 'dead', since: grantEndedAt, reason: grantEndedReason };
  const secondsLeft = secondsLeftOf(tokens, now);
  if (secondsLeft <= 0) return { kind: 'expired', refreshable: tokens.refreshToken !== undefined };
  return secondsLeft === Number.POSITIVE_INFINITY ? { kind: 'valid' } : { kind: 'valid', secondsLeft };
}

/**
 * How long the access token is still valid; infinite where the provider gave no lifetime. One obtained in the future was obtained under
 * another clock, so that its end is not known: it counts as expired.
 */
function secondsLeftOf({ obtainedAt, expiresAt }: Tokens, now: Date): number {
  if (expiresAt === undefined) return Number.POSITIVE_INFINITY;
  if (obtainedAt.getTime() > now.getTime() + CLOCK_TOLERANCE_MS) return 0;
  return Math.floor((expiresAt.getTime() - now.getTime()) / 1000);
}

export interface FreshnessOptions {
  /** A token with no more seconds left than this is not fresh. Default 60; 0 where the grant is dead, so that there will be no other. */
  readonly minTtlSeconds?: number;
  /** An access token that is known not to work: it is never fresh. */
  readonly rejectedToken?: Secret;
}

/**
 * The stored tokens where they need no refresh at `now`: more than `minTtlSeconds` left, and no refresh was cut off whose response the
 * provider would repeat. `undefined` otherwise.
 */
export function freshTokens(
  profile: Profile | undefined,
  now: Date,
  { minTtlSeconds, rejectedToken }: FreshnessOptions = {},
): Tokens | undefined {
  const tokens = profile?.tokens;
  if (profile === undefined || tokens === undefined || tokens.accessToken.equals(rejectedToken)) return undefined;
  const isDead = profile.grantEndedAt !== undefined;
  if (profile.refreshStartedAt !== undefined && !isDead) return undefined;
  return secondsLeftOf(tokens, now) > (minTtlSeconds ?? (isDead ? 0 : 60)) ? tokens : undefined;
}

/** The given profile name, else `FITBIT_LOGIN_PROFILE`, else `fallback`. */
export function resolveProfileName(
  { FITBIT_LOGIN_PROFILE }: Environment,
  given: string | undefined,
  fallback = 'default',
): string {
  return given ?? (FITBIT_LOGIN_PROFILE || fallback);
}
