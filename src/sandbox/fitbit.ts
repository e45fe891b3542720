import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { type AuthorizationRules, authorizeRoutes, withParameters } from './authorize.ts';
import type { Context } from './context.ts';
import { FITBIT_SCOPES } from './fitbit-tokens.ts';
import type { Registry, SandboxClient } from './registry.ts';
import type { Access, TokenError } from './tokens.ts';
import { basicCredentials, bearerToken, FITBIT_DOCS, fitbitError, Parameters } from './wire.ts';

const LIMIT = 150;
const HOUR_MS = 3_600_000;

const CODE_INVALID = ['invalid_grant', 'Authorization code invalid', 'code'] as const;
const REFRESH_TOKEN_INVALID = ['invalid_grant', 'Refresh token invalid', 'refresh_token'] as const;

/** Fitbit's error messages repeat what was sent, secrets included: a client has to survive that. */
const TOKEN_ERRORS: Readonly<Record<TokenError, readonly [errorType: string, message: string, parameter: string]>> = {
  'code-unknown': CODE_INVALID,
  'code-spent': CODE_INVALID,
  'code-expired': ['invalid_grant', 'Authorization code expired', 'code'],
  'verifier-missing': CODE_INVALID,
  'verifier-wrong': CODE_INVALID,
  'redirect-mismatch': ['invalid_request', 'Redirect_uri mismatch', 'redirect_uri'],
  'refresh-token-unknown': REFRESH_TOKEN_INVALID,
  'refresh-token-foreign': REFRESH_TOKEN_INVALID,
  'refresh-token-expired': REFRESH_TOKEN_INVALID,
};

const DENIALS = {
  access_denied: 'The user denied the request.',
  login_required: 'The sandbox keeps no sessions: it has to ask.',
} as const;

const UserPath = v.object({ user: v.string() });
const DayPath = v.object({ date: v.string() });

/** The simulated Fitbit: its authorization server, and enough of its API to see a token work, lack a scope, expire and hit the rate limit. */
export function fitbitRoutes(app: FastifyInstance, context: Context): void {
  const { registry, fitbit, faults, clock } = context;
  authorizeRoutes(app, context, authorizationRules(context));

  app.post('/oauth2/token', faults.at('fitbit', 'token'), (request) => {
    const form = new Parameters(request.body).once();
    const grantType = form.get('grant_type');
    if (grantType === undefined) throw fitbitError(400, "Missing 'grant_type' parameter value.");
    const result = fitbit.request(form, authenticateClient(registry, request, form).id);
    if (result === undefined)
      throw fitbitError(400, `Unsupported grant_type: ${grantType}.`, { name: 'unsupported_grant_type' });
    if (result.kind === 'granted') return result.response;
    const [name, message, parameter] = TOKEN_ERRORS[result.reason];
    throw fitbitError(400, `${message}: ${form.need(parameter)}. ${FITBIT_DOCS}`, { name });
  });

  // Ends all of a person's tokens for the app.
  app.post('/oauth2/revoke', faults.at('fitbit', 'revoke'), (request, reply) => {
    const form = new Parameters(request.body).once();
    const client = authenticateClient(registry, request, form);
    // 200 for an unknown token, too: RFC 7009 §2.2.
    fitbit.revoke(form.need('token'), client.id);
    return reply.code(200).send();
  });

  // With Fitbit's two quirks: times in milliseconds, and a scope that is not JSON.
  app.post('/1.1/oauth2/introspect', faults.at('fitbit', 'introspect'), (request) => {
    const bearer = authenticateBearer(context, request);
    const access = fitbit.access(new Parameters(request.body).once().need('token'));
    if (access === undefined || access.clientId !== bearer.clientId || access.expiresAt <= clock.now())
      return { active: false };
    return {
      active: true,
      scope: `{${access.scopes.map((name) => `${name.toUpperCase()}=READ`).join(', ')}}`,
      client_id: access.clientId,
      user_id: access.userId,
      token_type: 'access_token',
      exp: access.expiresAt.getTime(),
      iat: access.issuedAt.getTime(),
    };
  });

  const spend = rateLimit();
  const api = faults.at('fitbit', 'api');
  const authorize = (request: FastifyRequest, reply: FastifyReply, scope: string): Access => {
    const access = authenticateBearer(context, request);
    const { exceeded, headers } = spend(JSON.stringify([access.clientId, access.userId]), clock.now());
    reply.headers(headers);
    if (exceeded) throw fitbitError(429, 'Too Many Requests');
    const { user } = v.parse(UserPath, request.params);
    if (user !== '-' && user !== access.userId) {
      const message = `API client is not authorized by user ${user} to access the resource requested.`;
      throw fitbitError(403, message, { name: 'insufficient_permissions' });
    }
    if (!access.scopes.includes(scope))
      throw fitbitError(403, `This application does not have permission to access ${scope} data. ${FITBIT_DOCS}`);
    return access;
  };

  app.get('/1/user/:user/profile.json', api, (request, reply) => {
    const { userId } = authorize(request, reply, 'profile');
    const displayName = registry.person(userId)?.displayName ?? userId;
    return {
      user: { encodedId: userId, displayName, memberSince: '2015-03-01', timezone: 'UTC', offsetFromUTCMillis: 0 },
    };
  });

  app.get('/1/user/:user/activities/date/:date(^\\d{4}-\\d{2}-\\d{2}$).json', api, (request, reply) => {
    authorize(request, reply, 'activity');
    const { date } = v.parse(DayPath, request.params);
    // The same day always has the same steps.
    const steps = 4_000 + (Number(date.replaceAll('-', '')) % 9_000);
    return { activities: [], summary: { steps, caloriesOut: 1_600 + Math.round(steps / 20), sedentaryMinutes: 640 } };
  });

  app.post('/1/user/:user/body/log/weight.json', api, (request, reply) => {
    authorize(request, reply, 'weight');
    const sent = { ...new Parameters(request.query).toObject(), ...new Parameters(request.body).toObject() };
    reply.code(201);
    return { weightLog: { ...sent, source: 'API' } };
  });
}

