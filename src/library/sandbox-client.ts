import { defined } from '../defined.ts';
import { SANDBOX_CLIENTS } from '../sandbox/registry.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { Secret } from '../secret.ts';
import type { Client } from '../store/profile.ts';
import type { Surroundings } from './surroundings.ts';

/** The app that signs in at a sandbox when no other is named: of the provider that is meant, Fitbit where none is. */
export function sandboxClient(provider: string | undefined): Client {
  const { id, secret } = provider === 'google-health' ? SANDBOX_CLIENTS.desktop : SANDBOX_CLIENTS.personal;
  return { id, secret: new Secret(secret) };
}

/** Starts a sandbox that knows the given app, as if its owner had registered it there. */
export async function freshSandbox(
  client: Client | undefined,
  redirectUris: readonly string[] | undefined,
  { now }: Surroundings,
): Promise<Sandbox> {
  const { id, secret } = client ?? sandboxClient(undefined);
  const registration = {
    id,
    redirectUris: redirectUris ?? SANDBOX_CLIENTS.personal.redirectUris,
    ...defined({ secret: secret?.reveal() }),
  };
  const { startSandbox } = await import('../sandbox/sandbox.ts');
  return startSandbox({ clients: [registration], ...defined({ now }) });
}
