import { isAbsolute, join, normalize } from 'node:path';
import type { Environment } from '../environment.ts';
import { relativeHome } from '../messages.ts';
import { homeDirectory } from './home.ts';

// After home.ts, which keeps it from throwing for a user without a home directory.

import envPaths from 'env-paths';

/** The directories of this program, all absolute. */
export interface AppPaths {
  /** Holds `profiles/NAME.json`. */
  readonly config: string;
  readonly log: string;
  /** Holds what can be recreated at any time. */
  readonly cache: string;
}

const NAME = 'fitbit-login';

/**
 * `FITBIT_LOGIN_HOME` with its `log` and `cache` if it is set in `environment`; else the platform's own directories, as the process's
 * environment names them.
 *
 * @throws AuthError `USAGE` for a relative `FITBIT_LOGIN_HOME`; `STORE_UNAVAILABLE` if a home directory is needed and there is none.
 */
export function appPaths({ FITBIT_LOGIN_HOME: own }: Environment): AppPaths {
  if (own) {
    const config = expanded(own);
    return { config, log: join(config, 'log'), cache: join(config, 'cache') };
  }
  const { config, log, cache } = envPaths(NAME, { suffix: '' });
  // A relative path comes from a relative XDG variable, which the XDG Base Directory Specification ignores, or from a missing HOME.
  const absolute = (path: string, ...usual: readonly string[]) =>
    isAbsolute(path) ? path : join(homeDirectory(), ...usual, NAME);
  return {
    config: absolute(config, '.config'),
    log: absolute(log, '.local', 'state'),
    cache: absolute(cache, '.cache'),
  };
}

function expanded(path: string): string {
  // A shell leaves the tilde in `FITBIT_LOGIN_HOME="~/x"`, and so do systemd and cron.
  if (/^~(?:[/\\]|$)/.test(path)) return join(homeDirectory(), path.slice(1));
  if (isAbsolute(path)) return normalize(path);
  throw relativeHome(path);
}
