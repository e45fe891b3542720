import type { ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
// biome-ignore lint/style/noRestrictedImports: a script that gives no environment means its own
import process from 'node:process';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { noDisplayReason } from '../browser/has-display.ts';
import { browserOpener, type OpenBrowser } from '../browser/open-browser.ts';
import { type Environment, type Fetch, secretVariables } from '../environment.ts';
import { errnoOf } from '../errors.ts';
import { type LogLevel, openLog as openLogFile } from '../log.ts';
import { VISITOR_NOTICES } from '../messages.ts';
import { boundedFetch, type FetchLimits, nodeFetch } from '../network/fetch.ts';
import { proxyFor } from '../network/proxy.ts';
import type { Provider } from '../providers/provider.ts';
import { type PeerLookup, peerOf } from '../server/peer.ts';
import type { OnNotice } from '../server/visitors.ts';
import { type OutsideFiles, readOutside, writeOutside } from '../store/atomic-file.ts';
import { fileStore } from '../store/file-store.ts';
import { appPaths } from '../store/paths.ts';
import { assertNotForeignHome, type Runner } from '../store/permissions.ts';
import { type PostgresAddress, postgresAddress } from '../store/postgres-address.ts';
import type { PostgresStoreOptions } from '../store/postgres-store.ts';
import type { Profile } from '../store/profile.ts';
import type { LockedProfile, LockOptions, ProfileStore } from '../store/store.ts';
import { providerOf, serviceOf } from './client.ts';
import { assertRuntimeOptions } from './options.ts';
import { resolveProfileName } from './session.ts';

/** What a caller may override. Everything has a default: a script gives nothing, a test what it wants fixed. */
export interface RuntimeOptions {
  /** Default: the process's own. The variables that are read are those named in the README. */
  readonly environment?: Environment;
  /** Default: the system clock. */
  readonly now?: () => Date;
  /** Default: Node's HTTP client, through the proxy that the environment names. Time and size limits are put around it. */
  readonly fetch?: Fetch;
  /** Default: the commands in `BROWSER`, then the system's own way, where a page would be seen (see `noDisplayReason`). */
  readonly openBrowser?: (url: string) => Promise<void>;
  /** Called with a sentence for a person about what stops nothing but should be known: a file that was readable by others. Default: ignored. */
  readonly onNotice?: (text: string) => void;
  /** Log lines that also go to a terminal. Default: none. */
  readonly terminalLog?: { readonly level: LogLevel; readonly stream: Writable };
}

/** The effects that signing in, refreshing and the like reach the world through. @internal */
export interface Runtime {
  readonly environment: Environment;
  now(): Date;
  /** @throws the signal's reason */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Reading it throws `STORE_UNAVAILABLE` for a user without a home directory. */
  readonly store: ProfileStore;
  readonly files: OutsideFiles;
  /** Bounded in time and size, for the provider's token endpoints. */
  readonly fetch: Fetch;
  fetchWithin(limits: FetchLimits): Fetch;
  /** @throws AuthError `USAGE` where the environment names a proxy for `url` that cannot be used */
  assertProxyUsable(url: string): void;
  readonly openBrowser: OpenBrowser;
  /** Whether a person would see what {@link openBrowser} opens: not over SSH or without a display (see `noDisplayReason`). */
  seesBrowser(): boolean;
  /** Whose program asks a local server: root takes the browser of who had `sudo` run this process for its own. */
  readonly peerOf: PeerLookup;
  /** The event log, opened when first asked for: what only reads a profile leaves no log behind. */
  openLog(): Promise<Logger>;
  notice(text: string): void;
  /** The provider of a stored profile. Any but the built-in ones is asked for its metadata, once. */
  providerOf(profile: Profile): Promise<Provider>;
  /** The given profile name, else `FITBIT_LOGIN_PROFILE`, else `fallback`, which is `default`. */
  profileName(given: string | undefined, fallback?: string): string;
}

/** Makes everything that a command needs, once. Opens and reads nothing yet. @internal */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  assertRuntimeOptions(options);
  const { environment = process.env, now = () => new Date(), onNotice: notice = () => {}, terminalLog } = options;
  const user = userOf(environment);
  const send = options.fetch ?? nodeFetch(environment);
  const fetch = boundedFetch(send);
  const files: OutsideFiles = {
    read: readOutside,
    write: async (path, text) => {
      await assertNotForeignHome(dirname(path), user);
      await writeOutside(path, text);
    },
  };
  const openLog = once(async () => {
    const { log: directory } = appPaths(environment);
    const mayWrite = assertNotForeignHome(directory, user).then(
      () => true,
      () => false,
    );
    const file = (await mayWrite) ? join(directory, 'fitbit-login.log') : undefined;
    return openLogFile({ file, now, terminal: terminalLog });
  });
  const openStore = once((): ProfileStore => {
    const common = {
      runner: user,
      onWait: () => notice('Another fitbit-login is changing this profile; waiting for it, 30 seconds at most.'),
      onCommit: async (name: string, profile: Profile) => {
        if (profile.keep === undefined) return;
        const { syncExports } = await import('./kept-exports.ts');
        await syncExports(name, profile, { files, openLog, notice });
      },
    };
    if (environment.FITBIT_LOGIN_STORE) return loadedStore(postgresAddress(environment), environment, common);
    return fileStore({ ...common, directory: join(appPaths(environment).config, 'profiles'), onNotice: notice });
  });
  const providers = new Map<string, Promise<Provider>>();
  return {
    environment,
    now,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    get store() {
      return openStore();
    },
    files,
    fetch,
    fetchWithin: (limits) => boundedFetch(send, limits),
    assertProxyUsable: (url) => {
      if (options.fetch === undefined) proxyFor(url, environment);
    },
    openBrowser: browserOpener({ environment, own: options.openBrowser, system: openWithSystem }),
    seesBrowser: () => options.openBrowser !== undefined || noDisplayReason(environment) === undefined,
    peerOf: (socket) => peerOf(socket, { sudoUid: user.caller?.uid }),
    openLog,
    notice,
    providerOf: (profile) => {
      const key = serviceOf(profile);
      const provider = providers.get(key) ?? providerOf(profile, { fetch });
      providers.set(key, provider);
      return provider;
    },
    profileName: (given, fallback) => resolveProfileName(environment, given, fallback),
  };
}

