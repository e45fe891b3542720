import { randomBytes } from 'node:crypto';
import {
  type Access,
  type Authorization,
  type Counters,
  type Grant,
  grantKey,
  type TokenResponse,
  type TokenResult,
  TokenStore,
} from './tokens.ts';

const LIFETIME_SECONDS = 3_599;
/** How long a sign-in lasts at an app in testing. */
const TESTING_SECONDS = 604_799;
const MAX_REFRESH_TOKENS = 100;
const MONTHS_UNUSED = 6;

interface RefreshToken {
  readonly grant: Grant;
  /** Absent if only disuse ends it. */
  readonly endsAt?: Date;
  readonly usedAt: Date;
  readonly revoked: boolean;
}

/**
 * Google's rules: using a refresh token does not spend it; it expires after six months without use, after seven days if
 * the app is in testing, when the person has a hundred newer ones for the app, or when the consent is revoked.
 */
export class GoogleTokens extends TokenStore<RefreshToken> {
  readonly #consentedOffline = new Map<string, Grant>();

  constructor(now: () => Date, counters: Counters) {
    super('google', now, counters);
  }

  override issueCode(authorization: Authorization): string {
    const key = grantKey(authorization);
    const anew = authorization.anew || !this.#consentedOffline.has(key);
    if (authorization.offline) this.#consentedOffline.set(key, authorization);
    return super.issueCode({ ...authorization, anew });
  }

  /** A new access token. The refresh token stays as it is, and stays out of the response. */
  refresh(token: string, clientId: string): TokenResult {
    const known = this.refreshTokens.get(token);
    if (known === undefined) return this.refuse('refresh-token-unknown');
    const { grant, endsAt } = known;
    if (grant.clientId !== clientId) return this.refuse('refresh-token-foreign', grant.userId);
    if (!this.isLive(token)) return this.refuse('refresh-token-expired', grant.userId);
    this.refreshTokens.set(token, { ...known, usedAt: this.now() });
    this.count('refreshes', grant.userId);
    const left = endsAt && Math.floor((endsAt.getTime() - this.now().getTime()) / 1000);
    return { kind: 'granted', response: { ...this.#issueAccess(grant, true), refresh_token_expires_in: left }, grant };
  }

  /**
   * Revokes the person's consent to the whole project: every grant and token, of each of its apps and on each machine.
   * @returns `false` for a token that is expired, revoked or unknown
   */
  revoke(token: string): boolean {
    const revoked = this.isLive(token) ? this.refreshTokens.get(token)?.grant : this.access(token);
    if (revoked === undefined) return false;
    const project = projectKey(revoked);
    for (const entries of [this.grantsByKey, this.#consentedOffline, this.accessTokens])
      for (const [key, entry] of entries) if (projectKey(entry) === project) entries.delete(key);
    for (const [key, entry] of this.refreshTokens)
      if (projectKey(entry.grant) === project) this.refreshTokens.set(key, { ...entry, revoked: true });
    this.count('revocations', revoked.userId);
    return true;
  }

  /** What a live access token gives access to. */
  access(token: string): Access | undefined {
    const known = this.accessTokens.get(token);
    return known !== undefined && known.expiresAt > this.now() ? known : undefined;
  }

  isLive(refreshToken: string): boolean {
    const known = this.refreshTokens.get(refreshToken);
    if (known === undefined || known.revoked) return false;
    const now = this.now();
    const unusedUntil = new Date(known.usedAt);
    unusedUntil.setUTCMonth(unusedUntil.getUTCMonth() + MONTHS_UNUSED);
    return now <= unusedUntil && (known.endsAt === undefined || now < known.endsAt);
  }

  protected newCode(): string {
    return `4/0A${randomBytes(51).toString('base64url')}`;
  }

  /** A refresh token comes only if asked for, and if consent was given for the first time or anew. */
  protected issue(grant: Grant, { offline = false, anew = false, testing = false }: Authorization): TokenResponse {
    const lasting = offline && anew;
    return {
      ...this.#issueAccess(grant, offline),
      refresh_token: lasting ? this.#issueRefresh(grant, testing) : undefined,
      refresh_token_expires_in: lasting && testing ? TESTING_SECONDS : undefined,
    };
  }

  #issueAccess(grant: Grant, offline: boolean): TokenResponse {
    const token = `ya29.a0A${randomBytes(120).toString('base64url')}`;
    const issuedAt = this.now();
    const expiresAt = new Date(issuedAt.getTime() + LIFETIME_SECONDS * 1000);
    this.accessTokens.set(token, { ...grant, offline, issuedAt, expiresAt });
    return { access_token: token, expires_in: LIFETIME_SECONDS, scope: grant.scopes.join(' '), token_type: 'Bearer' };
  }

  #issueRefresh(grant: Grant, testing: boolean): string {
    const usedAt = this.now();
    const others = [...this.refreshTokens].filter(
      ([, other]) => !other.revoked && grantKey(other.grant) === grantKey(grant),
    );
    for (const [token, oldest] of others.slice(0, Math.max(0, others.length - MAX_REFRESH_TOKENS + 1)))
      this.refreshTokens.set(token, { ...oldest, revoked: true });
    const token = `1//0${randomBytes(48).toString('base64url')}`;
    const endsAt = testing ? new Date(usedAt.getTime() + TESTING_SECONDS * 1000) : undefined;
    this.refreshTokens.set(token, { grant, usedAt, endsAt, revoked: false });
    return token;
  }
}

/** A client ID begins with the number of its project. */
function projectKey({ clientId, userId }: Grant): string {
  return JSON.stringify([clientId.split('-')[0], userId]);
}
