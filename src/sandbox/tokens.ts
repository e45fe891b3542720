import { createHash } from 'node:crypto';
import type { Parameters, Service } from './wire.ts';

const CODE_LIFETIME_MS = 10 * 60_000;

/** One person's consent to one app. */
export interface Grant {
  readonly clientId: string;
  readonly userId: string;
  readonly scopes: readonly string[];
}

/** What a person allowed on the consent page. @internal */
export interface Authorization extends Grant {
  readonly redirectUri: string;
  /** Absent if the app did without PKCE. */
  readonly codeChallenge?: string;
  /** Google only: the app asked for a refresh token (`access_type=offline`). */
  readonly offline?: boolean;
  /** Google only: consent counts as given anew (`prompt=consent`). */
  readonly anew?: boolean;
  /** Google only: the app is in testing. */
  readonly testing?: boolean;
  /** Google only, for the ID token: OpenID Connect Core §3.1.2.1. */
  readonly nonce?: string;
}

/** What an access token gives access to. @internal */
export interface Access extends Grant {
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly offline?: boolean;
}

/** The body of a token response as it goes over the wire, without Google's ID token. @internal */
export interface TokenResponse {
  readonly access_token: string;
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly scope: string;
  readonly token_type: 'Bearer';
  /** Fitbit only. */
  readonly user_id?: string;
  /** Google only, and only if the refresh token has an end. */
  readonly refresh_token_expires_in?: number;
}

/** @internal */
export type TokenError =
  | 'code-unknown'
  | 'code-spent'
  | 'code-expired'
  | 'redirect-mismatch'
  | 'verifier-missing'
  | 'verifier-wrong'
  | 'refresh-token-unknown'
  | 'refresh-token-foreign'
  | 'refresh-token-expired';

/** @internal */
export type TokenResult =
  | { readonly kind: 'granted'; readonly response: TokenResponse; readonly grant: Grant; readonly nonce?: string }
  | { readonly kind: 'refused'; readonly reason: TokenError };

// The services have names of their own for these two.
const NOT_INVALID_GRANT: readonly TokenError[] = ['redirect-mismatch', 'refresh-token-foreign'];

/** A code as an app sends it to the token endpoint. */
interface Exchange {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier?: string;
}

interface Code {
  readonly authorization: Authorization;
  readonly issuedAt: number;
  readonly spent: boolean;
}

/** The codes, grants and tokens of a service, as far as the two agree on the rules. Knows no HTTP. @internal */
export abstract class TokenStore<RefreshToken extends { readonly grant: Grant }> {
  protected readonly now: () => Date;
  protected readonly grantsByKey = new Map<string, Grant>();
  protected readonly accessTokens = new Map<string, Access>();
  /** In the order in which they were issued. */
  protected readonly refreshTokens = new Map<string, RefreshToken>();
  readonly #codes = new Map<string, Code>();
  readonly #service: Service;
  readonly #counters: Counters;

  constructor(service: Service, now: () => Date, counters: Counters) {
    this.#service = service;
    this.now = now;
    this.#counters = counters;
  }

  abstract refresh(token: string, clientId: string): TokenResult;
  /** True if a refresh with this token would be granted now, and not as a repeat. */
  abstract isLive(refreshToken: string): boolean;
  protected abstract newCode(): string;
  protected abstract issue(grant: Grant, authorization: Authorization): TokenResponse;

  /** The consents that were not revoked. */
  get grants(): readonly Grant[] {
    return [...this.grantsByKey.values()];
  }

  issueCode(authorization: Authorization): string {
    const code = this.newCode();
    this.#codes.set(code, { authorization, issuedAt: this.now().getTime(), spent: false });
    return code;
  }

  /** Serves a token request, whose client is authenticated. `undefined`: there is no such grant type. */
  request(form: Parameters, clientId: string): TokenResult | undefined {
    const grantType = form.get('grant_type');
    if (grantType === 'refresh_token') return this.refresh(form.need('refresh_token'), clientId);
    if (grantType !== 'authorization_code') return undefined;
    const [code, redirectUri] = [form.need('code'), form.need('redirect_uri')];
    return this.exchange({ code, clientId, redirectUri, verifier: form.get('code_verifier') });
  }

  /** Exchanges a code (RFC 6749 §4.1.3). The first attempt of the code's own app spends it, right or wrong. */
  exchange({ code, clientId, redirectUri, verifier }: Exchange): TokenResult {
    const known = this.#codes.get(code);
    if (known === undefined) return this.refuse('code-unknown');
    const { authorization, issuedAt, spent } = known;
    const { userId, scopes, codeChallenge, nonce } = authorization;
    if (spent) return this.refuse('code-spent', userId);
    if (authorization.clientId !== clientId) return this.refuse('code-unknown');
    this.#codes.set(code, { ...known, spent: true });
    if (this.now().getTime() - issuedAt > CODE_LIFETIME_MS) return this.refuse('code-expired', userId);
    if (authorization.redirectUri !== redirectUri) return this.refuse('redirect-mismatch', userId);
    if (codeChallenge !== undefined && verifier === undefined) return this.refuse('verifier-missing', userId);
    // RFC 7636 §4.6. A verifier without a challenge is refused too: RFC 9700 §4.8.2, downgrade.
    if (verifier !== undefined && createHash('sha256').update(verifier).digest('base64url') !== codeChallenge)
      return this.refuse('verifier-wrong', userId);

    const grant: Grant = { clientId, userId, scopes };
    this.grantsByKey.set(grantKey(grant), grant);
    this.count('exchanges', userId);
    return { kind: 'granted', response: this.issue(grant, authorization), grant, nonce };
  }

  protected refuse(reason: TokenError, userId?: string): TokenResult {
    if (!NOT_INVALID_GRANT.includes(reason)) this.count('invalidGrants', userId);
    return { kind: 'refused', reason };
  }

  protected count(event: keyof Counts, userId: string | undefined): void {
    this.#counters.count(this.#service, event, userId);
  }
}

/** Each person has one grant for each app. @internal */
export function grantKey({ clientId, userId }: Grant): string {
  return JSON.stringify([clientId, userId]);
}

export interface Counts {
  /** Codes exchanged for tokens. */
  readonly exchanges: number;
  /** Refreshes granted; for Fitbit, the refresh token was replaced. */
  readonly refreshes: number;
  /** Fitbit only: refresh requests repeated within two minutes, which got their first response again. */
  readonly repeats: number;
  /** Responses with `invalid_grant`. */
  readonly invalidGrants: number;
  readonly revocations: number;
}

const NONE: Counts = { exchanges: 0, refreshes: 0, repeats: 0, invalidGrants: 0, revocations: 0 };

/** Counts events, so that a test can assert "one refresh": in all, by service, and by person where known. @internal */
export class Counters {
  total = NONE;
  services: Readonly<Record<Service, Counts>> = { fitbit: NONE, google: NONE };
  users: Readonly<Record<string, Counts>> = {};

  count(service: Service, event: keyof Counts, userId: string | undefined): void {
    const plusOne = (counts = NONE) => ({ ...counts, [event]: counts[event] + 1 });
    this.total = plusOne(this.total);
    this.services = { ...this.services, [service]: plusOne(this.services[service]) };
    if (userId !== undefined) this.users = { ...this.users, [userId]: plusOne(this.users[userId]) };
  }
}
