import type { Runtime } from '../auth/runtime.ts';
import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import type { Provider } from '../providers/provider.ts';
import type { Client, Profile } from '../store/profile.ts';

export interface RegistrationImport {
  /** The profile's name. */
  readonly name: string;
  readonly client: Client;
  readonly provider: Provider;
  readonly redirectUris: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Stores an app registration alone, so that the next sign-in needs none. A sign-in with the same app stays, with the
 * secret that the file has.
 *
 * @throws AuthError `USAGE` where the profile holds a sign-in with another app: nothing is changed.
 */
export async function importRegistration(request: RegistrationImport, runtime: Runtime): Promise<Profile> {
  const { name, client, provider, redirectUris, signal } = request;
  await using locked = await runtime.store.lock(name, { signal });
  const { current } = locked;
  const same = current?.client.id === client.id ? current : undefined;
  if (current?.tokens !== undefined && same === undefined) {
    throw new AuthError('USAGE', `The profile “${name}” holds a sign-in with another app.`, {
      preserved: 'It is untouched, and nothing was imported.',
      hint: 'Give `--profile NAME` to keep both.',
    });
  }
  const next: Profile = {
    provider: provider.id,
    requestedScopes: provider.defaultScopes,
    ...defined({ sandbox: provider.sandbox, keep: current?.keep, extra: current?.extra }),
    ...same,
    client,
    redirectUris,
  };
  await locked.commit(next);
  (await runtime.openLog()).info(
    { event: 'import', profile: name, provider: provider.id, format: 'client-file' },
    'Imported',
  );
  return next;
}
