import { randomBytes } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import { type Authorization, type CodeRefusal, Codes, type Exchange } from '../codes.ts';
import { Tally } from '../tally.ts';
import { type Access, LIFETIME_SECONDS, mint } from './access-token.ts';
import type { Scope } from './scopes.ts';

const REPEAT_WINDOW_MS = 2 * 60_000;

/** What a person allowed. */
interface FitbitAuthorization extends Authorization {
  readonly scopes: readonly Scope[];
}

/** The body of a token answer, as it goes over the wire. */
export interface TokenResponse {
  readonly access_token: string;
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly scope: string;
  readonly token_type: 'Bearer';
  readonly user_id: string;
}

export type RefusalReason = CodeRefusal | 'refresh-token-invalid';
export type Outcome =
  | { readonly kind: 'granted'; readonly answer: TokenResponse }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** One person's consent to one app, until a newer one or a revocation ends it. */
interface Grant {
  readonly clientId: string;
  readonly userId: string;
  readonly scopes: readonly Scope[];
}

type RefreshToken =
  | { readonly kind: 'live'; readonly grant: Grant }
  | { readonly kind: 'spent'; readonly grant: Grant; readonly spentAt: number; readonly answer: TokenResponse };

/** Codes, grants and tokens, and Fitbit's rules for them. Knows no HTTP; the clock is handed in. */
export class FitbitLedger {
  readonly tally = new Tally();
  readonly #clock: SandboxClock;
  readonly #codes: Codes<FitbitAuthorization>;
  readonly #grants = new Map<string, Grant>();
  readonly #refreshTokens = new Map<string, RefreshToken>();
  readonly #accessTokens = new Map<string, Access>();
  readonly #key = randomBytes(32).toString('hex');
  #issued = 0;

  constructor(clock: SandboxClock) {
    this.#clock = clock;
    this.#codes = new Codes(clock);
  }

  /** A code for what was allowed: 40 hex digits, ten minutes, one use. */
  issueCode(authorization: FitbitAuthorization): string {
    return this.#codes.issue(randomBytes(20).toString('hex'), authorization);
  }

  /** A code for tokens. The first try of the code's own app spends it, right or wrong. */
  exchange(exchange: Exchange): Outcome {
    const redemption = this.#codes.redeem(exchange);
    if (redemption.kind === 'refused') return this.#refuse(redemption.reason, redemption.userId);
    const { clientId, userId, scopes } = redemption.authorization;
    const grant: Grant = { clientId, userId, scopes };
    // One live grant per person and app: this one's place is where the last one's was.
    this.#grants.set(seat(grant), grant);
    this.tally.count('exchanges', userId);
    return { kind: 'granted', answer: this.#issue(grant) };
  }

  /** A refresh token for its successor; asked again within two minutes, for the same answer to the byte. */
  refresh(token: string, clientId: string): Outcome {
    const known = this.#refreshTokens.get(token);
    if (known === undefined || known.grant.clientId !== clientId) return this.#refuse('refresh-token-invalid');
    const { grant } = known;
    if (this.#grants.get(seat(grant)) !== grant) return this.#refuse('refresh-token-invalid', grant.userId);
    const now = this.#clock.now().getTime();
    if (known.kind === 'spent') {
      if (now - known.spentAt > REPEAT_WINDOW_MS) return this.#refuse('refresh-token-invalid', grant.userId);
      this.tally.count('repeats', grant.userId);
      return { kind: 'granted', answer: known.answer };
    }
    const answer = this.#issue(grant);
    this.#refreshTokens.set(token, { kind: 'spent', grant, spentAt: now, answer });
    this.tally.count('refreshes', grant.userId);
    return { kind: 'granted', answer };
  }

  /** Ends all of a person's tokens for the app, given any one of them. `false` for a token that is not the app's. */
  revoke(token: string, clientId: string): boolean {
    const holder = this.#refreshTokens.get(token)?.grant ?? this.#accessTokens.get(token);
    if (holder === undefined || holder.clientId !== clientId) return false;
    this.#grants.delete(seat(holder));
    for (const [name, access] of this.#accessTokens) {
      if (seat(access) === seat(holder)) this.#accessTokens.delete(name);
    }
    this.tally.count('revocations', holder.userId);
    return true;
  }

  /** What is known of an access token that was issued and not revoked, expired or not. */
  access(token: string): Access | undefined {
    return this.#accessTokens.get(token);
  }

  /** Whether a refresh with this token would rotate now. Changes nothing. */
  isLive(refreshToken: string): boolean {
    const known = this.#refreshTokens.get(refreshToken);
    return known?.kind === 'live' && this.#grants.get(seat(known.grant)) === known.grant;
  }

  /** The grants that live. */
  get grants(): readonly Grant[] {
    return [...this.#grants.values()];
  }

  #issue(grant: Grant): TokenResponse {
    const { token, access } = mint(grant, { now: this.#clock.now(), serial: ++this.#issued, key: this.#key });
    const refreshToken = randomBytes(32).toString('hex');
    this.#accessTokens.set(token, access);
    this.#refreshTokens.set(refreshToken, { kind: 'live', grant });
    return {
      access_token: token,
      expires_in: LIFETIME_SECONDS,
      refresh_token: refreshToken,
      scope: access.scopes.join(' '),
      token_type: 'Bearer',
      user_id: grant.userId,
    };
  }

  #refuse(reason: RefusalReason, userId?: string): Outcome {
    // Fitbit calls this one an invalid request.
    if (reason !== 'redirect-mismatch') this.tally.count('invalidGrants', userId);
    return { kind: 'refused', reason };
  }
}

/** Where a grant sits: each person has one per app. */
function seat({ clientId, userId }: Pick<Grant, 'clientId' | 'userId'>): string {
  return JSON.stringify([clientId, userId]);
}
