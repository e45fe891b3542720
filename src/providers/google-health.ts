import * as v from 'valibot';
import type { Fetch } from '../environment.ts';
import type { StandardError } from '../oauth/server.ts';
import type { Secret } from '../secret.ts';
import { epochSeconds, type Identity, type Provider, type ScopeInWords, type TokenClaims } from './provider.ts';

/** What a Google client id looks like. */
export const GOOGLE_CLIENT_ID = /^[\w-]+\.apps\.googleusercontent\.com$/;

/** What every scope of Google Health begins with. */
export const GOOGLE_SCOPE_PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

/** By the scope's stem: what it opens, and whether writing can be asked for too. */
const STEMS = {
  activity_and_fitness: { words: 'Steps, exercise, floors and cardio fitness', writes: true },
  health_metrics_and_measurements: { words: 'Heart rate, weight, oxygen, temperature and breathing', writes: true },
  nutrition: { words: 'Food and water', writes: true },
  profile: { words: 'Name, age, height and other profile fields', writes: true },
  settings: { words: 'Devices and account settings', writes: true },
  sleep: { words: 'Sleep stages and sleep goals', writes: true },
  ecg: { words: 'Electrocardiogram readings', writes: false },
  irn: { words: 'Notifications of an irregular heart rhythm', writes: false },
  location: { words: 'GPS data of exercises', writes: false },
} as const;

const SCOPES: readonly ScopeInWords[] = Object.entries(STEMS).flatMap(([stem, { words, writes }]) => [
  { name: `${GOOGLE_SCOPE_PREFIX}${stem}.readonly`, words },
  ...(writes
    ? [
        {
          name: `${GOOGLE_SCOPE_PREFIX}${stem}.writeonly`,
          words: `Add to: ${words.charAt(0).toLowerCase()}${words.slice(1)}`,
        },
      ]
    : []),
]);

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
  const name = sandbox === undefined ? 'Google Health' : 'Google Health (sandbox)';
  return {
    id: 'google-health',
    name,
    server: {
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
      standardError,
    },
    sandbox,
    apiOrigin: api,
    introspection: { authentication: 'none', read: readTokenInformation },
    identify: (token, fetch) => identify(`${api}/v4/users/me/identity`, token, fetch),
    scopes: SCOPES,
    successorsOf,
    defaultScopes: USUAL.map((stem) => `${GOOGLE_SCOPE_PREFIX}${stem}.readonly`),
    // A Desktop client has nothing registered: any free port of 127.0.0.1 will do.
    defaultRedirectUris: ['http://127.0.0.1:0/callback'],
    authorizationParameters: { access_type: 'offline' },
    takesLoginHint: true,
    prompts: ['consent', 'select_account', 'select_account consent', 'none'],
    registration: [
      'Open https://console.cloud.google.com/auth/clients and make an OAuth client of the type Desktop app.',
      'Switch on the Google Health API for its project.',
      'Publish the app (Audience: In production), or every sign-in ends after seven days.',
      'Download the client’s JSON file: it holds the client id and the secret.',
    ],
  };
}

/** The names without a suffix were renamed on 2026-05-26: what stands for one now; empty for other names. */
function successorsOf(scope: string): readonly string[] {
  const stem = scope.startsWith(GOOGLE_SCOPE_PREFIX) ? scope.slice(GOOGLE_SCOPE_PREFIX.length) : scope;
  return SCOPES.map(({ name }) => name.slice(GOOGLE_SCOPE_PREFIX.length)).filter(
    (name) => name.startsWith(`${stem}.`) && !stem.includes('.'),
  );
}

const TokenInformation = v.object({
  scope: v.optional(v.string()),
  sub: v.optional(v.string()),
  exp: v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(Number), epochSeconds)),
});

/** Reads Google's token information, whose numbers are texts. */
function readTokenInformation(response: Readonly<Record<string, unknown>>): TokenClaims {
  const parsed = v.safeParse(TokenInformation, response);
  if (!parsed.success) return {};
  const { scope, sub, exp } = parsed.output;
  return { userId: sub, scopes: scope?.split(' ').filter(Boolean), expiresAt: exp };
}

/** A scope for people: Google Health's without the address that they all begin with. */
export function shortScope(name: string): string {
  return name.startsWith(GOOGLE_SCOPE_PREFIX) ? name.slice(GOOGLE_SCOPE_PREFIX.length) : name;
}

