import * as oauth from 'oauth4webapi';
import { defined } from '../defined.ts';
import type { Fetch } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { fetchWithStandardErrors, tokenRequestError } from './errors.ts';
import { type AuthorizationServer, type ClientRegistration, isLoopbackOrigin } from './server.ts';

/** A token answer (RFC 6749 §5.1), judged. */
export interface TokenResponse {
  readonly accessToken: Secret;
  /** Absent where the answer has none: a refresh then keeps the one it used (RFC 6749 §6). */
  readonly refreshToken?: Secret;
  readonly tokenType: string;
  /** Absent where the server did not say. */
  readonly expiresInSeconds?: number;
  /** When the grant itself ends; Google's `refresh_token_expires_in`. */
  readonly refreshExpiresInSeconds?: number;
  /** Absent where the answer has none: granted as asked (RFC 6749 §5.1). */
  readonly scopes?: readonly string[];
  readonly userId?: string;
}

export interface TokenRequestOptions {
  /** Sends the request. Should be bounded: see `boundedFetch`. */
  readonly fetch: Fetch;
  readonly signal?: AbortSignal;
}

export interface CodeExchange {
  /** As `validateCallback` gave them. */
  readonly parameters: URLSearchParams;
  /** The same redirect URI as in the authorization request, to the byte (RFC 6749 §4.1.3). */
  readonly redirectUri: string;
  readonly verifier: Secret;
}

/**
 * Exchanges an authorization code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).
 *
 * @throws AuthError `SIGN_IN_FAILED` for a code that is spent or too old, `CLIENT_REJECTED`, `REQUEST_REJECTED`,
 *   `UNAVAILABLE`, `RATE_LIMITED`, `RETIRED`, `ANSWER_INVALID`.
 */
export async function exchangeCode(
  server: AuthorizationServer,
  client: ClientRegistration,
  exchange: CodeExchange,
  options: TokenRequestOptions,
): Promise<TokenResponse> {
  const [as, registration] = [metadata(server), { client_id: client.id }];
  try {
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      registration,
      authentication(server, client),
      exchange.parameters,
      exchange.redirectUri,
      exchange.verifier.reveal(),
      requestOptions(server, client, server.tokenEndpoint, options),
    );
    return await read(server, response, (copy) => oauth.processAuthorizationCodeResponse(as, registration, copy));
  } catch (thrown) {
    throw tokenRequestError(server.name, 'exchange', thrown);
  }
}

/**
 * Refreshes the access token (RFC 6749 §6).
 *
 * @throws AuthError `GRANT_DEAD` when the server says that the refresh token no longer works, and no other error says
 *   that; else as {@link exchangeCode}.
 */
export async function refreshTokens(
  server: AuthorizationServer,
  client: ClientRegistration,
  refreshToken: Secret,
  options: TokenRequestOptions,
): Promise<TokenResponse> {
  const [as, registration] = [metadata(server), { client_id: client.id }];
  try {
    const response = await oauth.refreshTokenGrantRequest(
      as,
      registration,
      authentication(server, client),
      refreshToken.reveal(),
      requestOptions(server, client, server.tokenEndpoint, options),
    );
    return await read(server, response, (copy) => oauth.processRefreshTokenResponse(as, registration, copy));
  } catch (thrown) {
    throw tokenRequestError(server.name, 'refresh', thrown);
  }
}

/**
 * Revokes a token, and with it the grant (RFC 7009). A token that the server does not know counts as revoked (§2.2).
 *
 * @throws AuthError `UNAVAILABLE` when the token may still live (§2.2.1); else as {@link exchangeCode}.
 */
export async function revokeToken(
  server: AuthorizationServer,
  client: ClientRegistration,
  token: Secret,
  options: TokenRequestOptions,
): Promise<void> {
  const endpoint = server.revocationEndpoint;
  if (endpoint === undefined) throw new AuthError('USAGE', `${server.name} has no way to revoke a token.`);
  try {
    const response = await oauth.revocationRequest(
      metadata(server),
      { client_id: client.id },
      authentication(server, client),
      token.reveal(),
      requestOptions(server, client, endpoint, options),
    );
    await oauth.processRevocationResponse(response);
  } catch (thrown) {
    throw tokenRequestError(server.name, 'revoke', thrown);
  }
}

function metadata(server: AuthorizationServer): oauth.AuthorizationServer {
  return {
    issuer: server.issuer,
    token_endpoint: server.tokenEndpoint,
    ...defined({ revocation_endpoint: server.revocationEndpoint }),
    ...(server.idTokenAlgorithms === undefined
      ? {}
      : { id_token_signing_alg_values_supported: [...server.idTokenAlgorithms] }),
  };
}

function authentication(server: AuthorizationServer, client: ClientRegistration): oauth.ClientAuth {
  if (client.secret === undefined) return oauth.None();
  const secret = client.secret.reveal();
  return server.clientAuthentication === 'client_secret_basic'
    ? oauth.ClientSecretBasic(secret)
    : oauth.ClientSecretPost(secret);
}

function requestOptions(
  server: AuthorizationServer,
  client: ClientRegistration,
  endpoint: string,
  { fetch, signal }: TokenRequestOptions,
) {
  return {
    [oauth.customFetch]: fetchWithStandardErrors(server, client, fetch),
    [oauth.allowInsecureRequests]: isLoopbackOrigin(new URL(endpoint).origin),
    ...defined({ signal }),
  };
}

/** What a token, a scope and a user id may be made of (RFC 6749 appendix A): nothing that a header or a terminal would act on. */
const VISIBLE = /^[\x21-\x7e]+$/;

const TEN_YEARS_IN_SECONDS = 10 * 366 * 24 * 3600;

async function read(
  server: AuthorizationServer,
  response: Response,
  judge: (response: Response) => Promise<oauth.TokenEndpointResponse>,
): Promise<TokenResponse> {
  const answer = await judge(response);
  if (answer.token_type !== 'bearer')
    throw new AuthError('ANSWER_INVALID', `${server.name} gave a token of a kind that this program cannot use.`);
  for (const token of [answer.access_token, answer.refresh_token ?? 'none']) {
    if (VISIBLE.test(token)) continue;
    throw new AuthError('ANSWER_INVALID', `${server.name} gave a token with characters that no token has.`);
  }
  const expiresInSeconds = lifetime(server, answer.expires_in);
  const refreshExpiresInSeconds = lifetime(server, answer.refresh_token_expires_in);
  const userId =
    server.userIdField === undefined ? oauth.getValidatedIdTokenClaims(answer)?.sub : answer[server.userIdField];
  return {
    accessToken: new Secret(answer.access_token),
    tokenType: 'Bearer',
    ...(answer.refresh_token ? { refreshToken: new Secret(answer.refresh_token) } : {}),
    ...defined({ expiresInSeconds, refreshExpiresInSeconds }),
    ...(answer.scope === undefined ? {} : { scopes: answer.scope.split(' ').filter((scope) => VISIBLE.test(scope)) }),
    ...(typeof userId === 'string' && VISIBLE.test(userId) ? { userId } : {}),
  };
}

function lifetime(server: AuthorizationServer, seconds: unknown): number | undefined {
  if (seconds === undefined) return undefined;
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= TEN_YEARS_IN_SECONDS) return seconds;
  throw new AuthError(
    'ANSWER_INVALID',
    `${server.name} gave a lifetime that cannot be: it is negative, not a number, or over ten years.`,
  );
}
