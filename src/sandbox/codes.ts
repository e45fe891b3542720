import { createHash } from 'node:crypto';

const LIFETIME_MS = 10 * 60_000;

// BASE64URL(SHA256(verifier)) is always 43 characters: RFC 7636 §4.2.
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** What a person allowed, as far as the services agree. */
export interface Authorization {
  readonly clientId: string;
  readonly userId: string;
  readonly redirectUri: string;
  /** Absent if the app did without PKCE. */
  readonly codeChallenge?: string;
}

/** A code as an app sends it to the token endpoint. */
export interface Exchange {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier?: string;
}

export type CodeError =
  | 'code-unknown'
  | 'code-spent'
  | 'code-expired'
  | 'redirect-mismatch'
  | 'verifier-missing'
  | 'verifier-wrong';

export type Redemption<A extends Authorization> =
  | { readonly kind: 'redeemed'; readonly authorization: A }
  | { readonly kind: 'refused'; readonly reason: CodeError; readonly userId?: string };

type Code<A extends Authorization> =
  | { readonly kind: 'live'; readonly authorization: A; readonly issuedAt: number }
  | { readonly kind: 'spent'; readonly userId: string };

/** Authorization codes: ten minutes, one use (RFC 6749 §4.1.2). */
export class AuthorizationCodes<A extends Authorization> {
  readonly #now: () => Date;
  readonly #codes = new Map<string, Code<A>>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  issue(code: string, authorization: A): string {
    this.#codes.set(code, { kind: 'live', authorization, issuedAt: this.#now().getTime() });
    return code;
  }

  /** The first attempt of the code's own app spends it, right or wrong. */
  redeem({ code, clientId, redirectUri, verifier }: Exchange): Redemption<A> {
    const known = this.#codes.get(code);
    if (known?.kind === 'spent') return { kind: 'refused', reason: 'code-spent', userId: known.userId };
    if (known === undefined || known.authorization.clientId !== clientId)
      return { kind: 'refused', reason: 'code-unknown' };
    const { authorization, issuedAt } = known;
    const { userId, codeChallenge } = authorization;
    this.#codes.set(code, { kind: 'spent', userId });
    const refuse = (reason: CodeError): Redemption<A> => ({ kind: 'refused', reason, userId });

    if (this.#now().getTime() - issuedAt > LIFETIME_MS) return refuse('code-expired');
    if (authorization.redirectUri !== redirectUri) return refuse('redirect-mismatch');
    if (codeChallenge !== undefined && verifier === undefined) return refuse('verifier-missing');
    if (!matchesChallenge(verifier, codeChallenge)) return refuse('verifier-wrong');
    return { kind: 'redeemed', authorization };
  }
}

/** RFC 7636 §4.6. A verifier without a challenge is refused too: RFC 9700 §4.8.2, downgrade. */
function matchesChallenge(verifier: string | undefined, challenge: string | undefined): boolean {
  if (verifier === undefined || challenge === undefined) return verifier === challenge;
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}

/** What is wrong with the code challenge of an authorization request (RFC 7636 §4.3), if anything. */
export function challengeError({
  challenge,
  method,
  required,
}: {
  readonly challenge: string | undefined;
  readonly method: string | undefined;
  readonly required: boolean;
}): string | undefined {
  if (challenge === undefined) {
    if (method !== undefined) return 'code_challenge_method without code_challenge';
    return required ? 'code_challenge is missing' : undefined;
  }
  // RFC 7636 §4.3: the default method is plain.
  if (method !== 'S256') return `code_challenge_method ${method ?? '(missing: plain)'}`;
  return S256_CHALLENGE.test(challenge) ? undefined : 'code_challenge is not 43 base64url characters';
}
