import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { Parameters } from '../parameters.ts';
import type { World } from '../world.ts';
import type { Access } from './access-token.ts';
import { authenticateBearer } from './authentication.ts';
import { RateLimit } from './rate-limit.ts';
import type { Scope } from './scopes.ts';
import { fitbitError, insufficientScope } from './wire.ts';

const UserPath = v.object({ user: v.string() });
const DayPath = v.object({ date: v.string() });

/** A little of the data API: enough to see a token work, lack a scope, expire and run into the limit. */
export function apiRoutes(app: FastifyInstance, { registry, fitbit, clock, faults }: World): void {
  const rateLimit = new RateLimit();

  const admit = (request: FastifyRequest, reply: FastifyReply, scope: Scope): Access => {
    const now = clock.now();
    const access = authenticateBearer(fitbit, request, now);
    const { exceeded, headers } = rateLimit.spend(JSON.stringify([access.clientId, access.userId]), now);
    reply.headers(headers);
    if (exceeded) throw fitbitError(429, 'rate_limit', 'Too Many Requests');
    const { user } = v.parse(UserPath, request.params);
    if (user !== '-' && user !== access.userId) {
      throw fitbitError(
        403,
        'insufficient_permissions',
        `API client is not authorized by user ${user} to access the resource requested.`,
      );
    }
    if (!access.scopes.includes(scope)) throw insufficientScope(scope);
    return access;
  };

  app.register(async (scope) => {
    faults.guard(scope, 'fitbit', 'api');

    scope.get('/1/user/:user/profile.json', (request, reply) => {
      const { userId } = admit(request, reply, 'profile');
      const displayName = registry.person(userId)?.displayName ?? userId;
      return {
        user: { encodedId: userId, displayName, memberSince: '2015-03-01', timezone: 'UTC', offsetFromUTCMillis: 0 },
      };
    });

    scope.get('/1/user/:user/activities/date/:date(^\\d{4}-\\d{2}-\\d{2}$).json', (request, reply) => {
      admit(request, reply, 'activity');
      const { date } = v.parse(DayPath, request.params);
      // The same day has the same steps whenever it is asked for.
      const steps = 4_000 + (Number(date.replaceAll('-', '')) % 9_000);
      return { activities: [], summary: { steps, caloriesOut: 1_600 + Math.round(steps / 20), sedentaryMinutes: 640 } };
    });

    scope.post('/1/user/:user/body/log/weight.json', (request, reply) => {
      admit(request, reply, 'weight');
      const sent = { ...new Parameters(request.query).toObject(), ...new Parameters(request.body).toObject() };
      reply.code(201);
      return { weightLog: { ...sent, source: 'API' } };
    });
  });
}
