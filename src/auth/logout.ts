import { AuthError } from '../errors.ts';
import { noSuchProfile, revocationDeclined, withProfileFlag } from '../messages.ts';
import { revokeToken } from '../oauth/token-endpoint.ts';
import type { Profile } from '../store/profile.ts';
import { namesIn } from '../store/store.ts';
import { assertOptions } from './options.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { isRunning } from './sandbox.ts';

export interface LogoutOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** Deletes without telling the provider. Default `false`. */
  readonly local?: boolean;
  /**
   * Asked before a revocation that ends more than this app (Google), with a sentence that says what; `false` ends with `CANCELLED`. Default:
   * it is not asked, and revoked.
   */
  readonly confirmRevocation?: (ends: string) => boolean | Promise<boolean>;
  readonly signal?: AbortSignal;
}

export interface SignedOut {
  readonly name: string;
  /** Whether the provider revoked the tokens. */
  readonly revoked: boolean;
  /** Files that still hold the tokens, because they were kept current. */
  readonly keptFiles: readonly string[];
}

/**
 * Revokes the sign-in at the provider, then deletes the profile. Until the provider has agreed, nothing is deleted.
 *
 * @throws AuthError `NOT_SIGNED_IN`; `CANCELLED` where `confirmRevocation` says no; `UNAVAILABLE`, `RETIRED`, `CLIENT_REJECTED` and others of `revokeToken`, with the profile
 *   preserved; `LOCKED`, `STORE_UNAVAILABLE`.
 */
export async function logout(options: LogoutOptions = {}, runtimeOptions: RuntimeOptions = {}): Promise<SignedOut> {
  assertOptions('logout', options);
  const { local = false, signal } = options;
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(options.profile);
  // Reading first: to say that there is no such profile, no directory has to be created.
  const stored = await runtime.store.read(name);
  if (stored === undefined) throw noSuchProfile(name, await namesIn(runtime.store));
  if (!local) await confirmRevocation(runtime, stored, options);
  await using locked = await runtime.store.lock(name, { signal, forRemoval: true });
  const { current: profile } = locked;
  if (profile === undefined) throw noSuchProfile(name, []);
  const revoked = !local && (await revoke(runtime, name, profile));
  await locked.remove();
  (await runtime.openLog()).info({ event: 'sign_out', profile: name, revoked }, 'Signed out');
  return { name, revoked, keptFiles: (profile.keep ?? []).map(({ path }) => path) };
}

/** @throws AuthError `CANCELLED` where the person says no; as `confirmRevocation` */
async function confirmRevocation(
  runtime: Runtime,
  stored: Profile,
  { confirmRevocation: confirm }: LogoutOptions,
): Promise<void> {
  if (confirm === undefined || stored.tokens === undefined) return;
  const { revocationEnds, confirmsRevocation } = await runtime.providerOf(stored);
  if (revocationEnds === undefined || !confirmsRevocation || (await confirm(revocationEnds))) return;
  throw revocationDeclined();
}

/** @returns whether there was something to revoke, and a way to do so */
async function revoke(runtime: Runtime, name: string, profile: Profile): Promise<boolean> {
  const token = profile.tokens?.refreshToken ?? profile.tokens?.accessToken;
  if (token === undefined) return false;
  const { server } = await runtime.providerOf(profile);
  if (server.revocationEndpoint === undefined) return false;
  try {
    await revokeToken(server, profile.client, token, { fetch: runtime.fetch });
  } catch (thrown) {
    if (!(thrown instanceof AuthError)) throw thrown;
    // Dead already: the provider has nothing left to revoke.
    if (thrown.code === 'GRANT_DEAD') return true;
    // A sandbox that is gone has forgotten the grant.
    if (profile.sandbox !== undefined && !(await isRunning(profile.sandbox))) return false;
    throw thrown.with({
      preserved: 'Nothing was deleted: the tokens may still work.',
      hint: withProfileFlag(`${thrown.hint} To delete them anyway: \`fitbit-login logout --local\`.`, name),
    });
  }
  return true;
}
