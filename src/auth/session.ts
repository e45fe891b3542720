import type { Environment } from '../environment.ts';
import type { Secret } from '../secret.ts';
import type { Profile, Tokens } from '../store/profile.ts';

/** How a profile stands, as far as this machine can tell. */
export type Session =
  | { readonly kind: 'none' }
  /** `secondsLeft` is absent where the provider gave no lifetime. */
  | { readonly kind: 'fresh'; readonly secondsLeft?: number }
  | { readonly kind: 'stale'; readonly refreshable: boolean };

/** A clock that was set may be off by this much before a token's age is doubted. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Whether the stored access token is still valid at `now`. One obtained in the future was obtained under another clock, so that its end
 * is not known: it counts as stale.
 */
export function sessionOf({ tokens }: Profile, now: Date): Session {
  if (tokens === undefined) return { kind: 'none' };
  if (tokens.expiresAt === undefined) return { kind: 'fresh' };
  const fromTheFuture = tokens.obtainedAt.getTime() > now.getTime() + CLOCK_TOLERANCE_MS;
  const secondsLeft = Math.floor((tokens.expiresAt.getTime() - now.getTime()) / 1000);
  if (secondsLeft <= 0 || fromTheFuture) return { kind: 'stale', refreshable: tokens.refreshToken !== undefined };
  return { kind: 'fresh', secondsLeft };
}

export interface FreshnessOptions {
  /** A token with no more seconds left than this is not fresh. Default 60. */
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
  { minTtlSeconds = 60, rejectedToken }: FreshnessOptions = {},
): Tokens | undefined {
  const tokens = profile?.tokens;
  if (profile === undefined || tokens === undefined || profile.refreshStartedAt !== undefined) return undefined;
  if (tokens.accessToken.equals(rejectedToken)) return undefined;
  const session = sessionOf(profile, now);
  if (session.kind !== 'fresh') return undefined;
  return (session.secondsLeft ?? Number.POSITIVE_INFINITY) > minTtlSeconds ? tokens : undefined;
}

/** The given profile name, else `FITBIT_LOGIN_PROFILE`, else `default`. */
export function resolveProfileName({ FITBIT_LOGIN_PROFILE }: Environment, given?: string): string {
  return given ?? (FITBIT_LOGIN_PROFILE || 'default');
}
