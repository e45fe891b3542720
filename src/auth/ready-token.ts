import { join } from 'node:path';
import type { Environment } from '../environment.ts';
import type { Secret } from '../secret.ts';
import { profilePath, readProfile } from '../store/file-store.ts';
import { isHeld, lockPath } from '../store/lock.ts';
import { appPaths } from '../store/paths.ts';
import { freshTokens, resolveProfileName } from './session.ts';
import { endWarning } from './times.ts';

export interface ReadyTokenOptions {
  readonly profile?: string | undefined;
  readonly minTtlSeconds?: number | undefined;
  readonly environment: Environment;
  /** Our user ID. Absent on Windows. */
  readonly uid?: number | undefined;
  readonly now: () => Date;
}

const MAX_WAIT_MS = 10_000;
const FIRST_PAUSE_MS = 15;
const LONGEST_PAUSE_MS = 200;

/**
 * The stored access token, if `accessToken` would return it without a warning. Reads one file, which is all that most `token` commands
 * need. If it has expired while another process changes the profile, waits for that process, ten seconds at most: it usually
 * stores a new token, so that of a hundred waiting processes only one loads the rest of the program.
 * @returns `undefined` in every other case, errors included: `accessToken` then refreshes or reports
 * @internal
 */
export async function readyToken(options: ReadyTokenOptions): Promise<Secret | undefined> {
  // In a database, which only the whole program can ask.
  if (options.environment.FITBIT_LOGIN_STORE) return undefined;
  try {
    const name = resolveProfileName(options.environment, options.profile);
    const file = profilePath(join(appPaths(options.environment).config, 'profiles'), name);
    const lock = lockPath(file);
    const start = performance.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.3, LONGEST_PAUSE_MS)) {
      // Checked before the file is read: once the lock is gone, its holder has stored its result.
      const isBeingChanged = isHeld(lock);
      const found = readyTokenIn(file, name, options);
      if (found !== 'expired') return found;
      if (performance.now() - start > MAX_WAIT_MS || !isBeingChanged) return undefined;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  } catch {
    return undefined;
  }
}

function readyTokenIn(
  file: string,
  name: string,
  { minTtlSeconds, uid, now, environment }: ReadyTokenOptions,
): Secret | 'expired' | undefined {
  const found = readProfile(file, { uid });
  if (found?.profile.tokens === undefined) return undefined;
  const { profile, tooOpen } = found;
  const time = now();
  if (environment.FITBIT_LOGIN_NOTIFY && profile.grantEndedAt !== undefined) return undefined;
  const tokens = freshTokens(profile, time, { minTtlSeconds });
  if (tokens === undefined) return 'expired';
  const { refreshExpiresAt } = tokens;
  const warning = endWarning({ profile: name, provider: profile.provider, refreshExpiresAt }, time);
  return tooOpen.length === 0 && warning === undefined ? tokens.accessToken : undefined;
}
