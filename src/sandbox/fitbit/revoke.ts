import type { FastifyInstance } from 'fastify';
import { Parameters } from '../parameters.ts';
import type { World } from '../world.ts';
import { authenticateClient } from './authentication.ts';

/** The revocation endpoint: ends all of a person's tokens for the app. */
export function revokeRoutes(app: FastifyInstance, { registry, fitbit, faults }: World): void {
  app.register(async (scope) => {
    faults.guard(scope, 'fitbit', 'revoke');
    scope.post('/oauth2/revoke', (request, reply) => {
      const form = new Parameters(request.body).once();
      const client = authenticateClient(registry, request, form);
      // A token that nobody knows is as dead as one that was revoked: 200 for both, RFC 7009 §2.2.
      fitbit.revoke(form.need('token'), client.id);
      return reply.code(200).send();
    });
  });
}
