import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, readdir, rm, stat, utimes } from 'node:fs/promises';
import { platform } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from '../environment.ts';
import { AuthError, asAuthError, type ErrorCode } from '../errors.ts';
import { tokenFileNotRenewed } from '../messages.ts';
import { makePrivateDirectory } from '../store/atomic-file.ts';
import { appPaths } from '../store/paths.ts';
import { assertOwner } from '../store/permissions.ts';
import { access } from './access-token.ts';
import { notifyOwner } from './notify.ts';
import { createRuntime, isAlive, processId, type RuntimeOptions, userOf } from './runtime.ts';
import { freshTokens } from './session.ts';

export interface TokenFileOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** The token in the file has more seconds left than this. Default 300. */
  readonly minTtlSeconds?: number;
  /** How often the store is looked at, in milliseconds: another process may have refreshed. Default 15,000. */
  readonly everyMs?: number;
}

/** While the machine sleeps timers stand still, but the clock does not: it is looked at this often. */
const TICK_MS = 1_000;
/** A directory that its owner has not touched for so long may be left over. */
const LEFT_OVER_MS = 60_000;
const OURS = /^(\d+)-[0-9a-f]{16}$/;

/**
 * Keeps a working access token in a file, 0600 below `$XDG_RUNTIME_DIR/fitbit-login` or beside the profiles, until it is disposed of.
 * While the provider cannot be reached the file keeps the last token. Once the grant is dead and its token has expired the file is
 * gone, and is there again after a new sign-in. After the machine has slept the file is written within a second. If this process is
 * killed, a watcher removes the file.
 *
 * @throws AuthError as `accessToken`, for the first token; `STORE_UNAVAILABLE` where the file cannot be written
 */
export async function keepTokenFile(
  options: TokenFileOptions = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<AsyncDisposable & { readonly path: string }> {
  const { minTtlSeconds = 300, everyMs = 15_000 } = options;
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(options.profile);
  const place = directoryFor(runtime.environment);
  await makePrivateDirectory(place);
  await assertOwner(place, userOf(runtime.environment));
  const directory = join(place, `${processId()}-${randomBytes(8).toString('hex')}`);
  const path = join(directory, 'token');
  const stop = new AbortController();
  let written: string | undefined;
  const write = async () => {
    const { tokens } = await access(runtime, { name, minTtlSeconds, signal: stop.signal });
    const token = tokens.accessToken.reveal();
    if (token === written && existsSync(path)) return;
    await makePrivateDirectory(directory);
    await runtime.files.write(path, token);
    written = token;
  };
  await write();
  const watcher = watch(directory);
  let said: ErrorCode | undefined;
  const clocks = () => [runtime.now().getTime(), performance.now()] as const;
  let looked = clocks();
  const keeping = (async () => {
    while (!stop.signal.aborted) {
      await runtime.sleep(Math.min(everyMs, TICK_MS), stop.signal).catch(() => {});
      if (stop.signal.aborted) return;
      const [time, ticks] = clocks();
      if (Math.abs(time - looked[0]) < everyMs && ticks - looked[1] < everyMs) continue;
      looked = [time, ticks];
      try {
        await write();
        said = undefined;
      } catch (thrown) {
        const error = asAuthError(thrown);
        const newest = await runtime.store.read(name).catch(() => undefined);
        // A dead grant's last token works until it expires.
        const isOver = error.code === 'GRANT_DEAD' && freshTokens(newest, runtime.now()) === undefined;
        if (isOver) await rm(path, { force: true });
        if (error.code !== said && !stop.signal.aborted) runtime.notice(tokenFileNotRenewed(error.message));
        said = error.code;
      }
      // The command may run for weeks.
      await notifyOwner({ profile: name, all: false }, runtimeOptions);
      await utimes(directory, new Date(), new Date()).catch(() => {});
    }
  })();
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new AuthError('INTERRUPTED', 'The command has ended.'));
      await keeping;
      await rm(directory, { recursive: true, force: true });
      watcher?.end();
    },
  };
}

/** The directory of all token files. */
function directoryFor(environment: Environment): string {
  const { XDG_RUNTIME_DIR: runtimeDirectory = '' } = environment;
  const isThere = isAbsolute(runtimeDirectory) && existsSync(runtimeDirectory);
  return isThere ? join(runtimeDirectory, 'fitbit-login') : join(appPaths(environment).config, 'run');
}

/**
 * A shell of a few hundred kilobytes, in a session of its own, that removes the directory once the other end of its input is closed,
 * which only this process holds. Windows has none; there the next command does it.
 */
function watch(directory: string) {
  if (platform() === 'win32') return undefined;
  const watcher = spawn('/bin/sh', ['-c', 'while read -r _; do :; done; rm -rf -- "$1"', 'sh', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  watcher.once('error', () => {});
  watcher.stdin.on('error', () => {});
  watcher.unref();
  return watcher.stdin;
}

/** Removes what is left of commands that were killed together with their watchers. Never throws. */
export async function removeLeftTokenFiles({ environment = {} }: RuntimeOptions = {}): Promise<void> {
  try {
    const place = directoryFor(environment);
    for (const name of await readdir(place)) {
      const [, pid = ''] = OURS.exec(name) ?? [];
      const path = join(place, name);
      if (pid === '' || isAlive(Number(pid)) || !(await lstat(path)).isDirectory()) continue;
      // In another container the process may live, under a number that means nothing here.
      if (Date.now() - (await stat(path)).mtimeMs > LEFT_OVER_MS) await rm(path, { recursive: true, force: true });
    }
  } catch {
    // There is none, or nothing can be done about it.
  }
}
