import { notSignedIn } from '../messages.ts';
import { dataScopes } from '../providers/google-health.ts';
import type { Profile, ProviderId, Tokens } from '../store/profile.ts';
import { namesIn, type ProfileStore } from '../store/store.ts';
import { knownProvider } from './client.ts';
import { assertOptions } from './options.ts';
import { createRuntime, type RuntimeOptions } from './runtime.ts';
import { type Session, sessionOf } from './session.ts';

/** What is stored of one profile, without any secret. */
export interface Status {
  readonly profile: string;
  readonly provider: ProviderId;
  readonly providerName: string;
  /** The origin of the sandbox that plays the provider, where one does. */
  readonly sandbox?: string;
  readonly clientId: string;
  readonly session: Session;
  readonly userId?: string;
  /** The id at the service that this one succeeded: a Fitbit ID, for Google Health. */
  readonly legacyUserId?: string;
  /** The account's address, as far as the person let it be known. */
  readonly email?: string;
  /** Granted, without those that only name the account. */
  readonly scopes: readonly string[];
  /** Requested, but not granted. */
  readonly missingScopes: readonly string[];
  readonly refreshable: boolean;
  readonly obtainedAt?: Date;
  readonly expiresAt?: Date;
  /** When the grant itself ends. Absent where the provider did not say. */
  readonly refreshExpiresAt?: Date;
  /** When a refresh was begun whose response was never stored. */
  readonly refreshStartedAt?: Date;
  /** When the provider said that the grant has ended. */
  readonly grantEndedAt?: Date;
  readonly grantEndedReason?: string;
  /** When a sign-in in two calls was begun that waits for its response, until `pendingUntil`. */
  readonly pendingSince?: Date;
  readonly pendingUntil?: Date;
  /** What a revocation ends beyond the token: a sentence. */
  readonly revocationEnds?: string;
  readonly location: string;
}

export interface SignIn extends Status {
  /** What keeps the tokens from opening anything yet, and what to do. */
  readonly obstacle?: string;
  /** The account whose tokens this profile held before, if another one. */
  readonly replacedUserId?: string;
  readonly replacedEmail?: string;
}

/**
 * What is stored of a profile, without asking the provider.
 *
 * @throws AuthError `NOT_SIGNED_IN` where there is no such profile; `STORE_DAMAGED`, `STORE_VERSION`, `STORE_UNAVAILABLE`.
 */
export async function status(
  options: { readonly profile?: string } = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<Status> {
  assertOptions('status', options);
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(options.profile);
  const profile = await runtime.store.read(name);
  if (profile === undefined) throw notSignedIn(name, await namesIn(runtime.store));
  return storedStatus(runtime, name, profile);
}

/** The status of a profile that was read before. @internal */
export function storedStatus(
  { store, now }: { readonly store: Pick<ProfileStore, 'location'>; now(): Date },
  name: string,
  profile: Profile,
): Status {
  const { provider, sandbox, client, tokens, pendingLogin } = profile;
  const { name: providerName, revocationEnds } = knownProvider(profile);
  const grant: Partial<Tokens> = tokens ?? {};
  const opening = (scopes: readonly string[]) => (provider === 'google-health' ? dataScopes(scopes) : scopes);
  const scopes = opening(grant.scopes ?? []);
  return {
    profile: name,
    provider,
    providerName,
    sandbox,
    clientId: client.id,
    session: sessionOf(profile, now()),
    userId: grant.userId,
    legacyUserId: grant.legacyUserId,
    email: grant.email,
    scopes,
    missingScopes:
      tokens === undefined ? [] : opening(profile.requestedScopes).filter((scope) => !scopes.includes(scope)),
    refreshable: grant.refreshToken !== undefined,
    obtainedAt: grant.obtainedAt,
    expiresAt: grant.expiresAt,
    refreshExpiresAt: grant.refreshExpiresAt,
    refreshStartedAt: profile.refreshStartedAt,
    grantEndedAt: profile.grantEndedAt,
    grantEndedReason: profile.grantEndedReason,
    pendingSince: pendingLogin?.begunAt,
    pendingUntil: pendingLogin?.expiresAt,
    revocationEnds,
    location: store.location(name),
  };
}
