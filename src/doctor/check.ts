/** `warning`: a sign-in works, though not as one might expect. `wrong`: something will fail. */
export type CheckState = 'ok' | 'warning' | 'wrong';

/** One thing that a sign-in depends on, and how it stands. */
export interface Check {
  readonly id: CheckId;
  /** A few words: "Loopback, IPv4". */
  readonly title: string;
  readonly state: CheckState;
  /** What was found: sentences. Never holds a secret. */
  readonly found: string;
  /** What that means for whoever wants to sign in: a sentence. */
  readonly means: string;
  /** What to do. Absent where all is well. */
  readonly todo?: string;
}

/** Every check, in the order in which a sign-in meets it. `provider` only where the network is asked. */
export const CHECKS = [
  { id: 'registration', title: 'App and redirect URI' },
  { id: 'directory', title: 'Directory' },
  { id: 'profile', title: 'Profile file' },
  { id: 'log', title: 'Log file' },
  { id: 'loopback-ipv4', title: 'Loopback, IPv4' },
  { id: 'loopback-ipv6', title: 'Loopback, IPv6' },
  { id: 'port', title: 'Port' },
  { id: 'browser', title: 'Browser' },
  { id: 'proxy', title: 'Proxy' },
  { id: 'certificates', title: 'Certificates' },
  { id: 'clock', title: 'Clock' },
  { id: 'provider', title: 'Provider' },
] as const;

export type CheckId = (typeof CHECKS)[number]['id'];

/** A check without its name. */
export type Finding = Omit<Check, 'id' | 'title'>;

export function ok(found: string, means: string): Finding {
  return { state: 'ok', found, means };
}

const finding = (state: 'warning' | 'wrong') => (found: string, means: string, todo: string) =>
  ({ state, found, means, todo }) satisfies Finding;

export const warning = finding('warning');
export const wrong = finding('wrong');
