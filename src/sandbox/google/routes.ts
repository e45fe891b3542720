import type { FastifyInstance } from 'fastify';
import { answerErrors } from '../error-answers.ts';
import type { World } from '../world.ts';
import { authorizeRoutes } from './authorize.ts';
import { healthRoutes } from './health.ts';
import { revokeRoutes } from './revoke.ts';
import { tokenRoutes } from './token.ts';
import { tokeninfoRoutes } from './tokeninfo.ts';
import { OAUTH_ERRORS } from './wire.ts';

/** Everything that looks like Google: its authorization server and the Health API, which in reality have a host each. */
export function googleRoutes(app: FastifyInstance, world: World): void {
  answerErrors(app, OAUTH_ERRORS);
  authorizeRoutes(app, world);
  tokenRoutes(app, world);
  tokeninfoRoutes(app, world);
  revokeRoutes(app, world);
  healthRoutes(app, world);
}
