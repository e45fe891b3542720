import { defined } from '../defined.ts';
import type { Provider } from '../providers/provider.ts';
import type { Profile, Tokens } from '../store/profile.ts';

/** How a profile stands, as far as this machine can tell. */
export type Session =
  | { readonly kind: 'none' }
  /** `secondsLeft` is absent where the provider gave no lifetime. */
  | { readonly kind: 'fresh'; readonly secondsLeft?: number }
  | { readonly kind: 'stale'; readonly refreshable: boolean };

/** What is stored of one profile, without any secret. */
export interface Status {
  readonly profile: string;
  readonly provider: Provider['id'];
  readonly providerName: string;
  /** The origin of the sandbox that plays the provider, where one does. */
  readonly sandbox?: string;
  readonly clientId: string;
  readonly session: Session;
  readonly userId?: string;
  /** The id at the service that this one succeeded: a Fitbit id, at Google Health. */
  readonly legacyUserId?: string;
  /** Granted. */
  readonly scopes: readonly string[];
  /** Asked for, but not granted. */
  readonly missingScopes: readonly string[];
  readonly refreshable: boolean;
  readonly obtainedAt?: Date;
  readonly expiresAt?: Date;
  /** When the grant itself ends. Absent where the provider did not say. */
  readonly refreshExpiresAt?: Date;
  /** When a refresh was begun whose answer was never stored. */
  readonly refreshStartedAt?: Date;
  /** Where the profile is stored. */
  readonly location: string;
}

export interface StatusContext {
  readonly name: string;
  readonly providerName: string;
  readonly location: string;
  readonly now: Date;
}

/** How a stored profile stands at a moment. Pure: asks nobody. */
export function statusOf(profile: Profile, { name, providerName, location, now }: StatusContext): Status {
  const { tokens, sandbox, refreshStartedAt } = profile;
  const {
    scopes = [],
    refreshToken,
    userId,
    legacyUserId,
    obtainedAt,
    expiresAt,
    refreshExpiresAt,
  }: Partial<Tokens> = tokens ?? {};
  return {
    profile: name,
    provider: profile.provider,
    providerName,
    clientId: profile.client.id,
    session: sessionOf(profile, now),
    scopes,
    missingScopes: tokens === undefined ? [] : profile.requestedScopes.filter((scope) => !scopes.includes(scope)),
    refreshable: refreshToken !== undefined,
    ...defined({ sandbox, userId, legacyUserId, obtainedAt, expiresAt, refreshExpiresAt, refreshStartedAt }),
    location,
  };
}

/** A clock that was set may be off by this much before its word on a token's age is doubted. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Whether the stored access token still lives at a moment. One obtained in the future was obtained under another clock:
 * nothing is known of its end, so it counts as stale.
 */
export function sessionOf({ tokens }: Profile, now: Date): Session {
  if (tokens === undefined) return { kind: 'none' };
  if (tokens.expiresAt === undefined) return { kind: 'fresh' };
  const fromTheFuture = tokens.obtainedAt.getTime() > now.getTime() + CLOCK_TOLERANCE_MS;
  const secondsLeft = Math.floor((tokens.expiresAt.getTime() - now.getTime()) / 1000);
  if (secondsLeft <= 0 || fromTheFuture) return { kind: 'stale', refreshable: tokens.refreshToken !== undefined };
  return { kind: 'fresh', secondsLeft };
}
