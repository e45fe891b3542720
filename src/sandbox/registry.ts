import { AuthError } from '../errors.ts';
import { type Person, type SandboxPerson, withDefaults } from './people.ts';

/** How Fitbit lets an app authenticate: a `server` must send its secret, a `client` has none, a `personal` may. */
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
  /** Absent if the app has none. */
  readonly secret?: string;
  /** Shown on the consent page. */
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
 * An app to add, or changes to a registered one: redirect URIs are added, other fields replaced. The id tells the
 * service: Google's end in `.apps.googleusercontent.com`.
 */
export interface Registration {
  readonly id: string;
  readonly secret?: string;
  /** Default for Fitbit: `server` with a secret, `client` without one. Default for Google: `desktop`. */
  readonly type?: ClientType;
  /** Default: the id. */
  readonly name?: string;
  /** Default none. */
  readonly redirectUris?: readonly string[];
  /** Google only. Default `production`. */
  readonly publishing?: Publishing;
}

const REDIRECT_URIS = ['http://127.0.0.1:8976/callback', 'http://localhost:8976/callback'] as const;

/** The apps that every sandbox knows, by type. Their secrets are public and open nothing. */
export const SANDBOX_CLIENTS = {
  server: {
    id: '23TSTS',
    secret: '5a4db0c5000000000000000000005e12',
    type: 'server',
    name: 'Sandbox Server App',
    redirectUris: REDIRECT_URIS,
  },
  client: { id: '23TSTC', type: 'client', name: 'Sandbox Client App', redirectUris: REDIRECT_URIS },
  personal: {
    id: '23TSTP',
    secret: '5a4db0c50000000000000000000009e5',
    type: 'personal',
    name: 'Sandbox Personal App',
    redirectUris: REDIRECT_URIS,
  },
  desktop: {
    id: '100000000001-desktop.apps.googleusercontent.com',
    secret: 'GOCSPX-sandbox-desktop',
    type: 'desktop',
    name: 'Sandbox Desktop App',
    redirectUris: [],
    publishing: 'production',
  },
  web: {
    id: '100000000002-web.apps.googleusercontent.com',
    secret: 'GOCSPX-sandbox-web',
    type: 'web',
    name: 'Sandbox Web App',
    redirectUris: REDIRECT_URIS,
    publishing: 'production',
  },
} as const satisfies Record<ClientType, SandboxClient>;

const GOOGLE_ID = /^[\w-]+\.apps\.googleusercontent\.com$/;
const FITBIT_NAMES: readonly string[] = FITBIT_TYPES;

/** The apps and people that a sandbox knows. */
export class Registry {
  readonly people: readonly SandboxPerson[];
  readonly #clients = new Map<string, SandboxClient>(
    Object.values(SANDBOX_CLIENTS).map((client) => [client.id, client]),
  );

  /** @throws AuthError `USAGE` like {@link Registry.register}, and without people */
  constructor(registrations: readonly Registration[], people: readonly Person[]) {
    if (people.length === 0) throw new AuthError('USAGE', 'A sandbox needs at least one person.');
    this.people = people.map(withDefaults);
    for (const registration of registrations) this.register(registration);
  }

  get clients(): readonly SandboxClient[] {
    return [...this.#clients.values()];
  }

  get fitbitClients(): readonly FitbitClient[] {
    return this.clients.filter(isFitbitClient);
  }

  get googleClients(): readonly GoogleClient[] {
    return this.clients.filter(isGoogleClient);
  }

  fitbitClient(id: string | undefined): FitbitClient | undefined {
    return this.fitbitClients.find((client) => client.id === id);
  }

  googleClient(id: string | undefined): GoogleClient | undefined {
    return this.googleClients.find((client) => client.id === id);
  }

  person(userId: string | undefined): SandboxPerson | undefined {
    return this.people.find((person) => person.userId === userId);
  }

  /**
   * Adds an app, or changes one.
   * @throws AuthError `USAGE` for a redirect URI that is not absolute, not http(s) or has a fragment (RFC 6749 §3.1.2),
   *   for a type or field that the id's service does not have, for a `server` or `web` without a secret and for a
   *   `client` with one
   */
  register(registration: Registration): SandboxClient {
    const client = toClient(registration, this.#clients.get(registration.id));
    this.#clients.set(client.id, client);
    return client;
  }
}

function toClient(registration: Registration, known: SandboxClient | undefined): SandboxClient {
  for (const uri of registration.redirectUris ?? []) assertRedirectUri(uri);
  const { id } = registration;
  const secret = registration.secret ?? known?.secret;
  const type = registration.type ?? known?.type ?? defaultType(id, secret);
  const app: App = {
    id,
    name: registration.name ?? known?.name ?? id,
    secret,
    redirectUris: [...new Set([...(known?.redirectUris ?? []), ...(registration.redirectUris ?? [])])],
  };
  if ((type === 'server' || type === 'web') && !secret) throw impossible(id, `a ${type} app has a secret`);
  if (type === 'client' && secret) throw impossible(id, 'a client app has no secret');
  if (isFitbitType(type)) {
    if (GOOGLE_ID.test(id)) throw impossible(id, `Google has no ${type} apps`);
    if (registration.publishing !== undefined) throw impossible(id, 'a Fitbit app is not published');
    return { ...app, type };
  }
  if (!GOOGLE_ID.test(id)) throw impossible(id, 'the id of a Google app ends in .apps.googleusercontent.com');
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

function isFitbitClient(client: SandboxClient): client is FitbitClient {
  return isFitbitType(client.type);
}

function isGoogleClient(client: SandboxClient): client is GoogleClient {
  return !isFitbitClient(client);
}

function assertRedirectUri(uri: string): void {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || uri.includes('#')) {
    throw new AuthError('USAGE', 'A redirect URI is an absolute http or https address without a fragment.');
  }
}

function impossible(id: string, reason: string): AuthError {
  return new AuthError('USAGE', `${id}: ${reason}.`);
}