/** Where a local server reports: its requests to the log, unusual visitors to the person, too; and how it knows them. @internal */
export async function serverReports({ openLog, notice, peerOf }: Runtime) {
  const log = await openLog();
  const onNotice: OnNotice = (kind) => {
    log.info({ event: 'visitor', kind }, 'An unusual visitor');
    notice(VISITOR_NOTICES[kind]);
  };
  return { log, onNotice, peerOf };
}

/** A store in a database, whose code is loaded when it is first used. */
function loadedStore(
  address: PostgresAddress,
  { FITBIT_LOGIN_STORE_KEY_FILE: keyFile }: Environment,
  common: Pick<PostgresStoreOptions, 'runner' | 'onWait' | 'onCommit'>,
): ProfileStore {
  const location = (name: string) => `${address.place}, profile ${name}`;
  const load = once(async () => {
    const { postgresStore } = await import('../store/postgres-store.ts');
    return postgresStore({ ...common, address, keyFile, location });
  });
  function lock(name: string, options?: LockOptions & { readonly stopWhen?: undefined }): Promise<LockedProfile>;
  function lock(name: string, options: LockOptions): Promise<LockedProfile | undefined>;
  async function lock(name: string, options: LockOptions = {}) {
    return (await load()).lock(name, options);
  }
  return {
    location,
    lock,
    read: async (name) => (await load()).read(name),
    list: async () => (await load()).list(),
    rename: async (from, to) => (await load()).rename(from, to),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/**
 * The user that runs this process, and the one who had `sudo` run it.
 * @internal
 */
export function userOf({ SUDO_UID, SUDO_USER }: Environment): Runner {
  return {
    uid: process.geteuid?.(),
    ...(SUDO_UID && SUDO_USER ? { caller: { uid: Number(SUDO_UID), name: SUDO_USER } } : {}),
  };
}

/**
 * The id of this process.
 * @internal
 */
export function processId(): number {
  return process.pid;
}

/** Whether there is a process of that id. @internal */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Opens a URL as the system does: by `xdg-open`, macOS's `open`, or PowerShell, on Windows and from its Linux. */
async function openWithSystem(url: string): Promise<ChildProcess> {
  const { default: open } = await import('open');
  // `open` hands on the whole environment. xdg-open looks at BROWSER, too: it would run what has just failed once more, and
  // then none of the browsers that it knows.
  const names = ['BROWSER', ...secretVariables(process.env)];
  const hidden = Object.entries(process.env).filter(([name]) => names.includes(name));
  for (const [name] of hidden) delete process.env[name];
  try {
    return await open(url);
  } finally {
    Object.assign(process.env, Object.fromEntries(hidden));
  }
}
