import type { FastifyInstance } from 'fastify';
import { Parameters } from '../parameters.ts';
import type { World } from '../world.ts';
import { oauthError } from './wire.ts';

/** The revocation endpoint: whoever has a token may end the consent behind it. */
export function revokeRoutes(app: FastifyInstance, { google, faults }: World): void {
  app.register(async (scope) => {
    faults.guard(scope, 'google', 'revoke');
    scope.post('/revoke', (request) => {
      const token = new Parameters(request.body).once().need('token');
      // RFC 7009 §2.2 would have 200; Google tells.
      if (!google.revoke(token)) throw oauthError(400, 'invalid_token', 'Token expired or revoked');
      return {};
    });
  });
}
