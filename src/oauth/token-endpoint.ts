import * as oauth from 'oauth4webapi';
import { INVALID, invalidResponse, noRevocation } from '../messages.ts';
import { Secret } from '../secret.ts';
import { type RequestOptions, requestOptions, tokenRequestError } from './errors.ts';
import { type AuthorizationServer, authenticationOf, type ClientRegistration, metadataOf } from './server.ts';

/** A token response (RFC 6749 §5.1), validated. */
export interface TokenResponse {
  readonly accessToken: Secret;
  /** Absent where the response has none: a refresh then keeps the one it used (RFC 6749 §6). */
  readonly refreshToken?: Secret;
  readonly tokenType: string;
  /** Absent where the server did not say. */
  readonly expiresInSeconds?: number;
  /** When the grant itself ends; Google's `refresh_token_expires_in`. */
  readonly refreshExpiresInSeconds?: number;
  /** Absent where the response has none: granted as asked (RFC 6749 §5.1). */
  readonly scopes?: readonly string[];
  readonly userId?: string;
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
  options: RequestOptions,
): Promise<TokenResponse> {
  const [as, registration] = [metadataOf(server), { client_id: client.id }];
  try {
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      registration,
      authenticationOf(server, client),
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
 * @param options.userId whose tokens they are. Tokens of another person are refused (OpenID Connect Core 1.0 §12.2).
 * @throws AuthError `GRANT_DEAD` when the server says that the refresh token no longer works, and no other error says
 *   that; else as {@link exchangeCode}.
 */
export async function refreshTokens(
  server: AuthorizationServer,
  client: ClientRegistration,
  refreshToken: Secret,
  options: RequestOptions & { readonly userId?: string },
): Promise<TokenResponse> {
  const [as, registration] = [metadataOf(server), { client_id: client.id }];
  try {
    const response = await oauth.refreshTokenGrantRequest(
      as,
      registration,
      authenticationOf(server, client),
      refreshToken.reveal(),
      requestOptions(server, client, server.tokenEndpoint, options),
    );
    const tokens = await read(server, response, (copy) => oauth.processRefreshTokenResponse(as, registration, copy));
    if (options.userId === undefined || (tokens.userId ?? options.userId) === options.userId) return tokens;
    throw invalidResponse(server.name, INVALID.otherAccount(tokens.userId));
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
  options: RequestOptions,
): Promise<void> {
  const endpoint = server.revocationEndpoint;
  if (endpoint === undefined) throw noRevocation(server.name);
  try {
    const response = await oauth.revocationRequest(
      metadataOf(server),
      { client_id: client.id },
      authenticationOf(server, client),
      token.reveal(),
      requestOptions(server, client, endpoint, options),
    );
    await oauth.processRevocationResponse(response);
  } catch (thrown) {
    throw tokenRequestError(server.name, 'revoke', thrown);
  }
}

/** What a token, a scope and a user id may be made of (RFC 6749 appendix A): nothing that a header or a terminal would act on. */
const VISIBLE = /^[\x21-\x7e]+$/;

const TEN_YEARS_IN_SECONDS = 10 * 366 * 24 * 3600;

async function read(
  server: AuthorizationServer,
  response: Response,
  validate: (response: Response) => Promise<oauth.TokenEndpointResponse>,
): Promise<TokenResponse> {
  const tokens = await validate(await withoutEmptyFields(response));
  if (tokens.token_type !== 'bearer') throw invalidResponse(server.name, INVALID.tokenType);
  for (const token of [tokens.access_token, tokens.refresh_token ?? 'none']) {
    if (VISIBLE.test(token)) continue;
    throw invalidResponse(server.name, INVALID.token);
  }
  const { userIdField, subjectIsUserId = true } = server;
  const subject = subjectIsUserId ? oauth.getValidatedIdTokenClaims(tokens)?.sub : undefined;
  const userId = userIdField === undefined ? subject : tokens[userIdField];
  return {
    accessToken: new Secret(tokens.access_token),
    refreshToken: tokens.refresh_token === undefined ? undefined : new Secret(tokens.refresh_token),
    tokenType: 'Bearer',
    expiresInSeconds: lifetime(server, tokens.expires_in),
    refreshExpiresInSeconds: lifetime(server, tokens.refresh_token_expires_in),
    scopes: tokens.scope?.split(' ').filter((scope) => VISIBLE.test(scope)),
    userId: typeof userId === 'string' && VISIBLE.test(userId) ? userId : undefined,
  };
}

/** Fields beside the access token: what is null or empty is absent, a list of scopes a text. A pair is not lost for their form. */
const OPTIONAL_FIELDS = ['refresh_token', 'expires_in', 'refresh_token_expires_in', 'scope', 'id_token'];

async function withoutEmptyFields(response: Response): Promise<Response> {
  const body: unknown = response.ok
    ? await response
        .clone()
        .json()
        .catch(() => undefined)
    : undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return response;
  const fields: Record<string, unknown> = { ...body };
  if (Array.isArray(fields.scope)) fields.scope = fields.scope.filter((scope) => typeof scope === 'string').join(' ');
  for (const name of OPTIONAL_FIELDS) if (fields[name] === null || fields[name] === '') delete fields[name];
  return new Response(JSON.stringify(fields), response);
}

function lifetime(server: AuthorizationServer, seconds: unknown): number | undefined {
  if (seconds === undefined) return undefined;
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= TEN_YEARS_IN_SECONDS) return seconds;
  throw invalidResponse(server.name, INVALID.lifetime);
}
