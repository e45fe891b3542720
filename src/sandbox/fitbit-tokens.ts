import { createHash, createHmac, randomBytes } from 'node:crypto';
import { type Authorization, AuthorizationCodes, type CodeError, type Exchange } from './codes.ts';
import { Counters } from './counters.ts';

/** Fitbit's scopes in the order of the consent page: the code in an access token's claim, and words for people. */
export const FITBIT_SCOPES = {
  activity: { code: 'ract', words: 'Activity and exercise' },
  heartrate: { code: 'rhr', words: 'Heart rate' },
  sleep: { code: 'rsle', words: 'Sleep' },
  weight: { code: 'rwei', words: 'Weight and body fat' },
  nutrition: { code: 'rnut', words: 'Food and water' },
  profile: { code: 'rpro', words: 'Profile: name, age, height' },
  settings: { code: 'rset', words: 'Devices and settings' },
  location: { code: 'rloc', words: 'Location and GPS tracks' },
  social: { code: 'rsoc', words: 'Friends' },
  cardio_fitness: { code: 'rcf', words: 'Cardio fitness (VO₂ max)' },
  oxygen_saturation: { code: 'roxy', words: 'Blood oxygen (SpO₂)' },
  respiratory_rate: { code: 'rres', words: 'Breathing rate' },
  temperature: { code: 'rtem', words: 'Temperature' },
  electrocardiogram: { code: 'recg', words: 'Electrocardiogram (ECG)' },
  irregular_rhythm_notifications: { code: 'rirn', words: 'Irregular rhythm notifications' },
} as const satisfies Record<string, { readonly code: string; readonly words: string }>;

export type FitbitScope = keyof typeof FITBIT_SCOPES;

const LIFETIME_SECONDS = 28_800;
const REPEAT_WINDOW_MS = 2 * 60_000;
const JWT_HEADER = encode({ alg: 'HS256' });

/** One person's consent to one app, until a newer one or a revocation ends it. */
interface Grant {
  readonly clientId: string;
  readonly userId: string;
  readonly scopes: readonly FitbitScope[];
}

type FitbitAuthorization = Authorization & Grant;

/** What an access token gives access to; its scopes come in no reliable order. */
export interface FitbitAccess extends Grant {
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** The body of a token response, as it goes over the wire. */
export interface FitbitTokenResponse {
  readonly access_token: string;
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly scope: string;
  readonly token_type: 'Bearer';
  readonly user_id: string;
}

export type FitbitTokenError = CodeError | 'refresh-token-invalid';
export type FitbitTokenResult =
  | { readonly kind: 'granted'; readonly response: FitbitTokenResponse }
  | { readonly kind: 'refused'; readonly reason: FitbitTokenError };

type RefreshToken =
  | { readonly kind: 'live'; readonly grant: Grant }
  | { readonly kind: 'spent'; readonly grant: Grant; readonly spentAt: number; readonly response: FitbitTokenResponse };

/** Fitbit's codes, grants and tokens, and the rules for them. Knows no HTTP. */
export class FitbitTokens {
  readonly counters = new Counters();
  readonly #now: () => Date;
  readonly #codes: AuthorizationCodes<FitbitAuthorization>;
  readonly #grants = new Map<string, Grant>();
  readonly #refreshTokens = new Map<string, RefreshToken>();
  readonly #accessTokens = new Map<string, FitbitAccess>();
  readonly #key = randomBytes(32).toString('hex');
  #issued = 0;

  constructor(now: () => Date) {
    this.#now = now;
    this.#codes = new AuthorizationCodes(now);
  }

  /** A code of 40 hex digits. */
  issueCode(authorization: FitbitAuthorization): string {
    return this.#codes.issue(randomBytes(20).toString('hex'), authorization);
  }

