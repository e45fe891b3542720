import { createHash, createHmac, randomBytes } from 'node:crypto';
import {
  type Access,
  type Counters,
  type Grant,
  grantKey,
  type TokenResponse,
  type TokenResult,
  TokenStore,
} from './tokens.ts';

/** Fitbit's scopes in the order of the consent page: the name in an access token's claim, and words for people. */
export const FITBIT_SCOPES: ReadonlyMap<string, { readonly claim: string; readonly words: string }> = new Map([
  ['activity', { claim: 'ract', words: 'Activity and exercise' }],
  ['heartrate', { claim: 'rhr', words: 'Heart rate' }],
  ['sleep', { claim: 'rsle', words: 'Sleep' }],
  ['weight', { claim: 'rwei', words: 'Weight and body fat' }],
  ['nutrition', { claim: 'rnut', words: 'Food and water' }],
  ['profile', { claim: 'rpro', words: 'Profile: name, age, height' }],
  ['settings', { claim: 'rset', words: 'Devices and settings' }],
  ['location', { claim: 'rloc', words: 'Location and GPS tracks' }],
  ['social', { claim: 'rsoc', words: 'Friends' }],
  ['cardio_fitness', { claim: 'rcf', words: 'Cardio fitness (VO₂ max)' }],
  ['oxygen_saturation', { claim: 'roxy', words: 'Blood oxygen (SpO₂)' }],
  ['respiratory_rate', { claim: 'rres', words: 'Breathing rate' }],
  ['temperature', { claim: 'rtem', words: 'Temperature' }],
  ['electrocardiogram', { claim: 'recg', words: 'Electrocardiogram (ECG)' }],
  ['irregular_rhythm_notifications', { claim: 'rirn', words: 'Irregular rhythm notifications' }],
]);

const LIFETIME_SECONDS = 28_800;
const REPEAT_WINDOW_MS = 2 * 60_000;

interface RefreshToken {
  readonly grant: Grant;
  /** Absent until a refresh spends it. */
  readonly spent?: { readonly at: number; readonly response: TokenResponse };
}

/** Fitbit's rules: a refresh token works once, and a newer consent or a revocation ends all tokens of the one before. */
export class FitbitTokens extends TokenStore<RefreshToken> {
  readonly #key = randomBytes(32).toString('hex');
  #issued = 0;

  constructor(now: () => Date, counters: Counters) {
    super('fitbit', now, counters);
  }

  /** Rotates a refresh token. A repeat within two minutes gets the same response to the byte. */
  refresh(token: string, clientId: string): TokenResult {
    const known = this.refreshTokens.get(token);
    if (known === undefined || known.grant.clientId !== clientId) return this.refuse('refresh-token-unknown');
    const { grant, spent } = known;
    const now = this.now().getTime();
    if (!this.#isCurrent(grant) || (spent && now - spent.at > REPEAT_WINDOW_MS))
      return this.refuse('refresh-token-expired', grant.userId);
    const response = spent?.response ?? this.issue(grant);
    if (spent === undefined) this.refreshTokens.set(token, { grant, spent: { at: now, response } });
    this.count(spent === undefined ? 'refreshes' : 'repeats', grant.userId);
    return { kind: 'granted', response, grant };
  }

  /** Ends all of a person's tokens for the app, given any one of them. Ignores tokens of other apps. */
  revoke(token: string, clientId: string): void {
    const revoked = this.refreshTokens.get(token)?.grant ?? this.accessTokens.get(token);
    if (revoked === undefined || revoked.clientId !== clientId) return;
    this.grantsByKey.delete(grantKey(revoked));
    for (const [name, access] of this.accessTokens)
      if (grantKey(access) === grantKey(revoked)) this.accessTokens.delete(name);
    this.count('revocations', revoked.userId);
  }

  /** An access token that was issued and not revoked, expired or not. */
  access(token: string): Access | undefined {
    return this.accessTokens.get(token);
  }

  isLive(refreshToken: string): boolean {
    const known = this.refreshTokens.get(refreshToken);
    return known !== undefined && known.spent === undefined && this.#isCurrent(known.grant);
  }

  #isCurrent(grant: Grant): boolean {
    return this.grantsByKey.get(grantKey(grant)) === grant;
  }

  protected newCode(): string {
    return randomBytes(20).toString('hex');
  }

  /** The access token is a JWT with Fitbit's claims, signed with HS256 (RFC 7519, RFC 7518 §3.2). */
  protected issue(grant: Grant): TokenResponse {
    const { clientId, userId, scopes } = grant;
    this.#issued += 1;
    const serial = this.#issued;
    // Clients must not rely on the order of scopes: another one each time, the same in each run.
    const rank = (scope: string) => createHash('sha256').update(`${serial} ${scope}`).digest('hex');
    const shuffled = scopes.toSorted((a, b) => rank(a).localeCompare(rank(b)));
    const iat = Math.floor(this.now().getTime() / 1000);
    const exp = iat + LIFETIME_SECONDS;
    const codes = shuffled.map((scope) => FITBIT_SCOPES.get(scope)?.claim).join(' ');
    const claims = { aud: clientId, sub: userId, iss: 'Fitbit', typ: 'access_token', scopes: codes, exp, iat };
    const signed = [{ alg: 'HS256' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    // Fitbit's claims hold nothing unique: a key for each token keeps two tokens of the same second apart.
    const signature = createHmac('sha256', `${this.#key}.${serial}`).update(signed).digest('base64url');
    const [accessToken, refreshToken] = [`${signed}.${signature}`, randomBytes(32).toString('hex')];
    const times = { issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) };
    this.accessTokens.set(accessToken, { clientId, userId, scopes: shuffled, ...times });
    this.refreshTokens.set(refreshToken, { grant });
    return {
      access_token: accessToken,
      expires_in: LIFETIME_SECONDS,
      refresh_token: refreshToken,
      scope: shuffled.join(' '),
      token_type: 'Bearer',
      user_id: userId,
    };
  }
}
