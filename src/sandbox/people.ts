import { createHash } from 'node:crypto';
import type { GoogleRefusal } from './google-refusals.ts';

/** The state of a person's Google Health account: fine, or how its API refuses a good token. */
export type Link = 'linked' | keyof typeof LINK_REFUSALS;

/** How Google Health refuses these accounts. */
export const LINK_REFUSALS = {
  'not-linked': 'account-not-linked',
  'setup-unfinished': 'setup-unfinished',
  'legacy-login': 'legacy-login',
  'permission-denied': 'resource-permission-denied',
} as const satisfies Record<string, GoogleRefusal>;

/** A person who can sign in to the sandbox. */
export interface Person {
  /** Six characters, as Fitbit's. Identifies the person on the consent pages of both services. */
  readonly userId: string;
  readonly displayName: string;
  /** The Google account's address. Default: derived from the user id. */
  readonly email?: string;
  /** The Google account's number, 21 digits. Default: derived from the user id. */
  readonly subject?: string;
  /** Google Health's number for the person. Default: derived from the user id. */
  readonly healthUserId?: string;
  /** The Fitbit id that Google Health knows. Default: the user id. */
  readonly legacyUserId?: string;
  /** Default `linked`. */
  readonly link?: Link;
}

export type SandboxPerson = Required<Person>;

/** The people of a sandbox that is given no others. */
export const SANDBOX_PEOPLE = [
  { userId: 'WALK01', displayName: 'Morning Walker', email: 'walker@example.com' },
  { userId: 'SLEEP2', displayName: 'Sound Sleeper', email: 'sleeper@example.com' },
  { userId: 'FRESH3', displayName: 'Fresh Starter', email: 'starter@example.com', link: 'not-linked' },
  { userId: 'STUCK4', displayName: 'Stuck Stepper', email: 'stepper@example.com', link: 'permission-denied' },
] as const satisfies readonly Person[];

/** The same defaults in each run. */
export function withDefaults(person: Person): SandboxPerson {
  const { userId } = person;
  return {
    email: `${userId.toLowerCase()}@example.com`,
    subject: digits(`subject ${userId}`, 21),
    healthUserId: digits(`health ${userId}`, 19),
    legacyUserId: userId,
    link: 'linked',
    ...person,
  };
}

/** A plausible number of that many digits, derived from the seed alone. */
function digits(seed: string, length: number): string {
  const hash = BigInt(`0x${createHash('sha256').update(seed).digest('hex')}`);
  return `1${String(hash).slice(0, length - 1)}`;
}
