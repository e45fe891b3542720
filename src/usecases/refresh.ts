import { defined } from '../defined.ts';
import { AuthError, asAuthError, type ErrorCode } from '../errors.ts';
import { refreshTokens } from '../oauth/token-endpoint.ts';
import type { Provider } from '../providers/provider.ts';
import type { Secret } from '../secret.ts';
import type { Profile, Tokens } from '../store/profile.ts';
import type { Slot } from '../store/store.ts';
import { rewriteKept } from './kept-export.ts';
import { fromNow } from './moment.ts';
import { nobodySignedIn } from './nobody.ts';
import type { AccessPorts } from './ports.ts';
import { retrying } from './retry.ts';
import { tokensFrom } from './tokens.ts';
import { type AccessRequest, usable } from './usable.ts';

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

/** What a refresh leaves stored. */
export interface Refreshed {
  readonly profile: Profile;
  readonly tokens: Tokens;
}

/**
 * Refreshes the profile of a slot: notes in it that a refresh has begun, sends the refresh token, stores the answer.
 *
 * @throws AuthError as `access`
 */
export async function refresh(slot: Slot, request: AccessRequest, ports: AccessPorts): Promise<Refreshed> {
  const { current } = slot;
  const tokens = current?.tokens;
  if (current === undefined || tokens === undefined) throw nobodySignedIn(request.name);
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
): Promise<Refreshed> {
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
    { ...ports.retry, ...defined({ signal }) },
  );
  const { refreshExpiresAt, userId, legacyUserId } = tokens;
  const next: Tokens = {
    ...defined({ userId, legacyUserId }),
    // RFC 6749 §6: no new refresh token in the answer means that the old one goes on, with the end it had.
    ...(answer.refreshToken === undefined ? { refreshToken, ...defined({ refreshExpiresAt }) } : {}),
    ...tokensFrom(answer, { obtainedAt, requestedScopes: tokens.scopes }),
  };
  const refreshed: Profile = { ...rest, tokens: next };
  await slot.save(refreshed).catch((thrown) => {
    throw asAuthError(thrown).with({
      kept: provider.repeatsRefresh
        ? 'The stored tokens are untouched, and the provider repeats its answer for two minutes: once the cause is mended, run the command again at once.'
        : 'The stored tokens are untouched.',
    });
  });
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
): Promise<Refreshed> {
  if (!(thrown instanceof AuthError)) throw thrown;
  const { name } = request;
  // Held up for so long (sleep, SIGSTOP) that another process went on, or somebody went round the lock, another machine on a
  // shared disk or a restored backup: what is stored now is the newer pair.
  const newest = await ports.store.read(name);
  const tokens = usable(newest, ports.now(), request);
  if (newest !== undefined && tokens !== undefined) return { profile: newest, tokens };
  const refused = thrown.code === 'GRANT_DEAD';
  if (wasNotGranted(thrown)) {
    const isOurs = refreshToken.equals(newest?.tokens?.refreshToken);
    if (refused && newest?.tokens !== undefined && !isOurs)
      return refresh({ ...slot, current: newest }, request, ports);
    // With no answer to ask for again there is nothing to mark. If this note fails, the mark only costs a repetition.
    if (isOurs && profile.refreshStartedAt === undefined && failures.every(wasNotGranted)) {
      await slot.note(profile).catch(() => {});
    }
  }
  ports.log.warn(
    { event: 'refresh_failed', profile: name, provider: provider.id, error_code: thrown.code },
    thrown.message,
  );
  const failure = refused
    ? dead(thrown, profile, provider, ports.now())
    : thrown.with({ kept: thrown.kept ?? 'The stored tokens are untouched.' });
  const { refreshStartedAt: _, ...unmarked } = profile;
  const still = usable(unmarked, ports.now(), request);
  if (still === undefined) throw failure;
  // Only the answer of an earlier refresh was asked for again: what is stored goes on working for now.
  ports.notice(`${failure.message} The stored access token works until it ends.`);
  return { profile, tokens: still };
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

function dead(
  error: AuthError,
  { refreshStartedAt, tokens }: Profile,
  { repeatsRefresh = false }: Provider,
  now: Date,
): AuthError {
  // Where a refresh spends nothing, one that was cut off has not ended the sign-in.
  if (refreshStartedAt === undefined || !repeatsRefresh)
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
