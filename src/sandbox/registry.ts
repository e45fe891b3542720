import { AuthError } from '../errors.ts';

/** How Fitbit lets an app prove who it is: a `server` must send its secret, a `client` has none, a `personal` may. */
export type ClientType = 'server' | 'client' | 'personal';

/** An app registered at the sandbox. */
export interface SandboxClient {
  readonly id: string;
  /** Absent where the app has none. */
  readonly secret?: string;
  readonly type: ClientType;
  /** What the consent page calls it. */
  readonly name: string;
  /** Compared byte for byte. */
  readonly redirectUris: readonly string[];
}

/** An app to add, or what to change of one that is there: redirect URIs are added, other fields replaced. */
export type Registration = Pick<SandboxClient, 'id'> & Partial<Omit<SandboxClient, 'id'>>;

/** Somebody who can sign in at the sandbox. */
export interface Person {
  /** Six characters, as Fitbit's. */
  readonly userId: string;
  readonly displayName: string;
}

const REDIRECT_URIS = ['http://127.0.0.1:8976/callback', 'http://localhost:8976/callback'] as const;

/** The apps that every sandbox knows. Their secrets are public and open nothing. */
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
} as const satisfies Record<ClientType, SandboxClient>;

/** Who can sign in where nobody else is named. */
export const SANDBOX_PEOPLE = [
  { userId: 'WALK01', displayName: 'Morning Walker' },
  { userId: 'SLEEP2', displayName: 'Sound Sleeper' },
] as const satisfies readonly Person[];

/** The apps and people that a sandbox knows. */
export class Registry {
  readonly people: readonly Person[];
  readonly #clients = new Map<string, SandboxClient>(
    Object.values(SANDBOX_CLIENTS).map((client) => [client.id, client]),
  );

  /** @throws AuthError `USAGE` as {@link Registry.register}, and where there is nobody to sign in. */
  constructor(registrations: readonly Registration[], people: readonly Person[]) {
    if (people.length === 0) throw new AuthError('USAGE', 'A sandbox needs at least one person.');
    this.people = people;
    for (const registration of registrations) this.register(registration);
  }

  get clients(): readonly SandboxClient[] {
    return [...this.#clients.values()];
  }

  client(id: string | undefined): SandboxClient | undefined {
    return id === undefined ? undefined : this.#clients.get(id);
  }

  person(userId: string | undefined): Person | undefined {
    return this.people.find((person) => person.userId === userId);
  }

  /**
   * Adds an app, or adds to one. A new app is a `server` where it has a secret and a `client` where it has none,
   * and is called by its id, unless the registration says otherwise.
   * @throws AuthError `USAGE` for a redirect URI that is not absolute, not http(s) or has a fragment (RFC 6749 §3.1.2),
   *   and for a `server` without a secret or a `client` with one.
   */
  register(registration: Registration): SandboxClient {
    for (const uri of registration.redirectUris ?? []) assertRedirectUri(uri);
    const known = this.#clients.get(registration.id);
    const client: SandboxClient = {
      type: registration.secret === undefined ? 'client' : 'server',
      name: registration.id,
      ...known,
      ...registration,
      redirectUris: [...new Set([...(known?.redirectUris ?? []), ...(registration.redirectUris ?? [])])],
    };
    if ((client.type === 'server' && !client.secret) || (client.type === 'client' && client.secret)) {
      throw new AuthError('USAGE', `${client.id}: a server app has a secret, a client app has none.`);
    }
    this.#clients.set(client.id, client);
    return client;
  }
}

function assertRedirectUri(uri: string): void {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || uri.includes('#')) {
    throw new AuthError('USAGE', 'A redirect URI is an absolute http or https address without a fragment.');
  }
}
