import * as v from 'valibot';
import type { StandardError } from '../oauth/server.ts';
import { DEFAULT_REDIRECT_URI, epochSeconds, type Introspection, type Provider, type TokenClaims } from './provider.ts';

export const FITBIT_CLIENT_ID = /^[0-9A-Z]{6}$/;

export const FITBIT_REVOCATION = "Fitbit ends this account's sign-ins with this app, on all computers.";

/** With their codes in an access token, which follow an `r` or a `w`. */
const SCOPES = {
  activity: { code: 'act', words: 'Steps, distance, floors, exercise and goals' },
  cardio_fitness: { code: 'cf', words: 'Cardio fitness score (VO2 max)' },
  electrocardiogram: { code: 'ecg', words: 'Electrocardiogram readings' },
  heartrate: { code: 'hr', words: 'Heart rate and heart rate variability' },
  irregular_rhythm_notifications: { code: 'irn', words: 'Notifications of an irregular heart rhythm' },
  location: { code: 'loc', words: 'GPS data of exercises' },
  nutrition: { code: 'nut', words: 'Food and water' },
  oxygen_saturation: { code: 'oxy', words: 'Blood oxygen (SpO2)' },
  profile: { code: 'pro', words: 'Name, age, height and other profile fields' },
  respiratory_rate: { code: 'res', words: 'Breathing rate' },
  settings: { code: 'set', words: 'Devices, alarms and account settings' },
  sleep: { code: 'sle', words: 'Sleep stages and sleep goals' },
  social: { code: 'soc', words: 'Friends and leaderboard' },
  temperature: { code: 'tem', words: 'Skin and core temperature' },
  weight: { code: 'wei', words: 'Weight and body fat' },
};

/**
 * The Fitbit Web API (https://dev.fitbit.com/build/reference/web-api/), or the sandbox that plays it.
 *
 * @param sandbox the sandbox's origin; it has the provider's paths on that one origin
 */
export function fitbit(sandbox?: string): Provider {
  const site = sandbox ?? 'https://www.fitbit.com';
  const api = sandbox ?? 'https://api.fitbit.com';
  const name = sandbox === undefined ? 'Fitbit' : 'Fitbit (sandbox)';
  return {
    id: 'fitbit',
    name,
    server: {
      name,
      issuer: site,
      authorizationEndpoint: `${site}/oauth2/authorize`,
      tokenEndpoint: `${api}/oauth2/token`,
      revocationEndpoint: `${api}/oauth2/revoke`,
      introspectionEndpoint: `${api}/1.1/oauth2/introspect`,
      issAlwaysSent: false,
      checksPkce: true,
      codeShape: /^[0-9a-f]{40}$/,
      clientAuthentication: 'client_secret_basic',
      userIdField: 'user_id',
      standardError,
    },
    sandbox,
    apiOrigin: api,
    readAccessToken,
    introspection: { authentication: 'bearer', read: readIntrospection },
    repeatsRefresh: true,
    scopes: Object.entries(SCOPES).map(([scope, { words }]) => ({ name: scope, words })),
    defaultScopes: Object.keys(SCOPES),
    defaultRedirectUris: [DEFAULT_REDIRECT_URI],
    prompts: ['consent', 'login', 'login consent', 'none'],
    revocationEnds: FITBIT_REVOCATION,
    registration: [
      'Open https://dev.fitbit.com/apps and register an app, or open the one you have.',
      `Set its redirect URL to ${DEFAULT_REDIRECT_URI} exactly, and its type to Personal.`,
      'Fitbit stopped accepting new apps in May 2026; existing apps work until the shutdown.',
    ],
  };
}

const FitbitErrors = v.object({
  errors: v.tupleWithRest([v.object({ errorType: v.string(), message: v.optional(v.string()) })], v.unknown()),
});

// Fitbit has errors of its own shape, {"errors":[{"errorType","message"}],"success":false}, first one first.
function standardError(body: unknown): StandardError | undefined {
  const parsed = v.safeParse(FitbitErrors, body);
  if (!parsed.success) return undefined;
  const { errorType, message } = parsed.output.errors[0];
  return { error: errorType, error_description: message };
}

const epochMilliseconds = v.pipe(
  v.number(),
  v.transform((value) => value / 1000),
  epochSeconds,
);
const Claims = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    sub: v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/)),
    scopes: v.optional(v.string(), ''),
    iat: epochSeconds,
    exp: epochSeconds,
  }),
);

/** Reads a Fitbit access token, a JWT whose scopes are codes. */
function readAccessToken(token: string): TokenClaims | undefined {
  const [, payload = ''] = token.split('.');
  const parsed = v.safeParse(Claims, Buffer.from(payload, 'base64url').toString());
  if (!parsed.success) return undefined;
  const { sub: userId, scopes, iat: issuedAt, exp: expiresAt } = parsed.output;
  const codes = scopes.split(' ').map((code) => code.slice(1));
  const granted = codes.flatMap((code) => Object.entries(SCOPES).filter(([, scope]) => scope.code === code));
  return { userId, scopes: [...new Set(granted.map(([name]) => name))], issuedAt, expiresAt };
}

const IntrospectionResponse = v.object({
  scope: v.optional(v.string(), ''),
  exp: v.optional(epochMilliseconds),
});

/** Reads Fitbit's introspection, whose times are milliseconds and whose scope, `{ACTIVITY=READ, SLEEP=READ}`, is not JSON. */
const readIntrospection: Introspection['read'] = (response) => {
  const parsed = v.safeParse(IntrospectionResponse, response);
  if (!parsed.success) return {};
  const { scope, exp: expiresAt } = parsed.output;
  const names = scope.split(/[{},]/).map((part) => part.trim().split('=')[0]?.toLowerCase() ?? '');
  return { scopes: names.filter((name) => name !== ''), expiresAt };
};
