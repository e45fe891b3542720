import * as oauth from 'oauth4webapi';
import { INVALID, invalidResponse, noRevocation } from '../messages.ts';
import { Secret } from '../secret.ts';
import { type RequestOptions, requestOptions, tokenRequestError } from './errors.ts';
import { type AuthorizationServer, authenticationOf, type ClientRegistration, fieldsOf, metadataOf } from './server.ts';

/** A token response (RFC 6749 §5.1), validated. */
export interface TokenResponse {
  readonly accessToken: Secret;
  /** Absent where the response has none: a refresh then keeps the one it used (RFC 6749 §6). */
  readonly refreshToken?: Secret;
  readonly tokenType: string;
  /** Before the request was sent, so that a slow response never makes a token look younger than it is. */
  readonly obtainedAt: Date;
  /** Absent where the server did not say. */
  readonly expiresAt?: Date;
  /** When the grant itself ends; Google's `refresh_token_expires_in`. */
  readonly refreshExpiresAt?: Date;
  /** Absent where the response has none: granted as asked (RFC 6749 §5.1). */
  readonly scopes?: readonly string[];
  readonly userId?: string;
  /** Of the ID token. */
  readonly subject?: string;
  readonly email?: string;
}

export interface TokenRequestOptions extends RequestOptions {
  /** Lifetimes count from it, and an ID token is compared with it where the response has no date. Default: this machine's clock. */
  readonly now?: Date;
}

export interface CodeExchange {
  /** As `validateCallback` gave them. */
  readonly parameters: URLSearchParams;
  /** The same redirect URI as in the authorization request, to the byte (RFC 6749 §4.1.3). */
  readonly redirectUri: string;
  readonly verifier: Secret;
  /** The one that was sent: an ID token must repeat it. */
  readonly nonce?: Secret;
}

/**
 * Exchanges an authorization code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5). An ID token may be missing; one that is there must be valid
 * (OpenID Connect Core §3.1.3.7). Its signature is not checked, since it comes straight from the token endpoint (6).
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
  const [as, registration, { now = new Date() }] = [metadataOf(server), { client_id: client.id }, options];
  const expectedNonce = exchange.nonce?.reveal();
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
    return await read(server, response, now, (copy, { id_token }) =>
      oauth.processAuthorizationCodeResponse(as, withClockOf(response, registration, now), copy, {
        expectedNonce: id_token === undefined ? undefined : expectedNonce,
      }),
    );
  } catch (thrown) {
    throw tokenRequestError(server.name, 'exchange', thrown);
  }
}

/**
 * Refreshes the access token (RFC 6749 §6).
 *
 * @param options.userId whose tokens they are, as is `subject`. Tokens of another person are refused (OpenID Connect Core 1.0 §12.2).
 * @throws AuthError `GRANT_DEAD` when the server says that the refresh token no longer works, and no other error says
 *   that; else as {@link exchangeCode}.
 */
