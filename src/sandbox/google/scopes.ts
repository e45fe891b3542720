const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

/** What scopes are about, in the order of the documentation; and what a person reads after "See" or "Add to". */
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
] as const;

export type Subject = (typeof SUBJECTS)[number]['subject'];

/** A scope of Google Health as it goes over the wire: a whole address. */
export type GoogleScope = `${typeof PREFIX}${Subject}.${'readonly' | 'writeonly'}`;

const WORDS: ReadonlyMap<string, string> = new Map(
  SUBJECTS.flatMap(({ subject, words, writable }) => [
    [readingOf(subject), `See ${words}`],
    ...(writable ? ([[`${PREFIX}${subject}.writeonly`, `Add to ${words}`]] as const) : []),
  ]),
);

/** The scope that reads a subject. */
export function readingOf(subject: Subject): GoogleScope {
  return `${PREFIX}${subject}.readonly`;
}

export function isGoogleScope(name: string): name is GoogleScope {
  return WORDS.has(name);
}

export function reads(scope: GoogleScope): boolean {
  return scope.endsWith('.readonly');
}

/** What a person reads. */
export function wordsOf(scope: GoogleScope): string {
  return WORDS.get(scope) ?? scope;
}

/** Without what all of them begin with. */
export function shortNameOf(scope: GoogleScope): string {
  return scope.slice(PREFIX.length);
}

/** Whether this was a scope until the names got their suffixes on 2026-05-26. */
export function isRetired(name: string): boolean {
  return SUBJECTS.some(({ subject }) => name === PREFIX + subject);
}
