import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import { revokeToken } from '../oauth/token-endpoint.ts';
import type { AccessPorts } from './ports.ts';
import { forProfile } from './profile-option.ts';

export interface SignOutRequest {
  /** The profile's name. */
  readonly name: string;
  /** Deletes without telling the provider. */
  readonly local: boolean;
  readonly signal?: AbortSignal;
}

export interface SignedOut {
  readonly name: string;
  /** Whether the provider was told, so that the tokens work nowhere any more. */
  readonly revoked: boolean;
  /** Files that still hold the tokens, because they were kept current. */
  readonly keptFiles: readonly string[];
}

/**
 * Ends a sign-in: revokes it at the provider, then deletes the profile. As long as the provider has not agreed, nothing
 * is deleted.
 *
 * @throws AuthError `NOT_SIGNED_IN`; `UNAVAILABLE`, `RETIRED`, `CLIENT_REJECTED` and others of `revokeToken`, with the
 *   profile kept; `LOCKED`, `STORE_UNAVAILABLE`.
 */
export async function signOut({ name, local, signal }: SignOutRequest, ports: AccessPorts): Promise<SignedOut> {
  let keptFiles: readonly string[] = [];
  let revoked = false;
  const removed = await ports.store.remove(name, {
    ...defined({ signal }),
    before: async (profile) => {
      keptFiles = (profile.keep ?? []).map(({ path }) => path);
      const token = profile.tokens?.refreshToken ?? profile.tokens?.accessToken;
      if (local || token === undefined) return;
      const provider = await ports.providerOf(profile);
      if (provider.server.revocationEndpoint === undefined) return;
      await revokeToken(provider.server, profile.client, token, { fetch: ports.fetch }).catch((thrown) => {
        // Dead already: the provider has nothing left to revoke.
        if (thrown instanceof AuthError && thrown.code === 'GRANT_DEAD') return;
        throw thrown instanceof AuthError
          ? thrown.with({
              kept: 'Nothing was deleted: the tokens may still work.',
              hint: forProfile(
                `${thrown.hint} To delete them from this machine all the same: \`fitbit-login logout --local\`.`,
                name,
              ),
            })
          : thrown;
      });
      revoked = true;
    },
  });
  if (!removed)
    throw new AuthError('NOT_SIGNED_IN', `There is no profile “${name}”.`, { hint: 'See `fitbit-login profiles`.' });
  ports.log.info({ event: 'sign_out', profile: name, revoked }, 'Signed out');
  return { name, revoked, keptFiles };
}
