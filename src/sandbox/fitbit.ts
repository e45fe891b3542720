import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import type { Context } from './context.ts';
import { fitbitAuthorize } from './fitbit-authorize.ts';
import type { FitbitAccess, FitbitScope, FitbitTokenError } from './fitbit-tokens.ts';
import type { FitbitClient, Registry } from './registry.ts';
import { FITBIT_DOCS, fitbitError, Parameters } from './wire.ts';

const LIMIT = 150;
const HOUR_MS = 3_600_000;

/** Fitbit's error messages repeat what was sent, secrets included: a client has to survive that. */
const TOKEN_ERRORS = {
  'code-unknown': ['invalid_grant', 'Authorization code invalid', 'code'],
  'code-spent': ['invalid_grant', 'Authorization code invalid', 'code'],
  'code-expired': ['invalid_grant', 'Authorization code expired', 'code'],
  'verifier-missing': ['invalid_grant', 'Authorization code invalid', 'code'],
  'verifier-wrong': ['invalid_grant', 'Authorization code invalid', 'code'],
  'redirect-mismatch': ['invalid_request', 'Redirect_uri mismatch', 'redirect_uri'],
  'refresh-token-invalid': ['invalid_grant', 'Refresh token invalid', 'refresh_token'],
} as const satisfies Record<FitbitTokenError, readonly [errorType: string, message: string, parameter: string]>;

/** The simulated Fitbit. */
export function fitbitRoutes(app: FastifyInstance, context: Context): void {
  fitbitAuthorize(app, context);
  tokenRoute(app, context);
  revokeRoute(app, context);
  introspectRoute(app, context);
  apiRoutes(app, context);
}

function tokenRoute(app: FastifyInstance, { registry, fitbit, faults }: Context): void {
  app.post('/oauth2/token', faults.at('fitbit', 'token'), (request) => {
    const form = new Parameters(request.body).once();
    const grantType = form.get('grant_type');
    if (grantType === undefined) throw fitbitError(400, 'invalid_request', "Missing 'grant_type' parameter value.");
    const { id: clientId } = authenticateClient(registry, request, form);
    if (grantType !== 'authorization_code' && grantType !== 'refresh_token')
      throw fitbitError(400, 'unsupported_grant_type', `Unsupported grant_type: ${grantType}.`);
    const result =
      grantType === 'refresh_token'
        ? fitbit.refresh(form.need('refresh_token'), clientId)
        : fitbit.exchange({
            code: form.need('code'),
            clientId,
            redirectUri: form.need('redirect_uri'),
            verifier: form.get('code_verifier'),
          });
    if (result.kind === 'granted') return result.response;
    const [errorType, message, parameter] = TOKEN_ERRORS[result.reason];
    throw fitbitError(400, errorType, `${message}: ${form.need(parameter)}. ${FITBIT_DOCS}`);
  });
}

/** Ends all of a person's tokens for the app. */
function revokeRoute(app: FastifyInstance, { registry, fitbit, faults }: Context): void {
  app.post('/oauth2/revoke', faults.at('fitbit', 'revoke'), (request, reply) => {
    const form = new Parameters(request.body).once();
    const client = authenticateClient(registry, request, form);
    // An unknown token is as dead as a revoked one: 200 for both, RFC 7009 §2.2.
    fitbit.revoke(form.need('token'), client.id);
    return reply.code(200).send();
  });
}

