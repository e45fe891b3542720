import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import type { Profile, Tokens } from '../store/profile.ts';
import type { Slot } from '../store/store.ts';
import type { Ports } from './ports.ts';
import { forProfile } from './profile-option.ts';
import type { Refreshed } from './refresh.ts';
import { type AccessRequest, usable } from './usable.ts';

/** A working access token, and the profile it is from. */
export interface Access {
  readonly profile: Profile;
  readonly tokens: Tokens;
  /** Whether it is new: refreshed by this call or, while it waited, by another process. */
  readonly refreshed: boolean;
}

export interface AwaitAccessPorts extends Pick<Ports, 'now' | 'store'> {
  /** As the use-case `refresh`. Called under the lock, so that of a hundred processes that wait one alone loads what it takes. */
  readonly refresh: (slot: Slot) => Promise<Refreshed>;
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
export async function awaitAccess(request: AccessRequest, ports: AwaitAccessPorts): Promise<Access> {
  const { name, signal, onWait } = request;
  const found = (profile: Profile | undefined, refreshed: boolean): Access | undefined => {
    const tokens = usable(profile, ports.now(), request);
    return profile === undefined || tokens === undefined ? undefined : { profile, tokens, refreshed };
  };
  const stored = found(await ports.store.read(name), false);
  if (stored !== undefined) return stored;
  try {
    return await ports.store.update(
      name,
      async (slot) => found(slot.current, true) ?? { ...(await ports.refresh(slot)), refreshed: true },
      { unless: (newest) => found(newest, true), ...defined({ signal, onWait }) },
    );
  } catch (thrown) {
    throw thrown instanceof AuthError ? thrown.with({ hint: forProfile(thrown.hint, name) }) : thrown;
  }
}