function authorizationRules({ registry }: Context): AuthorizationRules {
  return {
    service: 'fitbit',
    path: '/oauth2/authorize',
    // Without a Health profile there never was a Fitbit account.
    people: registry.people.filter(({ link }) => link !== 'not-linked'),
    account: ({ displayName, userId }) => `${displayName} (${userId})`,
    scopes: FITBIT_SCOPES,
    prompts: ['none', 'consent', 'login'],
    denied: ({ redirectUri, state }, error) =>
      withParameters(redirectUri, { error, error_description: DENIALS[error], state }),
    allowed: ({ redirectUri, state }, { code }) => `${withParameters(redirectUri, { code, state })}#_=_`,
  };
}

/**
 * A server app must authenticate with a Basic header, a client app has no secret and names itself in the body, a
 * personal app may do either.
 * @throws WireError 401 `invalid_client`
 */
function authenticateClient(registry: Registry, request: FastifyRequest, body: Parameters): SandboxClient {
  const refuse = (reason: string) => fitbitError(401, `${reason} ${FITBIT_DOCS}`);
  const { authorization } = request.headers;
  if (authorization === undefined) {
    const client = registry.client('fitbit', body.get('client_id'));
    if (client === undefined || client.type === 'server') throw refuse('Invalid authorization header format.');
    return client;
  }
  const [id, secret] = basicCredentials(authorization) ?? [];
  const client = registry.client('fitbit', id);
  if (client?.secret === undefined) throw refuse('Invalid authorization header format.');
  if (client.secret !== secret) throw refuse(`Invalid client secret for client id ${client.id}.`);
  if ((body.get('client_id') ?? client.id) !== client.id) throw refuse('The client id of header and body differ.');
  return client;
}

/**
 * What the request's Bearer token (RFC 6750 §2.1) gives access to.
 * @throws WireError 401 `expired_token` or `invalid_token`
 */
function authenticateBearer({ fitbit, clock }: Context, request: FastifyRequest): Access {
  const token = bearerToken(request.headers.authorization) ?? '';
  const access = fitbit.access(token);
  if (access === undefined)
    throw fitbitError(401, `Access token invalid: ${token}. ${FITBIT_DOCS}`, { name: 'invalid_token' });
  if (access.expiresAt <= clock.now())
    throw fitbitError(401, `Access token expired: ${token}. ${FITBIT_DOCS}`, { name: 'expired_token' });
  return access;
}

/** 150 requests an hour for each person and app, counted anew at each full hour. */
function rateLimit() {
  const used = new Map<string, { readonly hour: number; readonly count: number }>();
  return (key: string, now: Date) => {
    const hour = Math.floor(now.getTime() / HOUR_MS);
    const before = used.get(key);
    const count = (before?.hour === hour ? before.count : 0) + 1;
    used.set(key, { hour, count });
    const headers = {
      'fitbit-rate-limit-limit': String(LIMIT),
      'fitbit-rate-limit-remaining': String(Math.max(0, LIMIT - count)),
      'fitbit-rate-limit-reset': String(Math.ceil(((hour + 1) * HOUR_MS - now.getTime()) / 1000)),
    };
    return { exceeded: count > LIMIT, headers };
  };
}