  /** Exchanges a code. The first attempt of the code's own app spends it, right or wrong. */
  exchange(exchange: Exchange): FitbitTokenResult {
    const redemption = this.#codes.redeem(exchange);
    if (redemption.kind === 'refused') return this.#refuse(redemption.reason, redemption.userId);
    const { clientId, userId, scopes } = redemption.authorization;
    const grant: Grant = { clientId, userId, scopes };
    // One live grant for each person and app: the new one ends the last one.
    this.#grants.set(grantKey(grant), grant);
    this.counters.count('exchanges', userId);
    return { kind: 'granted', response: this.#issue(grant) };
  }

  /** Rotates a refresh token. A repeat within two minutes gets the same response to the byte. */
  refresh(token: string, clientId: string): FitbitTokenResult {
    const known = this.#refreshTokens.get(token);
    if (known === undefined || known.grant.clientId !== clientId) return this.#refuse('refresh-token-invalid');
    const { grant } = known;
    if (this.#grants.get(grantKey(grant)) !== grant) return this.#refuse('refresh-token-invalid', grant.userId);
    const now = this.#now().getTime();
    if (known.kind === 'spent') {
      if (now - known.spentAt > REPEAT_WINDOW_MS) return this.#refuse('refresh-token-invalid', grant.userId);
      this.counters.count('repeats', grant.userId);
      return { kind: 'granted', response: known.response };
    }
    const response = this.#issue(grant);
    this.#refreshTokens.set(token, { kind: 'spent', grant, spentAt: now, response });
    this.counters.count('refreshes', grant.userId);
    return { kind: 'granted', response };
  }

  /** Ends all of a person's tokens for the app, given any one of them. Ignores tokens of other apps. */
  revoke(token: string, clientId: string): void {
    const revoked = this.#refreshTokens.get(token)?.grant ?? this.#accessTokens.get(token);
    if (revoked === undefined || revoked.clientId !== clientId) return;
    this.#grants.delete(grantKey(revoked));
    for (const [name, access] of this.#accessTokens) {
      if (grantKey(access) === grantKey(revoked)) this.#accessTokens.delete(name);
    }
    this.counters.count('revocations', revoked.userId);
  }

  /** An access token that was issued and not revoked, expired or not. */
  access(token: string): FitbitAccess | undefined {
    return this.#accessTokens.get(token);
  }

  /** True if a refresh with this token would rotate now. */
  isLive(refreshToken: string): boolean {
    const known = this.#refreshTokens.get(refreshToken);
    return known?.kind === 'live' && this.#grants.get(grantKey(known.grant)) === known.grant;
  }

  get grants(): readonly Grant[] {
    return [...this.#grants.values()];
  }

  #issue(grant: Grant): FitbitTokenResponse {
    const refreshToken = randomBytes(32).toString('hex');
    this.#refreshTokens.set(refreshToken, { kind: 'live', grant });
    const { token, access } = this.#issueAccess(grant);
    return {
      access_token: token,
      expires_in: LIFETIME_SECONDS,
      refresh_token: refreshToken,
      scope: access.scopes.join(' '),
      token_type: 'Bearer',
      user_id: grant.userId,
    };
  }

  /** A JWT with Fitbit's claims, signed with HS256 (RFC 7519, RFC 7518 §3.2). */
  #issueAccess({ clientId, userId, scopes }: Grant): { readonly token: string; readonly access: FitbitAccess } {
    this.#issued += 1;
    const serial = this.#issued;
    // Clients must not rely on the order of scopes: another one each time, the same in each run.
    const rank = (scope: string) => createHash('sha256').update(`${serial} ${scope}`).digest('hex');
    const shuffled = scopes.toSorted((a, b) => rank(a).localeCompare(rank(b)));
    const iat = Math.floor(this.#now().getTime() / 1000);
    const exp = iat + LIFETIME_SECONDS;
    const codes = shuffled.map((scope) => FITBIT_SCOPES[scope].code).join(' ');
    const claims = encode({ aud: clientId, sub: userId, iss: 'Fitbit', typ: 'access_token', scopes: codes, exp, iat });
    const signed = `${JWT_HEADER}.${claims}`;
    // Fitbit's claims hold nothing unique: a key for each token keeps two tokens of the same second apart.
    const signature = createHmac('sha256', `${this.#key}.${serial}`).update(signed).digest('base64url');
    const token = `${signed}.${signature}`;
    const times = { issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) };
    const access: FitbitAccess = { clientId, userId, scopes: shuffled, ...times };
    this.#accessTokens.set(token, access);
    return { token, access };
  }

  #refuse(reason: FitbitTokenError, userId?: string): FitbitTokenResult {
    // Fitbit calls this one an invalid request.
    if (reason !== 'redirect-mismatch') this.counters.count('invalidGrants', userId);
    return { kind: 'refused', reason };
  }
}

/** Each person has one grant for each app. */
function grantKey({ clientId, userId }: Pick<Grant, 'clientId' | 'userId'>): string {
  return JSON.stringify([clientId, userId]);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
