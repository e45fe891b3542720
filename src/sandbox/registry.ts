import { AuthError } from '../errors.ts';
import {
  type ClientType,
  type FitbitClient,
  type GoogleClient,
  isFitbitClient,
  isGoogleClient,
  type Registration,
  registered,
  type SandboxClient,
} from './clients.ts';
import { type Person, type SandboxPerson, settled } from './people.ts';

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

/** The apps and people that a sandbox knows. */
export class Registry {
  readonly people: readonly SandboxPerson[];
  readonly #clients = new Map<string, SandboxClient>(
    Object.values(SANDBOX_CLIENTS).map((client) => [client.id, client]),
  );

  /** @throws AuthError `USAGE` as {@link Registry.register}, and where there is nobody to sign in. */
  constructor(registrations: readonly Registration[], people: readonly Person[]) {
    if (people.length === 0) throw new AuthError('USAGE', 'A sandbox needs at least one person.');
    this.people = people.map(settled);
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

  /** Adds an app, or adds to one. @throws AuthError `USAGE` for what cannot be registered */
  register(registration: Registration): SandboxClient {
    const client = registered(registration, this.#clients.get(registration.id));
    this.#clients.set(client.id, client);
    return client;
  }
}
