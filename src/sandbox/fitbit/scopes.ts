interface ScopeFacts {
  /** In the access token's `scopes` claim. */
  readonly code: string;
  /** What a person reads on the consent page. */
  readonly words: string;
}

/** Fitbit's scopes, in the order in which the consent page lists them. */
export const SCOPES = {
  activity: { code: 'ract', words: 'Activity and exercise' },
  heartrate: { code: 'rhr', words: 'Heart rate' },
  sleep: { code: 'rsle', words: 'Sleep' },
  weight: { code: 'rwei', words: 'Weight and body fat' },
  nutrition: { code: 'rnut', words: 'Food and water' },
  profile: { code: 'rpro', words: 'Profile: name, age, height' },
  settings: { code: 'rset', words: 'Devices and settings' },
  location: { code: 'rloc', words: 'Location and GPS tracks' },
  social: { code: 'rsoc', words: 'Friends' },
  cardio_fitness: { code: 'rcf', words: 'Cardio fitness (VO₂ max)' },
  oxygen_saturation: { code: 'roxy', words: 'Blood oxygen (SpO₂)' },
  respiratory_rate: { code: 'rres', words: 'Breathing rate' },
  temperature: { code: 'rtem', words: 'Temperature' },
  electrocardiogram: { code: 'recg', words: 'Electrocardiogram (ECG)' },
  irregular_rhythm_notifications: { code: 'rirn', words: 'Irregular rhythm notifications' },
} as const satisfies Record<string, ScopeFacts>;

/** A scope that Fitbit knows. */
export type Scope = keyof typeof SCOPES;

/** Whether Fitbit knows a scope of this name. */
export function isScope(name: string): name is Scope {
  return Object.hasOwn(SCOPES, name);
}
