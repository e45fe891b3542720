import * as v from 'valibot';
import type { Fetch } from '../environment.ts';
import { failedWithoutReason } from '../messages.ts';
import { apiError } from '../oauth/errors.ts';
import type { AuthorizationServer } from '../oauth/server.ts';
import type { Secret } from '../secret.ts';
import { googleRefusal } from './google-refusal.ts';
import { type Identity, type Provider, readIntrospection, type ScopeInWords } from './provider.ts';

export const GOOGLE_CLIENT_ID = /^[\w-]+\.apps\.googleusercontent\.com$/;

export const GOOGLE_SCOPE_PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

interface Stem {
  readonly words: string;
  /** Whether writing can be asked for too. */
  readonly writes?: boolean;
  /** Fitbit's scopes that it succeeds. */
  readonly succeeds: readonly string[];
}

const STEMS: Readonly<Record<string, Stem>> = {
  activity_and_fitness: {
    words: 'Steps, exercise, floors and cardio fitness',
    writes: true,
    succeeds: ['activity', 'cardio_fitness'],
  },
  health_metrics_and_measurements: {
    words: 'Heart rate, weight, oxygen, temperature and breathing',
    writes: true,
    succeeds: ['heartrate', 'oxygen_saturation', 'respiratory_rate', 'temperature', 'weight'],
  },
  nutrition: { words: 'Food and water', writes: true, succeeds: ['nutrition'] },
  profile: { words: 'Name, age, height and other profile fields', writes: true, succeeds: ['profile'] },
  settings: { words: 'Devices and account settings', writes: true, succeeds: ['settings'] },
  sleep: { words: 'Sleep stages and sleep goals', writes: true, succeeds: ['sleep'] },
  ecg: { words: 'Electrocardiogram readings', succeeds: ['electrocardiogram'] },
  irn: { words: 'Notifications of an irregular heart rhythm', succeeds: ['irregular_rhythm_notifications'] },
  location: { words: 'GPS data of exercises', succeeds: ['location'] },
};

const SCOPES: readonly ScopeInWords[] = Object.entries(STEMS).flatMap(([stem, { words, writes }]) => {
  const reading = { name: `${GOOGLE_SCOPE_PREFIX}${stem}.readonly`, words };
  const toWrite = `Add ${words.charAt(0).toLowerCase()}${words.slice(1)}`;
  return writes ? [reading, { name: `${GOOGLE_SCOPE_PREFIX}${stem}.writeonly`, words: toWrite }] : [reading];
});

const CONSOLE = 'https://console.cloud.google.com';

/** As few as are useful, and read-only. */
const USUAL = ['activity_and_fitness', 'health_metrics_and_measurements', 'profile', 'sleep'];

/**
 * Google Health (https://developers.google.com/health), behind Google's own OAuth 2.0; or the sandbox that plays both.
 *
 * @param sandbox the sandbox's origin; it has the provider's paths on that one origin
 */
export function googleHealth(sandbox?: string): Provider {
  const accounts = sandbox ?? 'https://accounts.google.com';
  const tokens = sandbox ?? 'https://oauth2.googleapis.com';
  const api = sandbox ?? 'https://health.googleapis.com';
  const defaultScopes = USUAL.map((stem) => `${GOOGLE_SCOPE_PREFIX}${stem}.readonly`);
  const name = sandbox === undefined ? 'Google Health' : 'Google Health (sandbox)';
  const server: AuthorizationServer = {
    name,
    issuer: accounts,
    authorizationEndpoint: `${accounts}/o/oauth2/v2/auth`,
    tokenEndpoint: `${tokens}/token`,
    revocationEndpoint: `${tokens}/revoke`,
    introspectionEndpoint: `${tokens}/tokeninfo`,
    issAlwaysSent: false,
    checksPkce: true,
    codeShape: /^4\/[\w-]{20,}$/,
    clientAuthentication: 'client_secret_post',
    subjectIsUserId: false,
    standardError: googleRefusal,
    rateLimitHint: 'Wait a minute, then try again: Google Health allows 300 requests a minute for each person.',
  };
  return {
    id: 'google-health',
    name,
    server,
    sandbox,
    apiOrigin: api,
    introspection: { authentication: 'none', read: readTokenInformation },
    identify: (token, fetch) => identify(server, `${api}/v4/users/me/identity`, token, fetch),
    scopes: SCOPES,
    successorsOf,
    fullScope,
    defaultScopes,
    identityScopes: ['openid', 'email'],
    // A Desktop client has nothing registered: any free port of 127.0.0.1 will do.
    defaultRedirectUris: ['http://127.0.0.1:0/callback'],
    authorizationParameters: { access_type: 'offline' },
    takesLoginHint: true,
    prompts: ['consent', 'select_account', 'select_account consent', 'none'],
    revocationEnds: "Google ends this account's sign-ins with every client of this app's project, on all computers.",
    confirmsRevocation: true,
    registration: [
      `Turn on the Google Health API: choose or create a project, then press Enable. ${CONSOLE}/flows/enableapi?apiid=health.googleapis.com`,
      `Name your app: press Get started; any name, your email, audience External. ${CONSOLE}/auth/overview/create`,
      `Create a client: choose Desktop app, then Download JSON. It's offered only once. ${CONSOLE}/auth/clients/create`,
      `Add the data: under Manually add scopes, paste these. ${CONSOLE}/auth/scopes\n     ${defaultScopes.join('\n     ')}`,
      `Publish the app. Otherwise Google ends the sign-in after 7 days. ${CONSOLE}/auth/audience`,
    ],
  };
}

