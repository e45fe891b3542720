import { type AuthorizationRules, withParameters } from './authorize.ts';
import type { Context } from './context.ts';

const SCOPES = 'https://www.googleapis.com/auth/';
const PREFIX = `${SCOPES}googlehealth.`;
export const EMAIL_SCOPE = `${SCOPES}userinfo.email`;

/** In the order of the documentation; words for people follow "See" or "Add to". */
const SUBJECTS = [
  { subject: 'activity_and_fitness', words: 'your activity and fitness', writable: true },
  { subject: 'health_metrics_and_measurements', words: 'your health metrics and measurements', writable: true },
  { subject: 'nutrition', words: 'your food and water', writable: true },
  { subject: 'profile', words: 'your profile: name, age, height', writable: true },
  { subject: 'settings', words: 'your devices and settings', writable: true },
  { subject: 'sleep', words: 'your sleep', writable: true },
  { subject: 'ecg', words: 'your electrocardiograms (ECG)', writable: false },
  { subject: 'irn', words: 'your irregular rhythm notifications', writable: false },
  { subject: 'location', words: 'where you exercised', writable: false },
  { subject: 'reproductive_health', words: 'your reproductive health', writable: true },
  { subject: 'logged_symptoms', words: 'your symptoms', writable: true },
  { subject: 'mindfulness', words: 'your mindfulness sessions', writable: true },
];

const GOOGLE_SCOPES = new Map([
  ['openid', { words: 'Recognise you by your Google Account' }],
  [EMAIL_SCOPE, { words: 'See your email address' }],
  ...SUBJECTS.flatMap(({ subject, words, writable }) => [
    [readingScope(subject), { words: `See ${words}` }] as const,
    ...(writable ? [[`${PREFIX}${subject}.writeonly`, { words: `Add to ${words}` }] as const] : []),
  ]),
]);

/** The scope that reads a subject. */
export function readingScope(subject: string): string {
  return `${PREFIX}${subject}.readonly`;
}

/** Google's authorization endpoint. */
export function googleAuthorization({ registry, issuer }: Context): AuthorizationRules {
  return {
    service: 'google',
    path: '/o/oauth2/v2/auth',
    people: registry.people,
    account: ({ displayName, email }) => `${email} (${displayName})`,
    scopes: GOOGLE_SCOPES,
    fullScope: (name) => (name === 'email' ? EMAIL_SCOPE : name),
    unknownScope: (name) => {
      if (name === `${SCOPES}cloud-platform`) return ['Health scopes cannot be mixed with:', 403];
      if (!GOOGLE_SCOPES.has(`${name}.readonly`)) return undefined;
      return ['Its name ends in .readonly or .writeonly since 2026-05-26:', 400];
    },
    prompts: ['none', 'consent', 'select_account'],
    denied: ({ redirectUri, state }, error) => withParameters(redirectUri, { error, state }, encode),
    allowed: ({ redirectUri, state }, { code, scopes, origin }) => {
      const iss = issuer === undefined ? origin : (issuer ?? undefined);
      return withParameters(redirectUri, { state, code, scope: scopes.join(' '), iss }, encode);
    },
  };
}

/** Leaves the slashes and colons of codes and scopes as they are, like Google. */
function encode(value: string): string {
  return encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('%3A', ':');
}