/** What became of each of Fitbit's scopes at Google Health: the stem of its successor's name. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  activity: 'activity_and_fitness',
  cardio_fitness: 'activity_and_fitness',
  heartrate: 'health_metrics_and_measurements',
  oxygen_saturation: 'health_metrics_and_measurements',
  respiratory_rate: 'health_metrics_and_measurements',
  temperature: 'health_metrics_and_measurements',
  weight: 'health_metrics_and_measurements',
  electrocardiogram: 'ecg',
  irregular_rhythm_notifications: 'irn',
  location: 'location',
  nutrition: 'nutrition',
  profile: 'profile',
  settings: 'settings',
  sleep: 'sleep',
};

/** Google Health's scope for one of Fitbit's, to read; `undefined` where there is none (`social`). */
export function successorOf(fitbitScope: string): string | undefined {
  return Object.hasOwn(SUCCESSORS, fitbitScope)
    ? `${GOOGLE_SCOPE_PREFIX}${SUCCESSORS[fitbitScope]}.readonly`
    : undefined;
}

/** The page on which a Google account gets a Health profile. */
const SIGN_UP = 'https://fitbit.google.com/auth/signup';

/** google.rpc.Status as JSON, which is how every Google API refuses; the reason is in its ErrorInfo. */
const Refusal = v.object({
  error: v.object({
    status: v.optional(v.string(), 'UNKNOWN'),
    message: v.optional(v.string()),
    details: v.optional(
      v.array(
        v.looseObject({
          reason: v.optional(v.string()),
          metadata: v.optional(v.looseObject({ redirect_uri: v.optional(v.string()) })),
        }),
      ),
      [],
    ),
  }),
});

/** What a good token can be refused for, in RFC 6749's or our own name, and what helps: a new sign-in does not. */
const KNOWN: Readonly<
  Record<string, { readonly error: string; readonly helps: (address: string) => string } | undefined>
> = {
  ACCOUNT_NOT_LINKED: {
    error: 'account_not_linked',
    helps: (address) => `This Google account has no Health profile yet: open ${address} and make one.`,
  },
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: {
    error: 'insufficient_scope',
    helps: () => 'Sign in again and allow a scope that reads, one that ends in .readonly.',
  },
  SERVICE_DISABLED: {
    error: 'service_disabled',
    helps: () =>
      'Switch on the Google Health API for the project of this app: https://console.cloud.google.com/apis/library.',
  },
};

/** The refusal of a Google API in RFC 6749's shape; `undefined` for what is none. */
function standardError(body: unknown): StandardError | undefined {
  const parsed = v.safeParse(Refusal, body);
  if (!parsed.success) return undefined;
  const { status, message, details } = parsed.output.error;
  const info = details.find(({ reason }) => reason !== undefined && Object.hasOwn(KNOWN, reason));
  const known = KNOWN[info?.reason ?? ''];
  return {
    error: known?.error ?? status,
    error_description: message,
    hint: known?.helps(addressOr(info?.metadata?.redirect_uri)),
  };
}

/** A URL from a response, normalised so that no terminal acts on it. */
function addressOr(given: string | undefined): string {
  const url = given !== undefined && URL.canParse(given) ? new URL(given) : undefined;
  return url?.protocol === 'https:' ? url.href : SIGN_UP;
}

// What a header or a terminal would act on is in no id.
const id = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,255}$/));
const IdentityResponse = v.object({ legacyUserId: v.optional(id), healthUserId: v.optional(id) });

/**
 * Asks Google Health whose token it is. A good token can be of an account that cannot be read yet: that is told, and is
 * no failure.
 *
 * @param endpoint `…/v4/users/me/identity`
 * @throws AuthError as `fetch`
 */
async function identify(endpoint: string, token: Secret, fetch: Fetch): Promise<Identity> {
  const response = await fetch(endpoint, {
    headers: { accept: 'application/json', authorization: `Bearer ${token.reveal()}` },
  });
  const { status } = response;
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) {
    const parsed = v.safeParse(IdentityResponse, body);
    const { legacyUserId, healthUserId } = parsed.success ? parsed.output : {};
    return healthUserId === undefined && legacyUserId === undefined
      ? { obstacle: unsaid(status) }
      : { userId: healthUserId, legacyUserId };
  }
  const helps = standardError(body)?.hint;
  if (helps !== undefined) return { obstacle: `${helps} ${COMPLETE}` };
  // Any other refusal of a good token is of the account: one that was never moved to Google.
  if (status === 403) {
    return {
      obstacle: `This account still signs in the old Fitbit way: open ${SIGN_UP} and move it to Google. ${COMPLETE}`,
    };
  }
  return { obstacle: unsaid(status) };
}

const COMPLETE = 'The sign-in itself is complete.';

function unsaid(status: number): string {
  return `Google Health did not say whose account this is (${status}). ${COMPLETE}`;
}
