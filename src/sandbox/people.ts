import { createHash } from 'node:crypto';

/** Whether a person's Google account has a Health profile, none, or one behind a Fitbit login of the old kind. */
export type Link = 'linked' | 'not-linked' | 'legacy-login';

/** Somebody who can sign in at the sandbox. */
export interface Person {
  /** Six characters, as Fitbit's. Names the person at both services' consent pages. */
  readonly userId: string;
  readonly displayName: string;
  /** The Google account's address. Default: one made of the user id. */
  readonly email?: string;
  /** What Google calls the account: 21 digits. Default: made of the user id. */
  readonly subject?: string;
  /** What Google Health calls the person. Default: made of the user id. */
  readonly healthUserId?: string;
  /** The Fitbit id that Google Health knows. Default: the user id. */
  readonly legacyUserId?: string;
  /** Default `linked`. */
  readonly link?: Link;
}

/** A person of whom everything is settled. */
export type SandboxPerson = Required<Person>;

/** Who can sign in where nobody else is named. */
export const SANDBOX_PEOPLE = [
  { userId: 'WALK01', displayName: 'Morning Walker', email: 'walker@example.com' },
  { userId: 'SLEEP2', displayName: 'Sound Sleeper', email: 'sleeper@example.com' },
  { userId: 'FRESH3', displayName: 'Fresh Starter', email: 'starter@example.com', link: 'not-linked' },
  { userId: 'LOYAL4', displayName: 'Loyal Rider', email: 'rider@example.com', link: 'legacy-login' },
] as const satisfies readonly Person[];

/** The person with every default filled in: the same in each run. */
export function settled(person: Person): SandboxPerson {
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

/** A number of that many digits which looks like any other and depends on the seed alone. */
function digits(seed: string, length: number): string {
  const hash = BigInt(`0x${createHash('sha256').update(seed).digest('hex')}`);
  return `1${String(hash).slice(0, length - 1)}`;
}
