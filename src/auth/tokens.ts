import type { TokenResponse } from '../oauth/token-endpoint.ts';
import type { Tokens } from '../store/profile.ts';

export interface TokensContext {
  /** The moment before the request was sent, so that a slow response never makes a token look younger than it is. */
  readonly obtainedAt: Date;
  /** The scopes granted where the server left them out of its response: as requested (RFC 6749 §5.1). */
  readonly requestedScopes: readonly string[];
}

/** A token response with its lifetimes as absolute times. */
export function tokensFrom(response: TokenResponse, { obtainedAt, requestedScopes }: TokensContext): Tokens {
  const { accessToken, refreshToken, tokenType, userId, subject, email } = response;
  const after = (seconds: number | undefined) =>
    seconds === undefined ? undefined : new Date(obtainedAt.getTime() + seconds * 1000);
  return {
    accessToken,
    refreshToken,
    tokenType,
    scopes: response.scopes ?? requestedScopes,
    userId,
    subject,
    email,
    obtainedAt,
    expiresAt: after(response.expiresInSeconds),
    refreshExpiresAt: after(response.refreshExpiresInSeconds),
  };
}
