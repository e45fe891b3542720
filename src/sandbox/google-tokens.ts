import { randomBytes } from 'node:crypto';
import { type Authorization, AuthorizationCodes, type CodeError, type Exchange } from './codes.ts';
import { Counters } from './counters.ts';
import type { GoogleScope } from './google-scopes.ts';

const LIFETIME_SECONDS = 3_599;
/** How long a sign-in lasts at an app in testing. */
const TESTING_SECONDS = 604_799;
const MAX_REFRESH_TOKENS = 100;
const MONTHS_UNUSED = 6;

/** One person's consent to one app. */
interface Grant {
  readonly clientId: string;
  readonly userId: string;
  readonly scopes: readonly GoogleScope[];
}

interface GoogleAuthorization extends Authorization, Grant {
  /** Whether the app asked for a refresh token. */
  readonly offline: boolean;
  /** Whether consent counts as given anew. */
  readonly anew: boolean;
  /** Whether the app is in testing. */
  readonly testing: boolean;
  /** For the ID token: OpenID Connect Core §3.1.2.1. */
  readonly nonce?: string;
}

/** What an access token gives access to. */
export interface GoogleAccess extends Grant {
  readonly offline: boolean;
  readonly expiresAt: Date;
}

/** The body of a token response as it goes over the wire, without its ID token. */
interface TokenResponse {
  readonly access_token: string;
  readonly expires_in: number;
  /** Absent in the response to a refresh: the old one stays valid. */
  readonly refresh_token?: string;
  readonly scope: string;
  readonly token_type: 'Bearer';
  /** Only if the refresh token has an end. */
  readonly refresh_token_expires_in?: number;
}

export type GoogleTokenError = CodeError | 'refresh-token-unknown' | 'refresh-token-foreign' | 'refresh-token-dead';
export type GoogleTokenResult =
  | { readonly kind: 'granted'; readonly response: TokenResponse; readonly grant: Grant; readonly nonce?: string }
  | { readonly kind: 'refused'; readonly reason: GoogleTokenError };

interface RefreshToken {
  readonly grant: Grant;
  /** Absent if only disuse ends it. */
  readonly endsAt?: Date;
  readonly usedAt: Date;
  readonly revoked: boolean;
}

/**
 * Google's codes, grants and tokens, and the rules for them. Knows no HTTP. Using a refresh token does not spend it; it
 * dies after six months without use, at its end if the app is in testing, when the person has a hundred newer ones for
 * the app, or when the consent is revoked.
 */
export class GoogleTokens {
  readonly counters = new Counters();
  readonly #now: () => Date;
  readonly #codes: AuthorizationCodes<GoogleAuthorization>;
  readonly #grants = new Map<string, Grant>();
  readonly #consentedOffline = new Map<string, Pick<Grant, 'clientId' | 'userId'>>();
  // In the order in which they were issued.
  readonly #refreshTokens = new Map<string, RefreshToken>();
  readonly #accessTokens = new Map<string, GoogleAccess>();

  constructor(now: () => Date) {
    this.#now = now;
    this.#codes = new AuthorizationCodes(now);
  }

  issueCode(authorization: GoogleAuthorization): string {
    const key = grantKey(authorization);
    const anew = authorization.anew || !this.#consentedOffline.has(key);
    if (authorization.offline) this.#consentedOffline.set(key, authorization);
    return this.#codes.issue(`4/0A${randomBytes(51).toString('base64url')}`, { ...authorization, anew });
  }

  /** Exchanges a code. A refresh token comes only if asked for, and if consent was given for the first time or anew. */
  exchange(exchange: Exchange): GoogleTokenResult {
    const redemption = this.#codes.redeem(exchange);
    if (redemption.kind === 'refused') return this.#refuse(redemption.reason, redemption.userId);
    const { clientId, userId, scopes, offline, anew, testing, nonce } = redemption.authorization;
    const grant: Grant = { clientId, userId, scopes };
    this.#grants.set(grantKey(grant), grant);
    this.counters.count('exchanges', userId);
    const response = {
      ...this.#issueAccess(grant, offline),
      refresh_token: offline && anew ? this.#issueRefresh(grant, testing) : undefined,
      refresh_token_expires_in: offline && anew && testing ? TESTING_SECONDS : undefined,
    };
    return { kind: 'granted', response, grant, nonce };
  }

