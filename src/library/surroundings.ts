import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
// biome-ignore lint/style/noRestrictedImports: a script that gives no environment means its own
import process from 'node:process';
import type { Writable } from 'node:stream';
import type { Environment, Fetch } from '../environment.ts';
import type { LogLevel } from '../log/level.ts';
import { fileStore } from '../store/file-store.ts';
import { assertOwnGround, type Runner } from '../store/ground.ts';
import { places } from '../store/places.ts';
import type { Ports } from '../usecases/ports.ts';
import type { OpenAccessPorts, OpenLoginPorts } from './online-ports.ts';
import { profileInForce } from './profile-in-force.ts';

/**
 * What the library takes from the world around it. Everything has a default, so that a script gives nothing and a test
 * gives what it wants fixed.
 */
export interface Surroundings {
  /** Default: the process's own. Read are the variables that the README names. */
  readonly environment?: Environment;
  /** Default: the system clock. */
  readonly now?: () => Date;
  /** Default: by Node's HTTP client, through the proxy that the environment names. Time and size limits are put around it. */
  readonly fetch?: Fetch;
  /** Default: the commands in `BROWSER`, then the system's own way, where a page would be seen (see `screenOf`). */
  readonly openBrowser?: (url: string) => Promise<void>;
  /** Told of anything in the store that a person should know: a file that was too open. Default: nobody. */
  readonly onNotice?: (text: string) => void;
  /** Log lines that also go to a terminal. Default: none. */
  readonly terminalLog?: { readonly level: LogLevel; readonly stream: Writable };
}

/** The environment in force: the one place, beside bin.ts, that reads the process's own. */
export function environmentOf({ environment }: Surroundings): Environment {
  return environment ?? process.env;
}

/**
 * Who runs this process, and who had `sudo` run it.
 * @internal
 */
export function runnerOf({ SUDO_UID, SUDO_USER }: Environment): Runner {
  return {
    uid: process.geteuid?.(),
    ...(SUDO_UID && SUDO_USER ? { caller: { uid: Number(SUDO_UID), name: SUDO_USER } } : {}),
  };
}

/**
 * What is enough to read a profile: no log, no network, nothing heavy to load.
 * @internal
 */
export function readingPorts(surroundings: Surroundings): Pick<Ports, 'now' | 'store'> {
  const { now = () => new Date(), onNotice = () => {} } = surroundings;
  const environment = environmentOf(surroundings);
  const { config } = places(environment);
  const onWait = () => onNotice('Another fitbit-login is changing this profile; waiting for it, 30 seconds at most.');
  return {
    now,
    store: fileStore({
      directory: join(config, 'profiles'),
      mayCreate: () => assertOwnGround(config, runnerOf(environment)),
      onNotice,
      onWait,
    }),
  };
}

/**
 * The effects of what talks to the provider.
 * @internal
 */
export async function accessPorts(surroundings: Surroundings): Promise<OpenAccessPorts> {
  return (await import('./online.ts')).openAccessPorts(surroundings);
}

/**
 * The effects of `login`: the server as well.
 * @internal
 */
export async function loginPorts(surroundings: Surroundings): Promise<OpenLoginPorts> {
  return (await import('./online.ts')).openLoginPorts(surroundings);
}

/**
 * The number of this process.
 * @internal
 */
export function processId(): number {
  return process.pid;
}

/**
 * Opens an address as the system does: by `xdg-open`, macOS's `open`, or PowerShell, on Windows and from its Linux.
 * @internal
 */
export async function openUsual(url: string): Promise<ChildProcess> {
  const { open } = await import('../browser/open.ts');
  // xdg-open looks at BROWSER, too: it would run what has just failed once more, and then none of the browsers that it knows.
  const { BROWSER } = process.env;
  delete process.env.BROWSER;
  try {
    return await open(url);
  } finally {
    if (BROWSER !== undefined) process.env.BROWSER = BROWSER;
  }
}

/** The profile's name in force: the one given, else `FITBIT_LOGIN_PROFILE`, else `default`. */
export function profileNameIn(surroundings: Surroundings, given: string | undefined): string {
  return profileInForce(environmentOf(surroundings), given);
}
