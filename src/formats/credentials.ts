import type { Secret } from '../secret.ts';

/** What a file of another tool can tell of a sign-in, and what can be written for one. */
export interface Credentials {
  /** Absent where the format does not say: the client id tells then. */
  readonly provider?: 'fitbit' | 'google-health';
  readonly clientId?: string;
  readonly clientSecret?: Secret;
  readonly accessToken?: Secret;
  readonly refreshToken?: Secret;
  readonly tokenType?: string;
  /** The scopes granted, by the provider's own full names. */
  readonly scopes?: readonly string[];
  readonly userId?: string;
  readonly obtainedAt?: Date;
  /** When the access token ends. */
  readonly expiresAt?: Date;
}

/** The services whose credentials a format can hold. */
export type CredentialsProvider = NonNullable<Credentials['provider']>;

/** {@link Credentials} whose absent fields are `undefined`, as parsers give them. */
type Loose = { readonly [K in keyof Credentials]?: Credentials[K] | undefined };

/** `fields` without those that are `undefined`: absent is absent. */
export function credentialsOf(fields: Loose): Credentials {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** How long the access token lived when it was new, in whole seconds; `undefined` where either end is not known. */
export function lifetimeSeconds({ obtainedAt, expiresAt }: Credentials): number | undefined {
  if (obtainedAt === undefined || expiresAt === undefined) return undefined;
  return Math.max(0, Math.floor((expiresAt.getTime() - obtainedAt.getTime()) / 1000));
}

/** Whole seconds since 1970, rounded down: an access token is rather renewed a moment early than used too late. */
export function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
