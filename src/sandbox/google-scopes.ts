const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';
const EMAIL = 'https://www.googleapis.com/auth/userinfo.email';

/** The subjects in the order of the documentation; words for people follow "See" or "Add to". */
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
] as const;

export type Subject = (typeof SUBJECTS)[number]['subject'];

/** A scope as it goes over the wire. */
export type GoogleScope = `${typeof PREFIX}${Subject}.${'readonly' | 'writeonly'}` | 'openid' | typeof EMAIL;

const WORDS: ReadonlyMap<string, string> = new Map([
  ['openid', 'Recognise you by your Google Account'],
  [EMAIL, 'See your email address'],
  ...SUBJECTS.flatMap(({ subject, words, writable }) => [
    [readingOf(subject), `See ${words}`] as const,
    ...(writable ? [[`${PREFIX}${subject}.writeonly`, `Add to ${words}`] as const] : []),
  ]),
]);

/** The scope that reads a subject. */
export function readingOf(subject: Subject): GoogleScope {
  return `${PREFIX}${subject}.readonly`;
}

/** Google accepts `email` and returns its full name. */
export function toGoogleScope(name: string): GoogleScope | undefined {
  const full = name === 'email' ? EMAIL : name;
  return isGoogleScope(full) ? full : undefined;
}

function isGoogleScope(name: string): name is GoogleScope {
  return WORDS.has(name);
}

/** True if the scope reads health data. */
export function reads(scope: GoogleScope): boolean {
  return scope.endsWith('.readonly');
}

export function includesEmail(scopes: readonly GoogleScope[]): boolean {
  return scopes.includes(EMAIL);
}

export function labelOf(scope: GoogleScope): { readonly words: string; readonly name: string } {
  const name = scope.replace(PREFIX, '').replace('https://www.googleapis.com/auth/', '');
  return { words: WORDS.get(scope) ?? scope, name };
}

/** True for a scope's name of before 2026-05-26, without a suffix. */
export function isRetired(name: string): boolean {
  return SUBJECTS.some(({ subject }) => name === PREFIX + subject);
}
