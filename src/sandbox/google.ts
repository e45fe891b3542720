import { createHash, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { originOf } from './consent-flow.ts';
import type { Context } from './context.ts';
import { googleAuthorize } from './google-authorize.ts';
import { healthRoutes } from './google-health.ts';
import { googleRefusal } from './google-refusals.ts';
import { includesEmail } from './google-scopes.ts';
import type { GoogleTokenError, GoogleTokenResult } from './google-tokens.ts';
import type { GoogleClient, Registry } from './registry.ts';
import { oauthError, Parameters, type WireError } from './wire.ts';

const ID_TOKEN_SECONDS = 3_600;

const invalidGrant = (description: string) => () => oauthError(400, 'invalid_grant', description);

const TOKEN_ERRORS = {
  'code-unknown': (form) => invalidGrant(form.need('code').startsWith('4/') ? 'Bad Request' : 'Malformed auth code.')(),
  'code-spent': invalidGrant('Bad Request'),
  'code-expired': invalidGrant('Bad Request'),
  'redirect-mismatch': () => oauthError(400, 'redirect_uri_mismatch', 'Bad Request'),
  'verifier-missing': invalidGrant('Missing code verifier.'),
  'verifier-wrong': invalidGrant('Invalid code verifier.'),
  'refresh-token-unknown': invalidGrant('Bad Request'),
  'refresh-token-foreign': () => oauthError(401, 'unauthorized_client', 'Unauthorized'),
  'refresh-token-dead': () => googleRefusal('dead-grant'),
} as const satisfies Record<GoogleTokenError, (form: Parameters) => WireError>;

/** The simulated Google: its authorization server and the Health API, which in reality have a host each. */
export function googleRoutes(app: FastifyInstance, context: Context, inApiShape: (api: FastifyInstance) => void): void {
  googleAuthorize(app, context);
  tokenRoute(app, context);
  tokeninfoRoutes(app, context);
  revokeRoute(app, context);
  healthRoutes(app, context, inApiShape);
}

function tokenRoute(app: FastifyInstance, context: Context): void {
  const { registry, google, faults } = context;
  app.post('/token', faults.at('google', 'token'), (request) => {
    const form = new Parameters(request.body).once();
    const grantType = form.need('grant_type');
    const { id: clientId } = authenticateClient(registry, request, form);
    if (grantType !== 'authorization_code' && grantType !== 'refresh_token')
      throw oauthError(400, 'unsupported_grant_type', `Invalid grant_type: ${grantType}`);
    const result =
      grantType === 'refresh_token'
        ? google.refresh(form.need('refresh_token'), clientId)
        : google.exchange({
            code: form.need('code'),
            clientId,
            redirectUri: form.need('redirect_uri'),
            verifier: form.get('code_verifier'),
          });
    if (result.kind === 'refused') throw TOKEN_ERRORS[result.reason](form);
    return { ...result.response, id_token: idToken(context, result, originOf(request)) };
  });
}

/** OpenID Connect Core §2, with the claims that Google adds. */
function idToken(
  { registry, clock, issuer }: Context,
  { response, grant, nonce }: Extract<GoogleTokenResult, { kind: 'granted' }>,
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
    ...(includesEmail(scopes) ? { email: person.email, email_verified: true } : {}),
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

/** What an access token is good for. Every value is a string, numbers too. */
function tokeninfoRoutes(app: FastifyInstance, { google, registry, clock, faults }: Context): void {
  const describe = (parameters: Parameters, { headers }: FastifyRequest) => {
    // Google's own libraries send the token in the header alone.
    const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const access = google.access(bearer ?? parameters.once().need('access_token'));
    if (access === undefined) throw oauthError(400, 'invalid_token', 'Invalid Value');
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
      ...(includesEmail(scopes) ? { email: person?.email, email_verified: 'true' } : {}),
      access_type: offline ? 'offline' : 'online',
    };
  };

  app.get('/tokeninfo', faults.at('google', 'introspect'), (request) =>
    describe(new Parameters(request.query), request),
  );
  app.post('/tokeninfo', faults.at('google', 'introspect'), (request) =>
    describe(new Parameters(request.body ?? request.query), request),
  );
}

/** Anybody with a token may revoke the consent behind it. */
function revokeRoute(app: FastifyInstance, { google, faults }: Context): void {
  app.post('/revoke', faults.at('google', 'revoke'), (request) => {
    const token = new Parameters(request.body).once().need('token');
    // RFC 7009 §2.2 asks for 200; Google reports it.
    if (!google.revoke(token)) throw oauthError(400, 'invalid_token', 'Token expired or revoked');
    return {};
  });
}

/**
 * Reads client ID and secret from the body or a Basic header (RFC 6749 §2.3.1). A desktop app sends its secret too,
 * although it is not confidential.
 * @throws WireError 401 `invalid_client`, 400 `invalid_request`
 */
function authenticateClient(registry: Registry, request: FastifyRequest, body: Parameters): GoogleClient {
  const { id, secret } = basicCredentials(request.headers.authorization) ?? {
    id: body.get('client_id'),
    secret: body.get('client_secret'),
  };
  if (id === undefined) throw oauthError(400, 'invalid_request', 'Could not determine client ID from request.');
  const client = registry.googleClient(id);
  if (client === undefined) throw googleRefusal('client-unknown');
  if (client.secret === undefined) return client;
  if (secret === undefined) throw googleRefusal('client-secret-missing');
  if (client.secret !== secret) throw googleRefusal('client-secret-wrong');
  return client;
}

function basicCredentials(header = ''): { readonly id?: string; readonly secret?: string } | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return id === undefined || secret === undefined ? {} : { id: formDecoded(id), secret: formDecoded(secret) };
}

/** RFC 6749 §2.3.1: both halves of the header are encoded like a form's values. */
function formDecoded(value: string): string {
  return new URLSearchParams(`value=${value.replaceAll('&', '%26')}`).get('value') ?? '';
}
