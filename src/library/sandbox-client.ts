import { defined } from '../defined.ts';
import { SANDBOX_CLIENTS } from '../sandbox/registry.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { Secret } from '../secret.ts';
import type { Client } from '../store/profile.ts';
import type { Surroundings } from './surroundings.ts';

/** The app that signs in at a sandbox when no other is named. */
export const SANDBOX_CLIENT: Client = {
  id: SANDBOX_CLIENTS.personal.id,
  secret: new Secret(SANDBOX_CLIENTS.personal.secret),
};

/** Starts a sandbox that knows the given app, as if its owner had registered it there. */
export function freshSandbox(
  client: Client | undefined,
  redirectUris: readonly string[] | undefined,
  { now }: Surroundings,
): Promise<Sandbox> {
  const { id, secret } = client ?? SANDBOX_CLIENT;
  return startSandbox({
    clients: [
      {
        id,
        ...(secret === undefined ? {} : { secret: secret.reveal() }),
        redirectUris: redirectUris ?? SANDBOX_CLIENTS.personal.redirectUris,
      },
    ],
    ...defined({ now }),
  });
}
