import type { ApiAnswer, ApiRequest } from '../usecases/api.ts';
import { accessPorts, profileNameIn, type Surroundings } from './surroundings.ts';

export interface ApiOptions extends Omit<ApiRequest, 'name' | 'path'> {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
}

/** An answer of the API may be large: 64 MiB, and a minute for it. */
const LIMITS = { answerMs: 30_000, totalMs: 60_000, maxBytes: 64 * 1024 * 1024 };

/**
 * Sends one authenticated request to the provider's API host and to no other, refreshing the token and asking once more
 * where the provider says that it has ended. A refusal of the provider is no exception: see `error` in the answer.
 *
 * @throws AuthError `USAGE` for a path that leads elsewhere; as `accessToken`; `UNAVAILABLE`, `ANSWER_INVALID`.
 */
export async function apiRequest(
  path: string,
  options: ApiOptions = {},
  surroundings: Surroundings = {},
): Promise<ApiAnswer> {
  const { profile, ...request } = options;
  const { api, fetchOf } = await import('./online.ts');
  return api(
    { ...request, path, name: profileNameIn(surroundings, profile) },
    await accessPorts(surroundings),
    fetchOf(surroundings, LIMITS),
  );
}
