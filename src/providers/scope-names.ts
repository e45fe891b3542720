import { GOOGLE_SCOPE_PREFIX } from './google-health.ts';

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
