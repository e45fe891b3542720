import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Parameters } from '../parameters.ts';
import type { World } from '../world.ts';
import { oauthError } from './wire.ts';

/** Token information: what an access token is good for. Every value is a text, numbers too. */
export function tokeninfoRoutes(app: FastifyInstance, { google, clock, faults }: World): void {
  // Google's own libraries send the token in the header alone.
  const tell = (parameters: Parameters, { headers }: FastifyRequest) => {
    const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const access = google.access(bearer ?? parameters.once().need('access_token'));
    if (access === undefined) throw oauthError(400, 'invalid_token', 'Invalid Value');
    const expires = access.expiresAt.getTime();
    return {
      azp: access.clientId,
      aud: access.clientId,
      scope: access.scopes.join(' '),
      exp: String(Math.floor(expires / 1000)),
      expires_in: String(Math.floor((expires - clock.now().getTime()) / 1000)),
      access_type: access.offline ? 'offline' : 'online',
    };
  };

  app.register(async (scope) => {
    faults.guard(scope, 'google', 'introspect');
    scope.get('/tokeninfo', (request) => tell(new Parameters(request.query), request));
    scope.post('/tokeninfo', (request) => tell(new Parameters(request.body ?? request.query), request));
  });
}
