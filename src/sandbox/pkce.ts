import { createHash } from 'node:crypto';

// BASE64URL(SHA256(verifier)) is always 43 characters: RFC 7636 §4.2.
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** A code challenge as it came with a request (RFC 7636 §4.3). */
export interface Challenge {
  readonly challenge: string | undefined;
  readonly method: string | undefined;
  /** Whether the app cannot do without. */
  readonly required: boolean;
}

/** What is wrong with a challenge, if anything. */
export function challengeFault({ challenge, method, required }: Challenge): string | undefined {
  if (challenge === undefined) {
    if (method !== undefined) return 'code_challenge_method without code_challenge';
    return required ? 'code_challenge is missing' : undefined;
  }
  // RFC 7636 §4.3: without a method, plain is meant.
  if (method !== 'S256') return `code_challenge_method ${method ?? '(missing: plain)'}`;
  return S256_CHALLENGE.test(challenge) ? undefined : 'code_challenge is not 43 base64url characters';
}

/** RFC 7636 §4.6. A verifier without a challenge is refused too: RFC 9700 §4.8.2, downgrade. */
export function verifies(verifier: string | undefined, challenge: string | undefined): boolean {
  if (verifier === undefined || challenge === undefined) return verifier === challenge;
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}
