import { AuthError, type ErrorCode } from '../errors.ts';
import { refreshTokens } from '../oauth/token-endpoint.ts';
import type { Provider } from '../providers/provider.ts';
import type { Secret } from '../secret.ts';
import type { Profile, Tokens } from '../store/profile.ts';
import type { Slot } from '../store/store.ts';
import { rewriteKept } from './kept-export.ts';
import { fromNow } from './moment.ts';
import type { AccessPorts } from './ports.ts';
import { retrying } from './retry.ts';
import { sessionOf } from './status.ts';
import { tokensFrom } from './tokens.ts';

export interface AccessRequest {
  /** The profile's name. */
  readonly name: string;
  /** A token with fewer seconds left is refreshed. Default 60. */
  readonly minTtlSeconds?: number;
  /** The access token that must not be the answer, because it is known not to work: it is refreshed however fresh it looks. */
  readonly notThis?: Tokens['accessToken'];
  /** Ends the waiting for a lock or for another try; a request that is on its way is let finish, so that its answer is not lost. */
  readonly signal?: AbortSignal;
  /** Told once when another process has the profile and is waited for. */
  readonly onWait?: () => void;
}

/** A working access token, and the profile it is from. */
export interface Access {
  readonly profile: Profile;
  readonly tokens: Tokens;
  /** Whether it is new: refreshed by this call or, while it waited, by another process. */
  readonly refreshed: boolean;
}

/**
 * The stored tokens where they need no refresh at `now`: more than `minTtlSeconds` left, and no refresh cut off whose
 * answer can still be had. `undefined` otherwise.
 */
export function usable(
  profile: Profile | undefined,
  now: Date,
  { minTtlSeconds = 60, notThis }: Omit<AccessRequest, 'name'>,
): Tokens | undefined {
  const tokens = profile?.tokens;
  if (profile === undefined || tokens === undefined || profile.refreshStartedAt !== undefined) return undefined;
  if (notThis !== undefined && tokens.accessToken.equals(notThis)) return undefined;
  const session = sessionOf(profile, now);
  return session.kind === 'fresh' && (session.secondsLeft ?? Number.POSITIVE_INFINITY) > minTtlSeconds
    ? tokens
    : undefined;
}

/**
 * A working access token: the stored one, or, where that is about to end, a refreshed one.
 *
 * The refresh holds the profile's lock from before the request until its answer is durably on disk; the place for that
 * answer is taken, and the refresh noted in the profile, before the refresh token is sent. Whoever comes after a
 * refresh that was cut off repeats it with the same token, which the provider answers alike for two minutes.
 *
 * @throws AuthError `NOT_SIGNED_IN`; `GRANT_DEAD` when only a new sign-in helps, and for no other reason; `LOCKED` and
 *   `STORE_UNAVAILABLE` before anything was sent; `UNAVAILABLE`, `RATE_LIMITED`, `RETIRED`, `CLIENT_REJECTED`,
 *   `ANSWER_INVALID` with the tokens kept.
 */
export async function access(request: AccessRequest, ports: AccessPorts): Promise<Access> {
  const { name, signal, onWait } = request;
  const found = (profile: Profile | undefined, refreshed: boolean): Access | undefined => {
    const tokens = usable(profile, ports.now(), request);
    return profile === undefined || tokens === undefined ? undefined : { profile, tokens, refreshed };
  };
  const stored = found(await ports.store.read(name), false);
  if (stored !== undefined) return stored;
  return ports.store.update(
    name,
    async (slot) => found(slot.current, true) ?? { ...(await refresh(slot, request, ports)), refreshed: true },
    {
      unless: (newest) => found(newest, true),
      ...(signal === undefined ? {} : { signal }),
      ...(onWait === undefined ? {} : { onWait }),
    },
  );
}

/** A refresh that has begun. */
interface Begun {
  readonly slot: Slot;
  /** As it was stored before. */
  readonly profile: Profile & { readonly tokens: Tokens };
  readonly refreshToken: Secret;
  readonly provider: Provider;
  /** What the requests sent so far ended with. */
  readonly failures: unknown[];
}

async function refresh(
  slot: Slot,
  request: AccessRequest,
  ports: AccessPorts,
): Promise<{ profile: Profile; tokens: Tokens }> {
  const { current } = slot;
  const tokens = current?.tokens;
  if (current === undefined || tokens === undefined) throw nobody(request.name);
  const { refreshToken } = tokens;
  if (refreshToken === undefined) {
    throw new AuthError('GRANT_DEAD', 'The access token has ended, and there is no refresh token to get another with.');
  }
  const profile = { ...current, tokens };
  const provider = await ports.providerOf(profile);
  const { refreshStartedAt: cutOffAt } = profile;
  const begun: Begun = { slot, profile, refreshToken, provider, failures: [] };
  try {
    // From here on a successor may exist that only the provider knows: whoever finds this mark asks for it again.
    await slot.note({ ...profile, refreshStartedAt: cutOffAt ?? ports.now() });
    return await send(begun, request, ports);
  } catch (thrown) {
    return await afterFailure(thrown, begun, request, ports);
  }
}

