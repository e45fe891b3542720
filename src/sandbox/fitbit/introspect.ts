import type { FastifyInstance } from 'fastify';
import { Parameters } from '../parameters.ts';
import type { World } from '../world.ts';
import { authenticateBearer } from './authentication.ts';

/** The introspection endpoint with Fitbit's two quirks: times in milliseconds, and a scope that is not JSON. */
export function introspectRoutes(app: FastifyInstance, { fitbit, clock, faults }: World): void {
  app.register(async (scope) => {
    faults.guard(scope, 'fitbit', 'introspect');
    scope.post('/1.1/oauth2/introspect', (request) => {
      const now = clock.now();
      const bearer = authenticateBearer(fitbit, request, now);
      const access = fitbit.access(new Parameters(request.body).once().need('token'));
      if (access === undefined || access.clientId !== bearer.clientId || access.expiresAt <= now)
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
  });
}
