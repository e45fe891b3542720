import { createHash, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { authorizeRoutes, originOf } from './authorize.ts';
import type { Context } from './context.ts';
import { EMAIL_SCOPE, googleAuthorization } from './google-authorize.ts';
import { APP_REFUSALS, TOKEN_REFUSALS } from './google-refusals.ts';
import type { Registry, SandboxClient } from './registry.ts';
import type { TokenError, TokenResult } from './tokens.ts';
import { basicCredentials, bearerToken, oauthError, Parameters, type WireError } from './wire.ts';

const ID_TOKEN_SECONDS = 3_600;

const invalidGrant = (message: string) => oauthError(400, message, { name: 'invalid_grant' });
const BAD_REQUEST = invalidGrant('Bad Request');

const TOKEN_ERRORS: Readonly<Record<TokenError, WireError>> = {
  'code-unknown': BAD_REQUEST,
  'code-spent': BAD_REQUEST,
  'code-expired': BAD_REQUEST,
  'redirect-mismatch': oauthError(400, 'Bad Request', { name: 'redirect_uri_mismatch' }),
  'verifier-missing': invalidGrant('Missing code verifier.'),
  'verifier-wrong': invalidGrant('Invalid code verifier.'),
  'refresh-token-unknown': BAD_REQUEST,
  'refresh-token-foreign': oauthError(401, 'Unauthorized', { name: 'unauthorized_client' }),
  'refresh-token-expired': TOKEN_REFUSALS['dead-grant'],
};

/** The simulated authorization server of Google. */
export function googleRoutes(app: FastifyInstance, context: Context): void {
  const { registry, google, clock, faults } = context;
  authorizeRoutes(app, context, googleAuthorization(context));

  app.post('/token', faults.at('google', 'token'), (request) => {
    const form = new Parameters(request.body).once();
    const grantType = form.need('grant_type');
    const result = google.request(form, authenticateClient(registry, request, form).id);
    if (result === undefined)
      throw oauthError(400, `Invalid grant_type: ${grantType}`, { name: 'unsupported_grant_type' });
    if (result.kind === 'granted') return { ...result.response, id_token: idToken(context, result, originOf(request)) };
    if (result.reason === 'code-unknown' && !form.need('code').startsWith('4/'))
      throw invalidGrant('Malformed auth code.');
    throw TOKEN_ERRORS[result.reason];
  });

  // Anybody with a token may revoke the consent behind it.
  app.post('/revoke', faults.at('google', 'revoke'), (request) => {
    const token = new Parameters(request.body).once().need('token');
    // RFC 7009 §2.2 asks for 200; Google reports it.
    if (!google.revoke(token)) throw oauthError(400, 'Token expired or revoked', { name: 'invalid_token' });
    return {};
  });

  // What an access token is good for. Every value is a string, numbers too.
  app.route({
    method: ['GET', 'POST'],
    url: '/tokeninfo',
    ...faults.at('google', 'introspect'),
    handler: ({ body, query, headers }) => {
      // Google's own libraries send the token in the header alone.
      const token = bearerToken(headers.authorization) ?? new Parameters(body ?? query).once().need('access_token');
      const access = google.access(token);
      if (access === undefined) throw oauthError(400, 'Invalid Value', { name: 'invalid_token' });
      const { clientId, userId, scopes, expiresAt, offline } = access;
      const person = registry.person(userId);
      const expires = expiresAt.getTime();
      return {
        azp: clientId,
        aud: clientId,
        ...(scopes.includes('openid') ? { sub: person?.subject } : {}),
        scope: scopes.join(' '),
        exp: String(Math.floor(expires / 1000)),
        expires_in: String(Math.floor((expires - clock.now().getTime()) / 1000)),
        ...(scopes.includes(EMAIL_SCOPE) ? { email: person?.email, email_verified: 'true' } : {}),
        access_type: offline ? 'offline' : 'online',
      };
    },
  });
}

/** OpenID Connect Core §2, with the claims that Google adds. */
function idToken(
  { registry, clock, issuer }: Context,
  { response, grant, nonce }: Extract<TokenResult, { kind: 'granted' }>,
  origin: string,
): string | undefined {
  const { clientId, userId, scopes } = grant;
  const person = registry.person(userId);
  if (person === undefined || !scopes.includes('openid')) return undefined;
  const iat = Math.floor(clock.now().getTime() / 1000);
  const claims = {
    iss: issuer ?? origin,
    azp: clientId,
    aud: clientId,
    sub: person.subject,
    ...(scopes.includes(EMAIL_SCOPE) ? { email: person.email, email_verified: true } : {}),
    at_hash: createHash('sha256').update(response.access_token).digest().subarray(0, 16).toString('base64url'),
    nonce,
    iat,
    exp: iat + ID_TOKEN_SECONDS,
  };
  const [header, body] = [{ alg: 'RS256', kid: 'sandbox', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  // The sandbox publishes no keys, so that nothing can verify a signature: OpenID Connect Core §3.1.3.7 (6) does
  // without, since the token comes straight from the token endpoint.
  return `${header}.${body}.${randomBytes(256).toString('base64url')}`;
}

/**
 * Reads client ID and secret from the body or a Basic header (RFC 6749 §2.3.1). A desktop app sends its secret too,
 * although it is not confidential.
 * @throws WireError 401 `invalid_client`, 400 `invalid_request`
 */
function authenticateClient(registry: Registry, request: FastifyRequest, body: Parameters): SandboxClient {
  const basic = basicCredentials(request.headers.authorization)?.map(formDecoded);
  const [id, secret] = basic ?? [body.get('client_id'), body.get('client_secret')];
  if (id === undefined) throw oauthError(400, 'Could not determine client ID from request.');
  const client = registry.client('google', id);
  if (client === undefined) throw oauthError(...APP_REFUSALS['client-unknown']);
  if (client.secret === undefined) return client;
  if (secret === undefined) throw TOKEN_REFUSALS['client-secret-missing'];
  if (client.secret !== secret) throw TOKEN_REFUSALS['client-secret-wrong'];
  return client;
}

/** RFC 6749 §2.3.1: both halves of the header are encoded like a form's values. */
function formDecoded(value: string): string {
  return new URLSearchParams(`value=${value.replaceAll('&', '%26')}`).get('value') ?? '';
}
