import { type AuthError, asAuthError } from '../errors.ts';
import { withProfileFlag } from '../messages.ts';
import type { Profile } from '../store/profile.ts';
import { access } from './access-token.ts';
import { areCurrent, syncExports } from './kept-exports.ts';
import { assertOptions } from './options.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { freshTokens } from './session.ts';
import { type Status, storedStatus } from './status.ts';

export interface RefreshAllOptions {
  /** A token with no more seconds left than this is refreshed. Default 900. */
  readonly minTtlSeconds?: number;
  /** Begins no further refresh; one that has been sent is waited for. */
  readonly signal?: AbortSignal;
}

/** What became of one profile. */
export type RefreshOutcome =
  | { readonly profile: string; readonly outcome: 'refreshed' | 'valid' | 'not-signed-in'; readonly status: Status }
  | { readonly profile: string; readonly outcome: 'failed'; readonly error: AuthError };

const AT_ONCE = 8;

/**
 * Refreshes every profile whose token is about to expire, at most eight at a time, and writes kept exports that are out of date.
 * A failure is an outcome and stops no other profile. One that another process has locked is left to it, and looked at again at
 * the end. After a rate limit, the provider's other profiles are left for the next call.
 *
 * @returns an outcome for each profile, sorted by name
 * @throws AuthError `STORE_UNAVAILABLE`; the signal's reason
 */
export async function refreshAll(
  options: RefreshAllOptions = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<readonly RefreshOutcome[]> {
  assertOptions('refreshAll', options);
  const { minTtlSeconds = 900, signal } = options;
  const runtime = createRuntime(runtimeOptions);
  const limits = new Map<string, AuthError>();
  const outcomes: RefreshOutcome[] = [];

  const refresh = async (name: string, profile: Profile, lockTimeoutMs?: number): Promise<RefreshOutcome> => {
    if (profile.tokens === undefined) return outcomeOf('not-signed-in', name, profile);
    const service = `${profile.provider} ${profile.issuer ?? profile.sandbox ?? ''}`;
    // Without a refresh token, what is left of the access token is all there is.
    const needed = profile.tokens.refreshToken === undefined ? 0 : minTtlSeconds;
    const request = {
      name,
      signal,
      minTtlSeconds: needed,
      lockTimeoutMs,
      ...(lockTimeoutMs === 0 && { onWait: () => {} }),
    };
    try {
      if (freshTokens(profile, runtime.now(), request) !== undefined) {
        await syncStaleExports(runtime, name, profile);
        return outcomeOf('valid', name, profile);
      }
      const limit = limits.get(service);
      if (limit !== undefined && profile.grantEndedAt === undefined) throw limit;
      const { refreshed, profile: current } = await access(runtime, request);
      return outcomeOf(refreshed ? 'refreshed' : 'valid', name, current);
    } catch (thrown) {
      const error = asAuthError(thrown);
      if (error.code === 'RATE_LIMITED') limits.set(service, error);
      return { profile: name, outcome: 'failed', error: error.with({ hint: withProfileFlag(error.hint, name) }) };
    }
  };
  const unread = ({ name, error }: { readonly name: string; readonly error: AuthError }): RefreshOutcome => ({
    profile: name,
    outcome: 'failed',
    error,
  });
  const outcomeOf = (outcome: 'refreshed' | 'valid' | 'not-signed-in', name: string, profile: Profile) => ({
    profile: name,
    outcome,
    status: storedStatus(runtime, name, profile),
  });

  // In another order each time: one that is always limited must not keep the same others waiting, nor machines that begin at once
  // each other.
  const listed = (await runtime.store.list()).map((entry) => ({ entry, order: Math.random() }));
  const queue = listed.sort((a, b) => a.order - b.order).values();
  const locked: string[] = [];
  const work = async () => {
    for (const { entry } of queue) {
      if (signal?.aborted) return;
      const outcome = 'error' in entry ? unread(entry) : await refresh(entry.name, entry.profile, 0);
      // Another process is at it, perhaps on another machine.
      if (outcome.outcome === 'failed' && outcome.error.code === 'LOCKED') locked.push(entry.name);
      else outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const name of locked) {
    if (signal?.aborted) break;
    const profile = await runtime.store.read(name);
    if (profile !== undefined) outcomes.push(await refresh(name, profile));
  }
  signal?.throwIfAborted();
  return outcomes.sort((a, b) => (a.profile < b.profile ? -1 : 1));
}

/** A kept file may be behind: its disk was full at the last refresh, or it was deleted. */
async function syncStaleExports(runtime: Runtime, name: string, profile: Profile): Promise<void> {
  if (await areCurrent(profile, runtime.files)) return;
  await using locked = await runtime.store.lock(name);
  if (locked.current !== undefined) await syncExports(name, locked.current, runtime);
}
