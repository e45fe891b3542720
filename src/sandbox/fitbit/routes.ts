import type { FastifyInstance } from 'fastify';
import type { World } from '../world.ts';
import { apiRoutes } from './api.ts';
import { authorizeRoutes } from './authorize.ts';
import { introspectRoutes } from './introspect.ts';
import { revokeRoutes } from './revoke.ts';
import { tokenRoutes } from './token.ts';

/** Everything that looks like Fitbit. */
export function fitbitRoutes(app: FastifyInstance, world: World): void {
  authorizeRoutes(app, world);
  tokenRoutes(app, world);
  revokeRoutes(app, world);
  introspectRoutes(app, world);
  apiRoutes(app, world);
}
