import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import type { Context } from './context.ts';
import { GOOGLE_REFUSALS, googleRefusal } from './google-refusals.ts';
import { type GoogleScope, readingOf, reads, type Subject } from './google-scopes.ts';
import type { GoogleAccess } from './google-tokens.ts';
import { LINK_REFUSALS, type SandboxPerson } from './people.ts';
import { apiError } from './wire.ts';

/** Data types, and the subject whose scope reads them. */
const DATA_TYPES: ReadonlyMap<string, Subject> = new Map([
  ['steps', 'activity_and_fitness'],
  ['heart-rate', 'health_metrics_and_measurements'],
  ['sleep', 'sleep'],
]);

const UserPath = v.object({ user: v.string() });
const DataPath = v.object({ dataType: v.string() });

/** A little of the Google Health API: the identity, and next to no data. */
export function healthRoutes(
  app: FastifyInstance,
  { registry, google, clock, faults }: Context,
  inApiShape: (api: FastifyInstance) => void,
): void {
  const authenticate = (request: FastifyRequest): GoogleAccess => {
    const header = request.headers.authorization;
    if (header === undefined) throw unauthenticated('CREDENTIALS_MISSING');
    const [, token = ''] = /^Bearer (\S+)$/i.exec(header) ?? [];
    const access = google.access(token);
    if (access === undefined) throw unauthenticated('ACCESS_TOKEN_EXPIRED');
    return access;
  };

  /** Checks the token first, then its scope, then the state of the account. */
  const authorize = (request: FastifyRequest, suffices: (scopes: readonly GoogleScope[]) => boolean): SandboxPerson => {
    const { userId, scopes } = authenticate(request);
    if (!suffices(scopes)) throw googleRefusal('scope-insufficient');
    const person = registry.person(userId);
    const { user } = v.parse(UserPath, request.params);
    if (person === undefined || (user !== 'me' && user !== person.healthUserId))
      throw googleRefusal('permission-denied');
    if (person.link !== 'linked') throw googleRefusal(LINK_REFUSALS[person.link]);
    return person;
  };

  const authorizeData = (request: FastifyRequest): string => {
    const { dataType } = v.parse(DataPath, request.params);
    const subject = DATA_TYPES.get(dataType);
    if (subject === undefined) throw apiError(404, 'NOT_FOUND', 'Requested entity was not found.');
    const { healthUserId } = authorize(request, (scopes) => scopes.includes(readingOf(subject)));
    return `users/${healthUserId}/dataTypes/${dataType}/dataPoints`;
  };

  app.register(
    async (api) => {
      inApiShape(api);
      // The API reads JSON; the form parser is the authorization server's.
      api.removeAllContentTypeParsers();
      api.addContentTypeParser('application/json', { parseAs: 'string' }, api.getDefaultJsonParser('error', 'error'));
      api.setNotFoundHandler((_request, reply) => {
        const { error, html } = GOOGLE_REFUSALS['unknown-path'];
        return reply.code(error().status).type('text/html; charset=utf-8').send(html);
      });

      api.get('/users/:user/identity', faults.at('google', 'identity'), (request) => {
        const { legacyUserId, healthUserId } = authorize(request, (scopes) => scopes.some(reads));
        return { name: `users/${healthUserId}/identity`, legacyUserId, healthUserId };
      });

      api.get('/users/:user/dataTypes/:dataType/dataPoints', faults.at('google', 'api'), (request) => {
        const name = `${authorizeData(request)}/1`;
        return { dataPoints: [{ name, createTime: clock.now().toISOString() }], nextPageToken: '' };
      });
      // Echoes the request, to show that a client sends JSON.
      api.post('/users/:user/dataTypes/:dataType/dataPoints::rollUp', faults.at('google', 'api'), (request) => {
        authorizeData(request);
        return { rollupDataPoints: [request.body] };
      });
    },
    { prefix: '/v4' },
  );
}

/** RFC 6750 §3. */
function unauthenticated(reason: 'CREDENTIALS_MISSING' | 'ACCESS_TOKEN_EXPIRED') {
  const missing = reason === 'CREDENTIALS_MISSING';
  const message = `Request ${missing ? 'is missing required authentication credential' : 'had invalid authentication credentials'}. Expected OAuth 2 access token, login cookie or other valid authentication credential.`;
  const challenge = `Bearer realm="https://accounts.google.com/"${missing ? '' : ', error="invalid_token"'}`;
  return apiError(401, 'UNAUTHENTICATED', message, {
    info: { reason, domain: 'googleapis.com', metadata: { service: 'health.googleapis.com' } },
    headers: { 'www-authenticate': challenge },
  });
}
