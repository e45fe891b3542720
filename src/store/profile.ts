import { invalidProfileName } from '../messages.ts';
import type { Secret } from '../secret.ts';

export type ProviderId = 'fitbit' | 'google-health' | 'custom';

export interface Client {
  readonly id: string;
  /** Absent for a public client. */
  readonly secret?: Secret;
}

/** What one grant gave: the tokens, and what the provider said of them. */
export interface Tokens {
  readonly accessToken: Secret;
  /** Absent where the provider gave none: the access token then cannot be refreshed. */
  readonly refreshToken?: Secret;
  readonly tokenType: string;
  /** The scopes granted, which may be more or fewer than were asked for. */
  readonly scopes: readonly string[];
  readonly userId?: string;
  /** The id at the service that this one succeeded: a Fitbit ID, for Google Health. */
  readonly legacyUserId?: string;
  readonly email?: string;
  /** The account at the authorization server (`sub` of an ID token), which a refresh must not change. */
  readonly subject?: string;
  /** When the person consented. Absent for what was imported. */
  readonly signedInAt?: Date;
  /** When the access token was got: at the sign-in, or by the last refresh. */
  readonly obtainedAt: Date;
  /** When the access token ends. Absent where the provider did not say. */
  readonly expiresAt?: Date;
  /** When the grant itself ends. Absent where the provider did not say. */
  readonly refreshExpiresAt?: Date;
}

/** A file outside the store that is written again at every later change. */
export interface KeptExport {
  readonly format: string;
  /** Absolute path. */
  readonly path: string;
}

/** A sign-in in two calls, between them: it waits for the address that the person's browser ends on. */
export interface PendingLogin {
  readonly state: Secret;
  readonly verifier: Secret;
  /** Absent if it was begun by a version that sent none. */
  readonly nonce?: Secret;
  /** The one that the provider's address names, with its port. */
  readonly redirectUri: string;
  readonly begunAt: Date;
  readonly expiresAt: Date;
  /** What will be stored with the tokens: where, with which app and for what the person is asked. */
  readonly profile: Profile;
}

/** One person at one provider. */
export interface Profile {
  readonly provider: ProviderId;
  /** The issuer of a `custom` provider. */
  readonly issuer?: string;
  /** The origin of the sandbox that plays the provider, where one does. */
  readonly sandbox?: string;
  readonly client: Client;
  /** The registered redirect URIs, in the order in which they are tried. */
  readonly redirectUris: readonly string[];
  readonly requestedScopes: readonly string[];
  /** The person chose that the address is not asked for. */
  readonly withoutEmail?: boolean;
  /** Which account is meant, as the person said it: sent to the provider at the next sign-in. */
  readonly loginHint?: string;
  /** Absent until the first sign-in is complete. */
  readonly tokens?: Tokens;
  /** When a refresh was begun whose answer has not been stored. */
  readonly refreshStartedAt?: Date;
  /** When the provider said that the grant has ended: the refresh token no longer works, and only a new sign-in helps. */
  readonly grantEndedAt?: Date;
  /** What the provider said then, as a sentence without secrets. */
  readonly grantEndedReason?: string;
  readonly keep?: readonly KeptExport[];
  readonly pendingLogin?: PendingLogin;
  /** What the command in `FITBIT_LOGIN_NOTIFY` has been run for, so that it is run once for each. */
  readonly notified?: readonly string[];
  /** Fields of the file that this version does not know; written back as they were. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$/;

// Windows opens these as devices in every directory, with any extension.
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether `name` can name a profile: it becomes a file name, the same on every system. */
export function isProfileName(name: string): boolean {
  return NAME.test(name) && !DEVICE.test(name);
}

/** Returns `name` if it can name a profile. @throws AuthError `USAGE`, with what a name may be */
export function profileName(name: string): string {
  if (isProfileName(name)) return name;
  throw invalidProfileName(name);
}
