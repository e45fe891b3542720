import { createHash } from 'node:crypto';
import { AuthError } from '../errors.ts';
import type { Service } from './wire.ts';

/**
 * How an app authenticates. Fitbit: a `server` must send its secret, a `client` has none, a `personal` may. Google: a
 * `desktop` goes back to any loopback address and has a secret that is not confidential, a `web` registers its redirect
 * URIs.
 */
export const CLIENT_TYPES = ['server', 'client', 'personal', 'desktop', 'web'] as const;
export type ClientType = (typeof CLIENT_TYPES)[number];

/** Whether Google lets everybody sign in to an app, or test users for seven days at a time. */
export const PUBLISHING = ['testing', 'production'] as const;

/** An app registered at the sandbox. */
export interface SandboxClient {
  readonly id: string;
  /** Absent if the app has none. */
  readonly secret?: string;
  readonly type: ClientType;
  /** Shown on the consent page. */
  readonly name: string;
  /** Compared byte for byte. A `desktop` app needs none. */
  readonly redirectUris: readonly string[];
  /** Google only. */
  readonly publishing?: (typeof PUBLISHING)[number];
}

/**
 * An app to add, or changes to a registered one: redirect URIs are added, other fields replaced. The id tells the
 * service: Google's end in `.apps.googleusercontent.com`. Defaults: the `name` is the id, `publishing` is `production`,
 * the `type` is `desktop` for Google, and for Fitbit `server` with a secret and `client` without one.
 */
export interface Registration extends Partial<SandboxClient> {
  readonly id: string;
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

/** A person who can sign in to the sandbox. */
export interface Person {
  /** Six characters, as Fitbit's. Identifies the person on the consent pages of both services. */
  readonly userId: string;
  readonly displayName: string;
  /** The Google account's address. Default: derived from the user id. */
  readonly email?: string;
  /** The Google account's number, 21 digits. Default: derived from the user id. */
  readonly subject?: string;
  /** Google Health's number for the person. Default: derived from the user id. */
  readonly healthUserId?: string;
  /** The Fitbit id that Google Health knows. Default: the user id. */
  readonly legacyUserId?: string;
  /** The state of the Google Health account: fine, or how its API refuses a good token. Default `linked`. */
  readonly link?: 'linked' | 'not-linked' | 'setup-unfinished' | 'legacy-login' | 'permission-denied';
}

export type SandboxPerson = Required<Person>;

/** The people of a sandbox that is given no others. */
export const SANDBOX_PEOPLE = [
  { userId: 'WALK01', displayName: 'Morning Walker', email: 'walker@example.com' },
  { userId: 'SLEEP2', displayName: 'Sound Sleeper', email: 'sleeper@example.com' },
  { userId: 'FRESH3', displayName: 'Fresh Starter', email: 'starter@example.com', link: 'not-linked' },
  { userId: 'STUCK4', displayName: 'Stuck Stepper', email: 'stepper@example.com', link: 'permission-denied' },
] as const satisfies readonly Person[];

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

  clientsOf(service: Service): readonly SandboxClient[] {
    return this.clients.filter(({ id }) => serviceOf(id) === service);
  }

  client(service: Service, id: string | undefined): SandboxClient | undefined {
    return this.clientsOf(service).find((client) => client.id === id);
  }

  person(userId: string): SandboxPerson | undefined {
    return this.people.find((person) => person.userId === userId);
  }

  /**
   * Adds an app, or changes one.
   * @throws AuthError `USAGE` for a redirect URI that is not absolute, not http(s) or has a fragment (RFC 6749 §3.1.2),
   *   for a type or field that the id's service does not have, for a `server` or `web` without a secret and for a
   *   `client` with one
   */
  register({ id, redirectUris = [], ...given }: Registration): SandboxClient {
    const known = this.#clients.get(id);
    const isGoogle = serviceOf(id) === 'google';
    const secret = given.secret ?? known?.secret;
    const client: SandboxClient = {
      id,
      secret,
      type: given.type ?? known?.type ?? (isGoogle ? 'desktop' : secret === undefined ? 'client' : 'server'),
      name: given.name ?? known?.name ?? id,
      redirectUris: [...new Set([...(known?.redirectUris ?? []), ...redirectUris])],
      publishing: given.publishing ?? known?.publishing ?? (isGoogle ? 'production' : undefined),
    };
    const problem = problemOf(client, isGoogle);
    if (problem !== undefined) throw new AuthError('USAGE', `${id}: ${problem}.`);
    this.#clients.set(id, client);
    return client;
  }
}

function serviceOf(clientId: string): Service {
  return /^[\w-]+\.apps\.googleusercontent\.com$/.test(clientId) ? 'google' : 'fitbit';
}

function problemOf({ type, secret, redirectUris, publishing }: SandboxClient, isGoogle: boolean): string | undefined {
  if (!redirectUris.every(isRedirectUri)) return 'a redirect URI is an absolute http or https URL without a fragment';
  if ((type === 'server' || type === 'web') && !secret) return `a ${type} app has a secret`;
  if (type === 'client' && secret) return 'a client app has no secret';
  if (type === 'desktop' || type === 'web')
    return isGoogle ? undefined : 'the id of a Google app ends in .apps.googleusercontent.com';
  if (isGoogle) return `Google has no ${type} apps`;
  return publishing === undefined ? undefined : 'a Fitbit app is not published';
}

function isRedirectUri(uri: string): boolean {
  return URL.canParse(uri) && ['http:', 'https:'].includes(new URL(uri).protocol) && !uri.includes('#');
}

/** The same defaults in each run. */
function withDefaults(person: Person): SandboxPerson {
  const { userId } = person;
  return {
    email: `${userId.toLowerCase()}@example.com`,
    subject: digits(`subject ${userId}`, 21),
    healthUserId: digits(`health ${userId}`, 19),
    legacyUserId: userId,
    link: 'linked',
    ...person,
  };
}

/** A plausible number of that many digits, derived from the seed alone. */
function digits(seed: string, length: number): string {
  const hash = BigInt(`0x${createHash('sha256').update(seed).digest('hex')}`);
  return `1${String(hash).slice(0, length - 1)}`;
}
