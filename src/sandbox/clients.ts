import { AuthError } from '../errors.ts';

/** How Fitbit lets an app prove who it is: a `server` must send its secret, a `client` has none, a `personal` may. */
export const FITBIT_TYPES = ['server', 'client', 'personal'] as const;
export type FitbitType = (typeof FITBIT_TYPES)[number];

/**
 * Google's kinds of app: a `desktop` goes back to any loopback address and has a secret that is not confidential, a
 * `web` registers its redirect URIs.
 */
export const GOOGLE_TYPES = ['desktop', 'web'] as const;
export type GoogleType = (typeof GOOGLE_TYPES)[number];

export type ClientType = FitbitType | GoogleType;

/** Whether Google lets everybody sign in to an app, or test users for seven days at a time. */
export const PUBLISHING = ['testing', 'production'] as const;
export type Publishing = (typeof PUBLISHING)[number];

interface App {
  readonly id: string;
  /** Absent where the app has none. */
  readonly secret?: string;
  /** What the consent page calls it. */
  readonly name: string;
  /** Compared byte for byte. A `desktop` app needs none. */
  readonly redirectUris: readonly string[];
}

export interface FitbitClient extends App {
  readonly type: FitbitType;
}

export interface GoogleClient extends App {
  readonly type: GoogleType;
  readonly publishing: Publishing;
}

/** An app registered at the sandbox. */
export type SandboxClient = FitbitClient | GoogleClient;

/**
 * An app to add, or what to change of one that is there: redirect URIs are added, other fields replaced. The id tells
 * whose app it is: Google's end in `.apps.googleusercontent.com`.
 */
export interface Registration {
  readonly id: string;
  readonly secret?: string;
  /** Default at Fitbit: `server` with a secret, `client` without one. Default at Google: `desktop`. */
  readonly type?: ClientType;
  /** Default: the id. */
  readonly name?: string;
  /** Default none. */
  readonly redirectUris?: readonly string[];
  /** Google only. Default `production`. */
  readonly publishing?: Publishing;
}

const GOOGLE_ID = /^[\w-]+\.apps\.googleusercontent\.com$/;
const FITBIT_NAMES: readonly string[] = FITBIT_TYPES;

export function isFitbitClient(client: SandboxClient): client is FitbitClient {
  return isFitbitType(client.type);
}

export function isGoogleClient(client: SandboxClient): client is GoogleClient {
  return !isFitbitClient(client);
}

/**
 * The app that a registration makes, of nothing or of the one that is `known`.
 * @throws AuthError `USAGE` for a redirect URI that is not absolute, not http(s) or has a fragment (RFC 6749 §3.1.2),
 *   for a type or field that the id's service does not have, for a `server` or `web` without a secret and for a
 *   `client` with one
 */
export function registered(registration: Registration, known: SandboxClient | undefined): SandboxClient {
  for (const uri of registration.redirectUris ?? []) assertRedirectUri(uri);
  const { id } = registration;
  const secret = registration.secret ?? known?.secret;
  const type = registration.type ?? known?.type ?? defaultType(id, secret);
  const app: App = {
    id,
    name: registration.name ?? known?.name ?? id,
    ...(secret === undefined ? {} : { secret }),
    redirectUris: [...new Set([...(known?.redirectUris ?? []), ...(registration.redirectUris ?? [])])],
  };
  if ((type === 'server' || type === 'web') && !secret) throw unfit(id, `a ${type} app has a secret`);
  if (type === 'client' && secret) throw unfit(id, 'a client app has no secret');
  if (isFitbitType(type)) {
    if (GOOGLE_ID.test(id)) throw unfit(id, `Google has no ${type} apps`);
    if (registration.publishing !== undefined) throw unfit(id, 'a Fitbit app is not published');
    return { ...app, type };
  }
  if (!GOOGLE_ID.test(id)) throw unfit(id, 'the id of a Google app ends in .apps.googleusercontent.com');
  const before = known !== undefined && isGoogleClient(known) ? known.publishing : 'production';
  return { ...app, type, publishing: registration.publishing ?? before };
}

function defaultType(id: string, secret: string | undefined): ClientType {
  if (GOOGLE_ID.test(id)) return 'desktop';
  return secret === undefined ? 'client' : 'server';
}

function isFitbitType(type: ClientType): type is FitbitType {
  return FITBIT_NAMES.includes(type);
}

function assertRedirectUri(uri: string): void {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || uri.includes('#')) {
    throw new AuthError('USAGE', 'A redirect URI is an absolute http or https address without a fragment.');
  }
}

function unfit(id: string, reason: string): AuthError {
  return new AuthError('USAGE', `${id}: ${reason}.`);
}
