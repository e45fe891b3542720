import { noDatabaseNamed } from '../messages.ts';
import { postgresAddress } from '../store/postgres-address.ts';
import { createRuntime, type RuntimeOptions } from './runtime.ts';

export interface InitializedStore {
  /** Where the database is, without its password. */
  readonly place: string;
  /** The version of its schema before; 0 where there was none. */
  readonly from: number;
  readonly to: number;
  /** What a role needs to work on profiles: SQL for the owner of the schema. */
  readonly grants: string;
}

/**
 * Creates the schema in the database that `FITBIT_LOGIN_STORE` names, or brings it up to date.
 * @throws AuthError `NOT_CONFIGURED`, `STORE_VERSION`, `STORE_UNAVAILABLE`: nothing was changed then
 */
export async function initializeStore(runtimeOptions: RuntimeOptions = {}): Promise<InitializedStore> {
  const { environment } = createRuntime(runtimeOptions);
  if (!environment.FITBIT_LOGIN_STORE) throw noDatabaseNamed();
  const address = postgresAddress(environment);
  const [{ migrate, GRANTS, SCHEMA_VERSION }, { connected }] = await Promise.all([
    import('../store/postgres-schema.ts'),
    import('../store/postgres-session.ts'),
  ]);
  const from = await connected(address, (client) => migrate(client, address.place));
  return { place: address.place, from, to: SCHEMA_VERSION, grants: GRANTS };
}