export async function refreshTokens(
  server: AuthorizationServer,
  client: ClientRegistration,
  refreshToken: Secret,
  options: TokenRequestOptions & { readonly userId?: string; readonly subject?: string },
): Promise<TokenResponse> {
  const [as, registration, { now = new Date() }] = [metadataOf(server), { client_id: client.id }, options];
  try {
    const response = await oauth.refreshTokenGrantRequest(
      as,
      registration,
      authenticationOf(server, client),
      refreshToken.reveal(),
      requestOptions(server, client, server.tokenEndpoint, options),
    );
    const tokens = await read(server, response, now, (copy) =>
      oauth.processRefreshTokenResponse(as, withClockOf(response, registration, now), copy),
    );
    const differs = (name: 'userId' | 'subject') =>
      options[name] !== undefined && tokens[name] !== undefined && options[name] !== tokens[name];
    if (!differs('userId') && !differs('subject')) return tokens;
    throw invalidResponse(server.name, INVALID.otherAccount(tokens.email ?? tokens.userId ?? tokens.subject));
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

/** As little as OpenID Connect Core §3.1.3.7 (9) suggests: between the clocks of one provider's servers. */
const CLOCK_TOLERANCE_SECONDS = 300;

/**
 * An ID token's times are compared with the server's clock, as its response is dated (RFC 9110 §6.6.1), since a laptop's may be off by hours.
 * An attacker who could forge that date on the connection could forge the token as well.
 */
function withClockOf({ headers }: Response, client: oauth.Client, now: Date): oauth.Client {
  const date = Date.parse(headers.get('date') ?? '') || now.getTime();
  const skew = Math.round((date - Date.now()) / 1000);
  return { ...client, [oauth.clockSkew]: skew, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS };
}

/** What a token, a scope and a user id may be made of (RFC 6749 appendix A): nothing that a header or a terminal would act on. */
const VISIBLE = /^[\x21-\x7e]+$/;

const TEN_YEARS_IN_SECONDS = 10 * 366 * 24 * 3600;

async function read(
  server: AuthorizationServer,
  response: Response,
  obtainedAt: Date,
  validate: (response: Response, fields: Fields) => Promise<oauth.TokenEndpointResponse>,
): Promise<TokenResponse> {
  const tokens = await validate(...(await withoutEmptyFields(response)));
  if (tokens.token_type !== 'bearer') throw invalidResponse(server.name, INVALID.tokenType);
  for (const token of [tokens.access_token, tokens.refresh_token ?? 'none']) {
    if (VISIBLE.test(token)) continue;
    throw invalidResponse(server.name, INVALID.token);
  }
  const { userIdField, subjectIsUserId = true } = server;
  const { sub, email, email_verified: isVerified }: Fields = oauth.getValidatedIdTokenClaims(tokens) ?? {};
  const userId = userIdField === undefined ? subjectIsUserId && sub : tokens[userIdField];
  const after = (seconds: unknown) => endOf(server, obtainedAt, seconds);
  return {
    accessToken: new Secret(tokens.access_token),
    refreshToken: tokens.refresh_token === undefined ? undefined : new Secret(tokens.refresh_token),
    tokenType: 'Bearer',
    obtainedAt,
    expiresAt: after(tokens.expires_in),
    refreshExpiresAt: after(tokens.refresh_token_expires_in),
    scopes: tokens.scope?.split(' ').filter((scope) => VISIBLE.test(scope)),
    userId: textLike(VISIBLE, userId),
    subject: textLike(VISIBLE, sub),
    email: isVerified === false ? undefined : textLike(EMAIL, email),
  };
}

/** Nothing in it that a terminal would act on or that would turn text around. */
const EMAIL = /^[^@\p{C}\p{Z}]+@[^@\p{C}\p{Z}]+$/u;

function textLike(pattern: RegExp, value: unknown): string | undefined {
  return typeof value === 'string' && value.length < 256 && pattern.test(value) ? value : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields beside the access token: what is null or empty is absent, a list of scopes a text. A pair is not lost for their form. */
const OPTIONAL_FIELDS = ['refresh_token', 'expires_in', 'refresh_token_expires_in', 'scope', 'id_token'];

async function withoutEmptyFields(response: Response): Promise<[Response, Fields]> {
  const fields = response.ok ? await fieldsOf(response) : {};
  if (Object.keys(fields).length === 0) return [response, fields];
  if (Array.isArray(fields.scope)) fields.scope = fields.scope.filter((scope) => typeof scope === 'string').join(' ');
  for (const name of OPTIONAL_FIELDS) if (fields[name] === null || fields[name] === '') delete fields[name];
  return [new Response(JSON.stringify(fields), response), fields];
}

function endOf(server: AuthorizationServer, obtainedAt: Date, seconds: unknown): Date | undefined {
  if (seconds === undefined) return undefined;
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= TEN_YEARS_IN_SECONDS)
    return new Date(obtainedAt.getTime() + seconds * 1000);
  throw invalidResponse(server.name, INVALID.lifetime);
}
