import { platform as thisPlatform, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Environment } from '../environment.ts';
import { AuthError } from '../errors.ts';

/** Where the program keeps its things. All are absolute. */
export interface Places {
  /** Holds `profiles/NAME.json`. */
  readonly config: string;
  /** Holds the log. */
  readonly log: string;
  /** Holds what can be made again at any time. */
  readonly cache: string;
}

const NAME = 'fitbit-login';

/**
 * The directories of this program: `FITBIT_LOGIN_HOME` with its `log` and `cache`, where that is set (a relative one is taken from the working
 * directory); else the platform's own, the same as env-paths gives. Not by env-paths, because it takes a relative `XDG_CONFIG_HOME`,
 * which the XDG Base Directory Specification wants ignored; because it looks at the process's environment, not at the one given; and
 * because it throws while it is being loaded where a user has no home directory.
 *
 * @throws AuthError `STORE_UNAVAILABLE` where one is needed and this user has none.
 */
export function places(environment: Environment, platform: NodeJS.Platform = thisPlatform()): Places {
  const own = environment.FITBIT_LOGIN_HOME;
  if (own) {
    const config = resolve(own);
    return { config, log: join(config, 'log'), cache: join(config, 'cache') };
  }
  return (PLATFORMS[platform] ?? xdg)(environment);
}

type Layout = (environment: Environment) => Places;

const PLATFORMS: Partial<Record<NodeJS.Platform, Layout>> = {
  darwin: (environment) => {
    const library = join(homeOf(environment), 'Library');
    return {
      config: join(library, 'Preferences', NAME),
      log: join(library, 'Logs', NAME),
      cache: join(library, 'Caches', NAME),
    };
  },
  win32: ({ APPDATA, LOCALAPPDATA, USERPROFILE }) => {
    const appData = (given: string | undefined, name: string) =>
      given || join(homeOf({ HOME: USERPROFILE }), 'AppData', name);
    return {
      config: join(appData(APPDATA, 'Roaming'), NAME, 'Config'),
      log: join(appData(LOCALAPPDATA, 'Local'), NAME, 'Log'),
      cache: join(appData(LOCALAPPDATA, 'Local'), NAME, 'Cache'),
    };
  },
};

// https://specifications.freedesktop.org/basedir-spec/latest/: a path that is not absolute is invalid, and is ignored.
function xdg(environment: Environment): Places {
  const { XDG_CONFIG_HOME = '', XDG_STATE_HOME = '', XDG_CACHE_HOME = '' } = environment;
  const base = (given: string, ...usual: readonly string[]) =>
    join(isAbsolute(given) ? given : join(homeOf(environment), ...usual), NAME);
  return {
    config: base(XDG_CONFIG_HOME, '.config'),
    log: base(XDG_STATE_HOME, '.local', 'state'),
    cache: base(XDG_CACHE_HOME, '.cache'),
  };
}

/** `HOME`, or where it is not set, or is none, what the system's list of users says. */
function homeOf({ HOME = '' }: Environment): string {
  if (isAbsolute(HOME)) return HOME;
  try {
    const { homedir } = userInfo();
    if (isAbsolute(homedir)) return homedir;
  } catch {
    // This user is not in the list: a container that was given a number for one.
  }
  throw new AuthError(
    'STORE_UNAVAILABLE',
    'This user has no home directory: HOME is not set, and the system knows of none.',
    {
      preserved: 'Nothing was sent and nothing was changed.',
      hint: 'Name a directory to keep the tokens in: `FITBIT_LOGIN_HOME=/path fitbit-login …`.',
    },
  );
}
