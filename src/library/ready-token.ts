import { join } from 'node:path';
import type { Environment } from '../browser/environment.ts';
import { defined } from '../defined.ts';
import type { Secret } from '../secret.ts';
import { places } from '../store/places.ts';
import { profilePath, readProfile } from '../store/stored-profile.ts';
import { endWarning } from '../usecases/grant-end.ts';
import { usable } from '../usecases/usable.ts';
import { profileInForce } from './profile-in-force.ts';

export interface ReadyTokenOptions {
  readonly profile?: string | undefined;
  readonly minTtlSeconds?: number | undefined;
  readonly environment: Environment;
  readonly now: Date;
}

/**
 * The stored access token, where `accessToken` would give it and there is nothing to tell a person: what nearly every `token` comes
 * to, at the cost of reading one file. `undefined` in every other case, errors included: `accessToken` then does and says what is
 * to be done and said.
 * @internal
 */
export function readyToken({ profile: given, minTtlSeconds, environment, now }: ReadyTokenOptions): Secret | undefined {
  try {
    const name = profileInForce(environment, given);
    let isQuiet = true;
    const profile = readProfile(profilePath(join(places(environment).config, 'profiles'), name), () => {
      isQuiet = false;
    });
    const tokens = usable(profile, now, defined({ minTtlSeconds }));
    if (profile === undefined || tokens === undefined) return undefined;
    const { refreshExpiresAt } = tokens;
    const warning = endWarning({ profile: name, provider: profile.provider, ...defined({ refreshExpiresAt }) }, now);
    return isQuiet && warning === undefined ? tokens.accessToken : undefined;
  } catch {
    return undefined;
  }
}
