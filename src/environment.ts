/** Environment variables, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that hold a secret of ours, which no program that we start needs. */
export function secretVariables({ FITBIT_LOGIN_STORE }: Environment): readonly string[] {
  // Without a store in a database, its password belongs to another program: the one that is started, perhaps.
  return ['FITBIT_CLIENT_SECRET', 'FITBIT_LOGIN_STORE', ...(FITBIT_LOGIN_STORE ? ['PGPASSWORD'] : [])];
}

/** An environment for another program. */
export function withoutSecrets(environment: Environment): Environment {
  const secret = secretVariables(environment);
  // By name in any case: on Windows they are the same variable.
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !secret.includes(name.toUpperCase())));
}

/** The part of the standard `fetch` that this project uses. Should be bounded in time and size: see `network/fetch.ts`. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;
