import { type Access, awaitAccess } from './await-access.ts';
import type { AccessPorts } from './ports.ts';
import { refresh } from './refresh.ts';
import type { AccessRequest } from './usable.ts';

export type { Access };

/** As {@link awaitAccess}, refreshing through the given ports. @throws AuthError as `awaitAccess` */
export async function access(request: AccessRequest, ports: AccessPorts): Promise<Access> {
  return awaitAccess(request, { ...ports, refresh: (slot) => refresh(slot, request, ports) });
}