/** `email` comes back by its address: the same scope. */
const OPENID_SCOPES: readonly string[] = ['openid', 'email', 'https://www.googleapis.com/auth/userinfo.email'];

/** The scopes that open data; the others only name the account. */
export function dataScopes(scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !OPENID_SCOPES.includes(scope));
}

/**
 * Google's list grows, so that what has the form of a scope of Google Health is for Google to judge; so are OpenID's, but for
 * `profile`, which was one of Google Health's.
 */
function fullScope(scope: string): string | undefined {
  if (OPENID_SCOPES.includes(scope)) return scope;
  const name = shortScope(scope);
  return /^[a-z][a-z_]*\.(readonly|writeonly)$/.test(name) ? `${GOOGLE_SCOPE_PREFIX}${name}` : undefined;
}

/** The names without a suffix were renamed on 2026-05-26: what stands for one now; empty for other names. */
function successorsOf(scope: string): readonly string[] {
  const stem = shortScope(scope);
  if (stem.includes('.')) return [];
  return SCOPES.map(({ name }) => shortScope(name)).filter((name) => name.startsWith(`${stem}.`));
}

/** Reads Google's token information. Its `sub` is the Google account's, not Google Health's user id. */
const readTokenInformation: typeof readIntrospection = (response) => {
  const { scopes, expiresAt } = readIntrospection(response);
  return { scopes: scopes && dataScopes(scopes), expiresAt };
};

/** A scope for people: Google Health's without the address that they all begin with. */
export function shortScope(name: string): string {
  return name.startsWith(GOOGLE_SCOPE_PREFIX) ? name.slice(GOOGLE_SCOPE_PREFIX.length) : name;
}

/** Google Health's scope for one of Fitbit's, to read; `undefined` where there is none (`social`). */
export function successorOf(fitbitScope: string): string | undefined {
  const [stem] = Object.entries(STEMS).find(([, { succeeds }]) => succeeds.includes(fitbitScope)) ?? [];
  return stem && `${GOOGLE_SCOPE_PREFIX}${stem}.readonly`;
}

// What a header or a terminal would act on is in no id.
const id = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,255}$/));
const IdentityResponse = v.object({ legacyUserId: v.optional(id), healthUserId: v.optional(id) });

/**
 * Asks Google Health whose token it is, which shows as well that data can be read.
 *
 * @throws AuthError as `fetch`; what a good token is refused for
 */
async function identify(server: AuthorizationServer, endpoint: string, token: Secret, fetch: Fetch): Promise<Identity> {
  const response = await fetch(endpoint, {
    headers: { accept: 'application/json', authorization: `Bearer ${token.reveal()}` },
  });
  const text = await response.text();
  if (!response.ok) throw apiError(server, response, text, token);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), IdentityResponse), text);
  const { legacyUserId, healthUserId } = parsed.success ? parsed.output : {};
  if (healthUserId !== undefined || legacyUserId !== undefined) return { userId: healthUserId, legacyUserId };
  throw failedWithoutReason(server.name, response.status);
}