async function send(
  { slot, profile, refreshToken, provider, failures }: Begun,
  { name, signal }: AccessRequest,
  ports: AccessPorts,
): Promise<{ profile: Profile; tokens: Tokens }> {
  const { tokens, refreshStartedAt: _, ...rest } = profile;
  const { answer, obtainedAt } = await retrying(
    async () => {
      const obtainedAt = ports.now();
      try {
        const answer = await refreshTokens(provider.server, profile.client, refreshToken, { fetch: ports.fetch });
        return { obtainedAt, answer };
      } catch (thrown) {
        failures.push(thrown);
        throw thrown;
      }
    },
    { ...ports.retry, ...(signal === undefined ? {} : { signal }) },
  );
  const fresh = tokensFrom(answer, { obtainedAt, requestedScopes: tokens.scopes });
  const next: Tokens = {
    ...fresh,
    // RFC 6749 §6: no new refresh token in the answer means that the old one goes on, with the end it had.
    ...(fresh.refreshToken === undefined ? { refreshToken } : {}),
    ...(fresh.refreshExpiresAt === undefined && tokens.refreshExpiresAt !== undefined
      ? { refreshExpiresAt: tokens.refreshExpiresAt }
      : {}),
    ...(fresh.userId === undefined && tokens.userId !== undefined ? { userId: tokens.userId } : {}),
  };
  const refreshed: Profile = { ...rest, tokens: next };
  await slot.save(refreshed);
  ports.log.info(
    { event: 'refresh', profile: name, provider: provider.id, user_id: next.userId, expires_at: next.expiresAt },
    'Refreshed',
  );
  await rewriteKept(refreshed, { name, ports });
  return { profile: refreshed, tokens: next };
}

async function afterFailure(
  thrown: unknown,
  { slot, profile, refreshToken, provider, failures }: Begun,
  request: AccessRequest,
  ports: AccessPorts,
): Promise<{ profile: Profile; tokens: Tokens }> {
  if (!(thrown instanceof AuthError)) throw thrown;
  const { name } = request;
  ports.log.warn(
    { event: 'refresh_failed', profile: name, provider: provider.id, error_code: thrown.code },
    thrown.message,
  );
  if (thrown.code === 'LOCKED') {
    // Held up for so long (sleep, SIGSTOP) that another process went on: what that one stored is the newer pair.
    const newest = await ports.store.read(name);
    const tokens = usable(newest, ports.now(), request);
    if (newest !== undefined && tokens !== undefined) return { profile: newest, tokens };
  }
  const refused = thrown.code === 'GRANT_DEAD';
  if (wasNotGranted(thrown)) {
    // Whoever goes round the lock, another machine on a shared disk or a restored backup, may have stored a newer pair.
    const newest = await ports.store.read(name);
    const isOurs = refreshToken.equals(newest?.tokens?.refreshToken);
    if (refused && newest?.tokens !== undefined && !isOurs) {
      const tokens = usable(newest, ports.now(), request);
      return tokens === undefined ? refresh({ ...slot, current: newest }, request, ports) : { profile: newest, tokens };
    }
    // With no answer to ask for again there is nothing to mark. If this note fails, the mark only costs a repetition.
    if (isOurs && profile.refreshStartedAt === undefined && failures.every(wasNotGranted)) {
      await slot.note(profile).catch(() => {});
    }
  }
  throw refused ? dead(thrown, profile, ports.now()) : thrown.with({ kept: 'The stored tokens are untouched.' });
}

const REFUSALS: readonly ErrorCode[] = [
  'GRANT_DEAD',
  'CLIENT_REJECTED',
  'REQUEST_REJECTED',
  'SCOPE_REJECTED',
  'RATE_LIMITED',
  'RETIRED',
];

/** Whether it is certain that this request made no successor of the refresh token. */
function wasNotGranted(thrown: unknown): boolean {
  return thrown instanceof AuthError && (REFUSALS.includes(thrown.code) || thrown.details.never_sent === true);
}

function dead(error: AuthError, { refreshStartedAt, tokens }: Profile, now: Date): AuthError {
  if (refreshStartedAt === undefined)
    return error.with({ kept: 'The stored tokens are untouched, but cannot be refreshed any more.' });
  const when = `${refreshStartedAt.toISOString()} (${fromNow(refreshStartedAt, now)})`;
  const cutOff =
    `A refresh that began at ${when} was cut off before its answer could be stored, and the provider no longer repeats that answer: ` +
    `it does so for two minutes. The sign-in${tokens?.userId === undefined ? '' : ` of ${tokens.userId}`} has ended with it.`;
  return new AuthError('GRANT_DEAD', cutOff, {
    cause: error,
    kept: 'The stored tokens are untouched, but cannot be refreshed any more.',
  });
}

function nobody(name: string): AuthError {
  return new AuthError('NOT_SIGNED_IN', `Nobody is signed in under the profile “${name}”.`, {
    hint: `Run \`fitbit-login login${name === 'default' ? '' : ` --profile ${name}`}\`.`,
  });
}
