import { randomBytes } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import { type Authorization, type CodeRefusal, Codes, type Exchange } from '../codes.ts';
import { Tally } from '../tally.ts';
import { type GoogleGrant, seat } from './grant.ts';
import { RefreshTokens, TESTING_SECONDS } from './refresh-tokens.ts';
import type { GoogleScope } from './scopes.ts';

/** How long an access token lives. */
const LIFETIME_SECONDS = 3_599;

/** What a person allowed. */
interface GoogleAuthorization extends Authorization {
  readonly scopes: readonly GoogleScope[];
  /** Whether the app wants a refresh token. */
  readonly offline: boolean;
  /** Whether consent counts as given anew. */
  readonly anew: boolean;
  /** Whether the app is in testing. */
  readonly testing: boolean;
}

/** What an access token gives access to. */
export interface GoogleAccess extends GoogleGrant {
  readonly offline: boolean;
  readonly expiresAt: Date;
}

/** The body of a token answer, as it goes over the wire. */
export interface TokenResponse {
  readonly access_token: string;
  readonly expires_in: number;
  /** Absent in the answer to a refresh: the old one goes on. */
  readonly refresh_token?: string;
  readonly scope: string;
  readonly token_type: 'Bearer';
  /** Only where the refresh token has a date. */
  readonly refresh_token_expires_in?: number;
}

export type RefusalReason = CodeRefusal | 'refresh-token-unknown' | 'refresh-token-foreign' | 'refresh-token-dead';
export type Outcome =
  | { readonly kind: 'granted'; readonly answer: TokenResponse }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** Codes, grants and tokens, and Google's rules for them. Knows no HTTP; the clock is handed in. */
export class GoogleLedger {
  readonly tally = new Tally();
  readonly #clock: SandboxClock;
  readonly #codes: Codes<GoogleAuthorization>;
  readonly #grants = new Map<string, GoogleGrant>();
  readonly #consentedOffline = new Set<string>();
  readonly #refreshTokens: RefreshTokens;
  readonly #accessTokens = new Map<string, GoogleAccess>();

  constructor(clock: SandboxClock) {
    this.#clock = clock;
    this.#codes = new Codes(clock);
    this.#refreshTokens = new RefreshTokens(clock);
  }

  /** A code for what was allowed: ten minutes, one use. */
  issueCode(authorization: GoogleAuthorization): string {
    const first = !this.#consentedOffline.has(seat(authorization));
    if (authorization.offline) this.#consentedOffline.add(seat(authorization));
    return this.#codes.issue(`4/0A${randomBytes(51).toString('base64url')}`, {
      ...authorization,
      anew: authorization.anew || first,
    });
  }

  /** A code for tokens; a refresh token is among them where it is wanted and consent was given for the first time or anew. */
  exchange(exchange: Exchange): Outcome {
    const redemption = this.#codes.redeem(exchange);
    if (redemption.kind === 'refused') return this.#refuse(redemption.reason, redemption.userId);
    const { clientId, userId, scopes, offline, anew, testing } = redemption.authorization;
    const grant: GoogleGrant = { clientId, userId, scopes };
    this.#grants.set(seat(grant), grant);
    this.tally.count('exchanges', userId);
    const answer = this.#issue(grant, offline);
    if (!offline || !anew) return { kind: 'granted', answer };
    return {
      kind: 'granted',
      answer: {
        ...answer,
        refresh_token: this.#refreshTokens.issue(grant, testing),
        ...(testing ? { refresh_token_expires_in: TESTING_SECONDS } : {}),
      },
    };
  }

  /** A new access token. The refresh token stays as it is, and stays out of the answer. */
  refresh(token: string, clientId: string): Outcome {
    const owner = this.#refreshTokens.owner(token);
    if (owner === undefined) return this.#refuse('refresh-token-unknown');
    if (owner.clientId !== clientId) return this.#refuse('refresh-token-foreign', owner.userId);
    const known = this.#refreshTokens.find(token);
    if (known === undefined) return this.#refuse('refresh-token-dead', owner.userId);
    this.#refreshTokens.use(token, known);
    this.tally.count('refreshes', owner.userId);
    const answer = this.#issue(known.grant, true);
    if (known.endsAt === undefined) return { kind: 'granted', answer };
    const left = Math.floor((known.endsAt.getTime() - this.#clock.now().getTime()) / 1000);
    return { kind: 'granted', answer: { ...answer, refresh_token_expires_in: left } };
  }

  /** Takes back the person's consent to the app, and with it every token. `false` for a token that is dead or unknown. */
  revoke(token: string): boolean {
    const holder = this.#refreshTokens.find(token)?.grant ?? this.access(token);
    if (holder === undefined) return false;
    this.#grants.delete(seat(holder));
    this.#consentedOffline.delete(seat(holder));
    this.#refreshTokens.end(holder);
    for (const [name, access] of this.#accessTokens) {
      if (seat(access) === seat(holder)) this.#accessTokens.delete(name);
    }
    this.tally.count('revocations', holder.userId);
    return true;
  }

  /** What a living access token gives access to. */
  access(token: string): GoogleAccess | undefined {
    const known = this.#accessTokens.get(token);
    return known !== undefined && known.expiresAt > this.#clock.now() ? known : undefined;
  }

  /** Whether a refresh with this token would be granted now. Changes nothing. */
  isLive(refreshToken: string): boolean {
    return this.#refreshTokens.find(refreshToken) !== undefined;
  }

  /** The consents that were not taken back. */
  get grants(): readonly GoogleGrant[] {
    return [...this.#grants.values()];
  }

  #issue(grant: GoogleGrant, offline: boolean): TokenResponse {
    const token = `ya29.a0A${randomBytes(120).toString('base64url')}`;
    const expiresAt = new Date(this.#clock.now().getTime() + LIFETIME_SECONDS * 1000);
    this.#accessTokens.set(token, { ...grant, offline, expiresAt });
    return { access_token: token, expires_in: LIFETIME_SECONDS, scope: grant.scopes.join(' '), token_type: 'Bearer' };
  }

  #refuse(reason: RefusalReason, userId?: string): Outcome {
    // Google has other names for these two.
    if (reason !== 'redirect-mismatch' && reason !== 'refresh-token-foreign') this.tally.count('invalidGrants', userId);
    return { kind: 'refused', reason };
  }
}
