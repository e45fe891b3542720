/** Environment variables, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that hold a secret of ours, which no program that we start needs. */
export const SECRET_VARIABLES: readonly string[] = ['FITBIT_CLIENT_SECRET'];

/** An environment for another program. */
export function withoutSecrets(environment: Environment): Environment {
  // By name in any case: on Windows they are the same variable.
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !SECRET_VARIABLES.includes(name.toUpperCase())),
  );
}

/** The part of the standard `fetch` that this project uses. Should be bounded in time and size: see `network/fetch.ts`. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;
