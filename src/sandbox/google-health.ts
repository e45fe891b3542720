import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import type { Context } from './context.ts';
import { readingScope } from './google-authorize.ts';
import { API_REFUSALS, unauthenticated } from './google-refusals.ts';
import type { SandboxPerson } from './registry.ts';
import { apiError, bearerToken } from './wire.ts';

/** Data types, and the scope that reads them. */
const DATA_TYPES: ReadonlyMap<string, string> = new Map([
  ['steps', readingScope('activity_and_fitness')],
  ['heart-rate', readingScope('health_metrics_and_measurements')],
  ['sleep', readingScope('sleep')],
]);

const LINK_REFUSALS = {
  'not-linked': 'account-not-linked',
  'setup-unfinished': 'setup-unfinished',
  'legacy-login': 'legacy-login',
  'permission-denied': 'resource-permission-denied',
} as const;

const UserPath = v.object({ user: v.string() });
const DataPath = v.object({ dataType: v.string() });

/** A little of the Google Health API: the identity, and next to no data. */
export function healthRoutes(api: FastifyInstance, { registry, google, clock, faults }: Context): void {
  // The API reads JSON; the form parser is the authorization server's.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('application/json', { parseAs: 'string' }, api.getDefaultJsonParser('error', 'error'));
  api.setNotFoundHandler(() => {
    throw API_REFUSALS['unknown-path'];
  });

  /** Checks the token first, then its scope, then the state of the account. */
  const authorize = (request: FastifyRequest, suffices: (scope: string) => boolean): SandboxPerson => {
    const { authorization } = request.headers;
    if (authorization === undefined) throw unauthenticated('CREDENTIALS_MISSING');
    const access = google.access(bearerToken(authorization) ?? '');
    if (access === undefined) throw unauthenticated('ACCESS_TOKEN_EXPIRED');
    if (!access.scopes.some(suffices)) throw API_REFUSALS['scope-insufficient'];
    const person = registry.person(access.userId);
    const { user } = v.parse(UserPath, request.params);
    if (person === undefined || (user !== 'me' && user !== person.healthUserId))
      throw API_REFUSALS['permission-denied'];
    if (person.link !== 'linked') throw API_REFUSALS[LINK_REFUSALS[person.link]];
    return person;
  };

  const authorizeData = (request: FastifyRequest): string => {
    const { dataType } = v.parse(DataPath, request.params);
    const reading = DATA_TYPES.get(dataType);
    if (reading === undefined) throw apiError(404, 'Requested entity was not found.');
    const { healthUserId } = authorize(request, (scope) => scope === reading);
    return `users/${healthUserId}/dataTypes/${dataType}/dataPoints`;
  };

  api.get('/users/:user/identity', faults.at('google', 'identity'), (request) => {
    const { legacyUserId, healthUserId } = authorize(request, (scope) => scope.endsWith('.readonly'));
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
}
