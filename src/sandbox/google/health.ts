import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { answerErrors } from '../error-answers.ts';
import type { SandboxPerson } from '../people.ts';
import type { World } from '../world.ts';
import { authenticateBearer } from './authentication.ts';
import { type GoogleScope, readingOf, reads, type Subject } from './scopes.ts';
import { API_ERRORS, accountNotLinked, apiError, foreignUser, legacyLogin, scopeInsufficient } from './wire.ts';

/** What there is data of, and which subject's scope reads it. */
const DATA_TYPES: ReadonlyMap<string, Subject> = new Map([
  ['steps', 'activity_and_fitness'],
  ['heart-rate', 'health_metrics_and_measurements'],
  ['sleep', 'sleep'],
]);

const UserPath = v.object({ user: v.string() });
const DataPath = v.object({ dataType: v.string() });
const notFound = () => apiError(404, 'NOT_FOUND', 'Requested entity was not found.');

/** A little of the Google Health API: who it is, and data that is as good as none. */
export function healthRoutes(app: FastifyInstance, { registry, google, clock, faults }: World): void {
  /** The person that a good token is of: the token first, then its scope, then the state of the account. */
  const admit = (request: FastifyRequest, enough: (scopes: readonly GoogleScope[]) => boolean): SandboxPerson => {
    const { userId, scopes } = authenticateBearer(google, request);
    if (!enough(scopes)) throw scopeInsufficient();
    const person = registry.person(userId);
    const { user } = v.parse(UserPath, request.params);
    if (person === undefined || (user !== 'me' && user !== person.healthUserId)) throw foreignUser();
    if (person.link === 'not-linked') throw accountNotLinked();
    if (person.link === 'legacy-login') throw legacyLogin();
    return person;
  };

  app.register(
    async (api) => {
      answerErrors(api, API_ERRORS);
      api.setNotFoundHandler(() => {
        throw notFound();
      });

      api.register(async (scope) => {
        faults.guard(scope, 'google', 'identity');
        scope.get('/users/:user/identity', (request) => {
          const { legacyUserId, healthUserId } = admit(request, (scopes) => scopes.some(reads));
          return { name: `users/${healthUserId}/identity`, legacyUserId, healthUserId };
        });
      });

      api.register(async (scope) => {
        faults.guard(scope, 'google', 'api');
        scope.get('/users/:user/dataTypes/:dataType/dataPoints', (request) => {
          const { dataType } = v.parse(DataPath, request.params);
          const subject = DATA_TYPES.get(dataType);
          if (subject === undefined) throw notFound();
          const { healthUserId } = admit(request, (scopes) => scopes.includes(readingOf(subject)));
          const name = `users/${healthUserId}/dataTypes/${dataType}/dataPoints/1`;
          return { dataPoints: [{ name, createTime: clock.now().toISOString() }], nextPageToken: '' };
        });
      });
    },
    { prefix: '/v4' },
  );
}
