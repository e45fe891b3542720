import { join, resolve } from 'node:path';
import envPaths from 'env-paths';

/** Where the program keeps its things. All are absolute. */
export interface Places {
  /** Holds `profiles/NAME.json`. */
  readonly config: string;
  /** Holds the log. */
  readonly log: string;
  /** Holds what can be made again at any time. */
  readonly cache: string;
}

/**
 * The directories of this program: `FITBIT_LOGIN_HOME` with its `log` and `cache`, where that is set (a relative one is taken from the working
 * directory); else the platform's own.
 * @param environment Only `FITBIT_LOGIN_HOME` is looked up here. The platform's places (`XDG_CONFIG_HOME`, `APPDATA`, the home
 *   directory) are env-paths' to find, and it looks at the process itself.
 */
export function places(environment: Readonly<Record<string, string | undefined>>): Places {
  const home = environment.FITBIT_LOGIN_HOME;
  if (home) {
    const config = resolve(home);
    return { config, log: join(config, 'log'), cache: join(config, 'cache') };
  }
  const { config, log, cache } = envPaths('fitbit-login', { suffix: '' });
  return { config, log, cache };
}
