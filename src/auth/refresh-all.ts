import { type AuthError, asAuthError } from '../errors.ts';
import { leftForNextRun, withProfileFlag } from '../messages.ts';
import type { Profile } from '../store/profile.ts';
import { access } from './access-token.ts';
import { serviceOf } from './client.ts';
import { areCurrent, syncExports } from './kept-exports.ts';
import { assertOptions } from './options.ts';
import { RETRY_FOR_MS } from './refresh.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { freshTokens } from './session.ts';
import { type Status, storedStatus } from './status.ts';
import { formatWithDistance } from './times.ts';

export interface RefreshAllOptions {
  /** A token with no more seconds left than this is refreshed. Default 900. */
  readonly minTtlSeconds?: number;
  /** Begins no further refresh; one that has been sent is waited for. */
  readonly signal?: AbortSignal;
}

/** What became of one profile. One that is `left` was not asked for: its provider limits requests for longer than a refresh waits. */
export type RefreshOutcome =
  | { readonly profile: string; readonly outcome: 'refreshed' | 'valid' | 'not-signed-in'; readonly status: Status }
  | { readonly profile: string; readonly outcome: 'failed' | 'left'; readonly error: AuthError };

const AT_ONCE = 8;

/**
 * Refreshes every profile whose token is about to expire, at most eight at a time, and writes kept exports that are out of date.
 * A failure is an outcome and stops no other profile. One that another process has locked is looked at again at the end. A rate limit
 * pauses its provider alone: if it resets within the ten seconds that a single refresh waits, the profiles are refreshed after that,
 * else the others that are due are left for the next call.
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
  /** By provider: when it resets, if that is known and too far off to be waited for. */
  const limits = new Map<string, Date | undefined>();
  /** By provider: when it may be asked again, on the clock of `performance.now()`. */
  const pauses = new Map<string, number>();
  const outcomes: RefreshOutcome[] = [];

  /** @returns `undefined` for one to look at again at the end */
  const refresh = async (name: string, profile: Profile, isFirst: boolean): Promise<RefreshOutcome | undefined> => {
    const status = storedStatus(runtime, name, profile);
    if (profile.tokens === undefined) return { profile: name, outcome: 'not-signed-in', status };
    const service = serviceOf(profile);
    // Without a refresh token, what is left of the access token is all there is.
    const request = {
      name,
      signal,
      minTtlSeconds: status.refreshable ? minTtlSeconds : 0,
      ...(isFirst && { lockTimeoutMs: 0, onWait: () => {}, waitsForReset: false }),
    };
    try {
      if (freshTokens(profile, runtime.now(), request) !== undefined) {
        await syncStaleExports(runtime, name, profile);
        return { profile: name, outcome: 'valid', status };
      }
      if (profile.grantEndedAt === undefined) {
        if (limits.has(service)) {
          const resetsAt = limits.get(service);
          const when = resetsAt && { resetsAt, words: formatWithDistance(resetsAt, runtime.now()) };
          return { profile: name, outcome: 'left', error: leftForNextRun(status.providerName, when) };
        }
        if (isFirst && pauses.has(service)) return undefined;
      }
      const { refreshed, profile: current } = await access(runtime, request);
      const outcome = refreshed ? 'refreshed' : 'valid';
      return { profile: name, outcome, status: storedStatus(runtime, name, current) };
    } catch (thrown) {
      const error = asAuthError(thrown);
      // Another process is at it, perhaps on another machine.
      if (error.code === 'LOCKED' && isFirst) return undefined;
      if (error.code === 'RATE_LIMITED') {
        const { reset_seconds: seconds } = error.details;
        const resetMs = seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1000;
        if (isFirst && resetMs < RETRY_FOR_MS) {
          pauses.set(service, Math.max(pauses.get(service) ?? 0, performance.now() + resetMs));
          return undefined;
        }
        limits.set(service, seconds === undefined ? undefined : new Date(runtime.now().getTime() + resetMs));
      }
      return { profile: name, outcome: 'failed', error: error.with({ hint: withProfileFlag(error.hint, name) }) };
    }
  };

  // In another order each time: one that is always limited must not keep the same others waiting, nor machines that begin at once
  // each other.
  const listed = (await runtime.store.list()).map((entry) => ({ entry, order: Math.random() }));
  const queue = listed.sort((a, b) => a.order - b.order).map(({ entry }) => entry);
  const later: { readonly name: string; readonly service: string }[] = [];
  await eightAtATime(queue, signal, async (entry) => {
    const { name } = entry;
    if ('error' in entry) return void outcomes.push({ profile: name, outcome: 'failed', error: entry.error });
    const outcome = await refresh(name, entry.profile, true);
    if (outcome !== undefined) outcomes.push(outcome);
    else later.push({ name, service: serviceOf(entry.profile) });
  });
  const readyAt = ({ service }: { readonly service: string }) => pauses.get(service) ?? 0;
  later.sort((a, b) => readyAt(a) - readyAt(b));
  await eightAtATime(later, signal, async (one) => {
    const { name, service } = one;
    const pauseMs = limits.has(service) ? 0 : readyAt(one) - performance.now();
    if (pauseMs > 0) await runtime.sleep(pauseMs, signal).catch(() => {});
    if (signal?.aborted) return;
    const profile = await runtime.store.read(name);
    const outcome = profile && (await refresh(name, profile, false));
    if (outcome !== undefined) outcomes.push(outcome);
  });
  signal?.throwIfAborted();
  return outcomes.sort((a, b) => (a.profile < b.profile ? -1 : 1));
}

async function eightAtATime<T>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  handle: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const work = async () => {
    for (const item of queue) {
      if (signal?.aborted) return;
      await handle(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** A kept file may be behind: its disk was full at the last refresh, or it was deleted. */
async function syncStaleExports(runtime: Runtime, name: string, profile: Profile): Promise<void> {
  if (await areCurrent(profile, runtime.files)) return;
  await using locked = await runtime.store.lock(name);
  if (locked.current !== undefined) await syncExports(name, locked.current, runtime);
}
