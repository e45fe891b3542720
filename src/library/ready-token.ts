import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { endWarning } from '../auth/messages.ts';
import { freshTokens, resolveProfileName } from '../auth/session.ts';
import { defined } from '../defined.ts';
import type { Environment } from '../environment.ts';
import type { Secret } from '../secret.ts';
import { profilePath, readProfile } from '../store/file-store.ts';
import { lockPath } from '../store/lock.ts';
import { appPaths } from '../store/paths.ts';

export interface ReadyTokenOptions {
  readonly profile?: string | undefined;
  readonly minTtlSeconds?: number | undefined;
  readonly environment: Environment;
  /** Our user ID. Absent on Windows. */
  readonly uid?: number | undefined;
  readonly now: () => Date;
}

const PATIENCE_MS = 1_000;
const PAUSE_MS = 15;

/**
 * The stored access token, where `accessToken` would give it and there is nothing to tell a person: what nearly every `token` comes
 * to, at the cost of reading one file. Where it has ended while another process changes the profile, that is waited for, for about a
 * second: as a rule it brings the new token, and of a hundred processes that need one then, ninety-nine have nothing else to load.
 * `undefined` in every other case, errors included: `accessToken` then does and says what is to be done and said.
 * @internal
 */
export async function readyToken(options: ReadyTokenOptions): Promise<Secret | undefined> {
  try {
    const name = resolveProfileName(options.environment, options.profile);
    const file = profilePath(join(appPaths(options.environment).config, 'profiles'), name);
    const lock = lockPath(file);
    for (let waited = 0; ; waited += PAUSE_MS) {
      // Before the file is read: whoever held it has stored what there is to store by the time that it is gone.
      const isBeingChanged = existsSync(lock);
      const look = lookInto(file, name, options);
      if (look !== 'ended') return look;
      if (waited > PATIENCE_MS || !isBeingChanged) return undefined;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } catch {
    return undefined;
  }
}

function lookInto(
  file: string,
  name: string,
  { minTtlSeconds, uid, now }: ReadyTokenOptions,
): Secret | 'ended' | undefined {
  const found = readProfile(file, { uid });
  if (found?.profile.tokens === undefined) return undefined;
  const { profile, tooOpen } = found;
  const time = now();
  const tokens = freshTokens(profile, time, defined({ minTtlSeconds }));
  if (tokens === undefined) return 'ended';
  const { refreshExpiresAt } = tokens;
  const warning = endWarning({ profile: name, provider: profile.provider, ...defined({ refreshExpiresAt }) }, time);
  return tooOpen.length === 0 && warning === undefined ? tokens.accessToken : undefined;
}