/** Introspection with Fitbit's two quirks: times in milliseconds, and a scope that is not JSON. */
function introspectRoute(app: FastifyInstance, context: Context): void {
  app.post('/1.1/oauth2/introspect', context.faults.at('fitbit', 'introspect'), (request) => {
    const bearer = authenticateBearer(context, request);
    const access = context.fitbit.access(new Parameters(request.body).once().need('token'));
    if (access === undefined || access.clientId !== bearer.clientId || access.expiresAt <= context.clock.now())
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
}

const UserPath = v.object({ user: v.string() });
const DayPath = v.object({ date: v.string() });

/** A little of the data API: enough to see a token work, lack a scope, expire and hit the rate limit. */
function apiRoutes(app: FastifyInstance, context: Context): void {
  const spend = rateLimit();

  const authorize = (request: FastifyRequest, reply: FastifyReply, scope: FitbitScope): FitbitAccess => {
    const access = authenticateBearer(context, request);
    const { exceeded, headers } = spend(JSON.stringify([access.clientId, access.userId]), context.clock.now());
    reply.headers(headers);
    if (exceeded) throw fitbitError(429, 'rate_limit', 'Too Many Requests');
    const { user } = v.parse(UserPath, request.params);
    if (user !== '-' && user !== access.userId) {
      const message = `API client is not authorized by user ${user} to access the resource requested.`;
      throw fitbitError(403, 'insufficient_permissions', message);
    }
    if (!access.scopes.includes(scope)) {
      const message = `This application does not have permission to access ${scope} data. ${FITBIT_DOCS}`;
      throw fitbitError(403, 'insufficient_scope', message);
    }
    return access;
  };

  app.get('/1/user/:user/profile.json', context.faults.at('fitbit', 'api'), (request, reply) => {
    const { userId } = authorize(request, reply, 'profile');
    const displayName = context.registry.person(userId)?.displayName ?? userId;
    return {
      user: { encodedId: userId, displayName, memberSince: '2015-03-01', timezone: 'UTC', offsetFromUTCMillis: 0 },
    };
  });

  app.get(
    '/1/user/:user/activities/date/:date(^\\d{4}-\\d{2}-\\d{2}$).json',
    context.faults.at('fitbit', 'api'),
    (request, reply) => {
      authorize(request, reply, 'activity');
      const { date } = v.parse(DayPath, request.params);
      // The same day always has the same steps.
      const steps = 4_000 + (Number(date.replaceAll('-', '')) % 9_000);
      return { activities: [], summary: { steps, caloriesOut: 1_600 + Math.round(steps / 20), sedentaryMinutes: 640 } };
    },
  );

  app.post('/1/user/:user/body/log/weight.json', context.faults.at('fitbit', 'api'), (request, reply) => {
    authorize(request, reply, 'weight');
    const sent = { ...new Parameters(request.query).toObject(), ...new Parameters(request.body).toObject() };
    reply.code(201);
    return { weightLog: { ...sent, source: 'API' } };
  });
}

/**
 * A server app must authenticate with a Basic header, a client app has no secret and names itself in the body, a
 * personal app may do either.
 * @throws WireError 401 `invalid_client`
 */
function authenticateClient(registry: Registry, request: FastifyRequest, body: Parameters): FitbitClient {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    const client = registry.fitbitClient(body.get('client_id'));
    if (client === undefined || client.type === 'server') throw invalidClient('Invalid authorization header format.');
    return client;
  }
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? [];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  const client = registry.fitbitClient(id);
  if (client?.secret === undefined) throw invalidClient('Invalid authorization header format.');
  if (client.secret !== secret) throw invalidClient(`Invalid client secret for client id ${client.id}.`);
  const named = body.get('client_id');
  if (named !== undefined && named !== client.id) throw invalidClient('The client id of header and body differ.');
  return client;
}

function invalidClient(reason: string) {
  return fitbitError(401, 'invalid_client', `${reason} ${FITBIT_DOCS}`);
}

/**
 * What the request's Bearer token (RFC 6750 §2.1) gives access to.
 * @throws WireError 401 `expired_token` or `invalid_token`
 */
function authenticateBearer({ fitbit, clock }: Context, request: FastifyRequest): FitbitAccess {
  const [, token = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const access = fitbit.access(token);
  if (access === undefined) throw fitbitError(401, 'invalid_token', `Access token invalid: ${token}. ${FITBIT_DOCS}`);
  if (access.expiresAt <= clock.now())
    throw fitbitError(401, 'expired_token', `Access token expired: ${token}. ${FITBIT_DOCS}`);
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
