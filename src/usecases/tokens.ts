import { defined } from '../defined.ts';
import type { TokenResponse } from '../oauth/token-endpoint.ts';
import type { Tokens } from '../store/profile.ts';

export interface TokensContext {
  /** The moment before the request was sent, so that a slow answer never makes a token look younger than it is. */
  readonly obtainedAt: Date;
  /** What stands for granted where the server left the scope out: granted as asked (RFC 6749 §5.1). */
  readonly requestedScopes: readonly string[];
}

/** A token answer as it is stored: with absolute times. */
export function tokensFrom(answer: TokenResponse, { obtainedAt, requestedScopes }: TokensContext): Tokens {
  const { accessToken, refreshToken, tokenType, userId, expiresInSeconds, refreshExpiresInSeconds } = answer;
  const after = (seconds: number | undefined) =>
    seconds === undefined ? undefined : new Date(obtainedAt.getTime() + seconds * 1000);
  return {
    accessToken,
    tokenType,
    scopes: answer.scopes ?? requestedScopes,
    obtainedAt,
    ...defined({
      refreshToken,
      userId,
      expiresAt: after(expiresInSeconds),
      refreshExpiresAt: after(refreshExpiresInSeconds),
    }),
  };
}
