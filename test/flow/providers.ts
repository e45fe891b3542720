import type { LoginOptions } from '../../src/auth/index.ts';
import { readForm } from '../../src/sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Service } from '../../src/sandbox/wire.ts';
import { startIssuer } from '../interop/issuer.ts';
import { decideAtIssuer } from './issuer-person.ts';

export interface Decision {
  /** Default `true`. */
  readonly allow?: boolean;
  /** Scopes whose boxes are unticked, as they go over the wire. */
  readonly untick?: readonly string[];
}

/** A running provider, and a person who has an account there. */
export interface RunningProvider extends AsyncDisposable {
  readonly issuer: string;
  /** The provider and app of a sign-in. */
  readonly login: LoginOptions;
  /** How many refreshes the provider granted. */
  readonly refreshes: () => number;
  /** Registers a redirect URI, where the provider compares them to the byte. */
  register(redirectUri: string): void;
  /** Plays the person. @returns the redirect URI with the answer, not asked for yet */
  decide(authorizeUrl: URL, decision?: Decision): Promise<URL>;
  /** Takes the consent back, as a person does in the settings of their account. */
  endGrant(refreshToken: string): Promise<void>;
}

/** One provider that the suite holds to the promises: a new one is one more row. */
export interface ProviderRow {
  readonly name: string;
  readonly id: 'fitbit' | 'google-health' | 'custom';
  /** Whether a refresh gives a new refresh token. */
  readonly rotates: boolean;
  /** Whether a refresh whose answer was lost can be asked for again. */
  readonly forgivesLostAnswer: boolean;
  /** Whether its metadata says that every answer names its issuer (RFC 9207 §3). */
  readonly issAlwaysSent: boolean;
  readonly lifetimeSeconds: number;
  /** Asked for as a person types it, and what is stored then. */
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  /** A request of which something is not granted. */
  readonly less: { readonly asked: readonly string[]; readonly untick: readonly string[]; readonly missing: string };
  readonly start: (now: () => Date) => Promise<RunningProvider>;
}

const GOOGLE = 'https://www.googleapis.com/auth/googlehealth.';

export const PROVIDERS: readonly ProviderRow[] = [
  {
    name: 'Fitbit',
    id: 'fitbit',
    rotates: true,
    forgivesLostAnswer: true,
    issAlwaysSent: false,
    lifetimeSeconds: 28_800,
    asked: ['activity', 'sleep'],
    granted: ['activity', 'sleep'],
    less: { asked: ['activity', 'sleep'], untick: ['sleep'], missing: 'sleep' },
    start: (now) => atSandbox('fitbit', SANDBOX_CLIENTS.server, '/oauth2/revoke', now),
  },
  {
    name: 'Google Health',
    id: 'google-health',
    rotates: false,
    forgivesLostAnswer: true,
    issAlwaysSent: false,
    lifetimeSeconds: 3_599,
    asked: ['sleep.readonly', 'profile.readonly'],
    granted: [`${GOOGLE}sleep.readonly`, `${GOOGLE}profile.readonly`],
    less: {
      asked: ['sleep.readonly', 'profile.readonly'],
      untick: [`${GOOGLE}sleep.readonly`],
      missing: `${GOOGLE}sleep.readonly`,
    },
    start: (now) => atSandbox('google', SANDBOX_CLIENTS.desktop, '/revoke', now),
  },
  {
    name: 'an OpenID provider (custom)',
    id: 'custom',
    rotates: true,
    // oidc-provider takes a refresh token that comes twice for a stolen one (RFC 9700 §4.14.2).
    forgivesLostAnswer: false,
    issAlwaysSent: true,
    lifetimeSeconds: 3_600,
    asked: ['openid', 'offline_access', 'activity'],
    granted: ['openid', 'offline_access', 'activity'],
    // It has no boxes to untick, and passes over what it does not know.
    less: { asked: ['openid', 'offline_access', 'unheard-of'], untick: [], missing: 'unheard-of' },
    start: atIssuer,
  },
];

interface App {
  readonly id: string;
  readonly secret: string;
}

async function atSandbox(
  service: Service,
  { id, secret }: App,
  revoke: string,
  now: () => Date,
): Promise<RunningProvider> {
  const sandbox = await startSandbox({ now });
  return {
    issuer: sandbox.origin,
    login: {
      provider: service === 'fitbit' ? 'fitbit' : 'google-health',
      sandbox: sandbox.origin,
      profile: 'default',
      clientId: id,
      clientSecret: secret,
    },
    refreshes: () => sandbox.state().services[service].refreshes,
    register: (redirectUri) => void sandbox.register({ id, redirectUris: [redirectUri] }),
    decide: decideAtSandbox,
    endGrant: (token) => post(new URL(revoke, sandbox.origin), { id, secret }, token),
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

async function atIssuer(): Promise<RunningProvider> {
  const app = { id: 'a-notebook', secret: 'a secret of the suite' };
  const server = await startIssuer({
    idTokenAlgorithm: 'ES256',
    clients: [{ client_id: app.id, client_secret: app.secret, token_endpoint_auth_method: 'client_secret_basic' }],
  });
  return {
    issuer: server.issuer,
    login: { provider: server.issuer, clientId: app.id, clientSecret: app.secret },
    refreshes: () => server.granted.filter((how) => how === 'refresh_token').length,
    // A native app's loopback redirect URI is right at any port.
    register: () => {},
    decide: decideAtIssuer,
    endGrant: (token) => post(new URL('/token/revocation', server.issuer), app, token),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Presses a button on the sandbox's consent page, and does not follow where that leads. */
export async function decideAtSandbox(authorizeUrl: URL, { allow = true, untick = [] }: Decision = {}): Promise<URL> {
  const form = readForm(await (await fetch(authorizeUrl)).text());
  const body = new URLSearchParams();
  for (const { kind, name, value } of form?.fields ?? []) {
    const chosen =
      kind === 'button'
        ? value === (allow ? 'allow' : 'deny')
        : kind === 'checkbox'
          ? !untick.includes(value)
          : kind !== 'option' || !body.has(name);
    if (chosen) body.append(name, value);
  }
  const action = new URL(form?.action ?? '', authorizeUrl);
  const { headers } = await fetch(action, { method: 'POST', body, redirect: 'manual' });
  return new URL(headers.get('location') ?? '');
}

async function post(endpoint: URL, { id, secret }: App, token: string): Promise<void> {
  const authorization = `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`;
  const body = new URLSearchParams({ token, token_type_hint: 'refresh_token' });
  const { ok } = await fetch(endpoint, { method: 'POST', headers: { authorization }, body });
  if (!ok) throw new Error('The provider did not take the consent back.');
}