  /** A new access token. The refresh token stays as it is, and stays out of the response. */
  refresh(token: string, clientId: string): GoogleTokenResult {
    const known = this.#refreshTokens.get(token);
    if (known === undefined) return this.#refuse('refresh-token-unknown');
    const { grant, endsAt } = known;
    if (grant.clientId !== clientId) return this.#refuse('refresh-token-foreign', grant.userId);
    if (!this.isLive(token)) return this.#refuse('refresh-token-dead', grant.userId);
    this.#refreshTokens.set(token, { ...known, usedAt: this.#now() });
    this.counters.count('refreshes', grant.userId);
    const left = endsAt && Math.floor((endsAt.getTime() - this.#now().getTime()) / 1000);
    return { kind: 'granted', response: { ...this.#issueAccess(grant, true), refresh_token_expires_in: left }, grant };
  }

  /**
   * Revokes the person's consent to the whole project: every grant and token, of each of its apps and on each machine.
   * @returns `false` for a token that is dead or unknown
   */
  revoke(token: string): boolean {
    const revoked = this.isLive(token) ? this.#refreshTokens.get(token)?.grant : this.access(token);
    if (revoked === undefined) return false;
    const project = projectKey(revoked);
    for (const entries of [this.#grants, this.#consentedOffline, this.#accessTokens]) {
      for (const [key, entry] of entries) if (projectKey(entry) === project) entries.delete(key);
    }
    for (const [key, entry] of this.#refreshTokens) {
      if (projectKey(entry.grant) === project) this.#refreshTokens.set(key, { ...entry, revoked: true });
    }
    this.counters.count('revocations', revoked.userId);
    return true;
  }

  /** What a live access token gives access to. */
  access(token: string): GoogleAccess | undefined {
    const known = this.#accessTokens.get(token);
    return known !== undefined && known.expiresAt > this.#now() ? known : undefined;
  }

  /** True if a refresh with this token would be granted now. */
  isLive(refreshToken: string): boolean {
    const known = this.#refreshTokens.get(refreshToken);
    if (known === undefined || known.revoked) return false;
    const now = this.#now();
    const unusedUntil = new Date(known.usedAt);
    unusedUntil.setUTCMonth(unusedUntil.getUTCMonth() + MONTHS_UNUSED);
    return now <= unusedUntil && (known.endsAt === undefined || now < known.endsAt);
  }

  /** The consents that were not revoked. */
  get grants(): readonly Grant[] {
    return [...this.#grants.values()];
  }

  #issueAccess(grant: Grant, offline: boolean): TokenResponse {
    const token = `ya29.a0A${randomBytes(120).toString('base64url')}`;
    const expiresAt = new Date(this.#now().getTime() + LIFETIME_SECONDS * 1000);
    this.#accessTokens.set(token, { ...grant, offline, expiresAt });
    return { access_token: token, expires_in: LIFETIME_SECONDS, scope: grant.scopes.join(' '), token_type: 'Bearer' };
  }

  #issueRefresh(grant: Grant, testing: boolean): string {
    const now = this.#now();
    const live = [...this.#refreshTokens].filter(
      ([, other]) => !other.revoked && grantKey(other.grant) === grantKey(grant),
    );
    for (const [token, oldest] of live.slice(0, Math.max(0, live.length - MAX_REFRESH_TOKENS + 1)))
      this.#refreshTokens.set(token, { ...oldest, revoked: true });
    const token = `1//0${randomBytes(48).toString('base64url')}`;
    const endsAt = testing ? new Date(now.getTime() + TESTING_SECONDS * 1000) : undefined;
    this.#refreshTokens.set(token, { grant, usedAt: now, endsAt, revoked: false });
    return token;
  }

  #refuse(reason: GoogleTokenError, userId?: string): GoogleTokenResult {
    // Google has other names for these two.
    if (reason !== 'redirect-mismatch' && reason !== 'refresh-token-foreign')
      this.counters.count('invalidGrants', userId);
    return { kind: 'refused', reason };
  }
}

/** Each person has one grant for each app. */
function grantKey({ clientId, userId }: Pick<Grant, 'clientId' | 'userId'>): string {
  return JSON.stringify([clientId, userId]);
}

/** A client ID begins with the number of its project. */
function projectKey({ clientId, userId }: Pick<Grant, 'clientId' | 'userId'>): string {
  return JSON.stringify([clientId.split('-')[0], userId]);
}
