import type { SandboxClock } from './clock.ts';
import { verifies } from './pkce.ts';

const LIFETIME_MS = 10 * 60_000;

/** What a person allowed, as far as every service has it. */
export interface Authorization {
  readonly clientId: string;
  readonly userId: string;
  readonly redirectUri: string;
  /** Absent where the app did without PKCE. */
  readonly codeChallenge?: string;
}

/** A code as it comes back from an app. */
export interface Exchange {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier?: string;
}

export type CodeRefusal =
  | 'code-unknown'
  | 'code-spent'
  | 'code-expired'
  | 'redirect-mismatch'
  | 'verifier-missing'
  | 'verifier-wrong';

export type Redemption<A extends Authorization> =
  | { readonly kind: 'redeemed'; readonly authorization: A }
  | { readonly kind: 'refused'; readonly reason: CodeRefusal; readonly userId?: string };

type Code<A extends Authorization> =
  | { readonly kind: 'live'; readonly authorization: A; readonly issuedAt: number }
  | { readonly kind: 'spent'; readonly userId: string };

/** Authorization codes: ten minutes, one use (RFC 6749 §4.1.2). */
export class Codes<A extends Authorization> {
  readonly #clock: SandboxClock;
  readonly #codes = new Map<string, Code<A>>();

  constructor(clock: SandboxClock) {
    this.#clock = clock;
  }

  /** Makes `code` good for what was allowed. */
  issue(code: string, authorization: A): string {
    this.#codes.set(code, { kind: 'live', authorization, issuedAt: this.#clock.now().getTime() });
    return code;
  }

  /** What was allowed. The first try of the code's own app spends it, right or wrong. */
  redeem({ code, clientId, redirectUri, verifier }: Exchange): Redemption<A> {
    const known = this.#codes.get(code);
    if (known?.kind === 'spent') return { kind: 'refused', reason: 'code-spent', userId: known.userId };
    if (known === undefined || known.authorization.clientId !== clientId)
      return { kind: 'refused', reason: 'code-unknown' };
    const { authorization, issuedAt } = known;
    const { userId, codeChallenge } = authorization;
    this.#codes.set(code, { kind: 'spent', userId });
    const refuse = (reason: CodeRefusal): Redemption<A> => ({ kind: 'refused', reason, userId });

    if (this.#clock.now().getTime() - issuedAt > LIFETIME_MS) return refuse('code-expired');
    if (authorization.redirectUri !== redirectUri) return refuse('redirect-mismatch');
    if (codeChallenge !== undefined && verifier === undefined) return refuse('verifier-missing');
    if (!verifies(verifier, codeChallenge)) return refuse('verifier-wrong');
    return { kind: 'redeemed', authorization };
  }
}
