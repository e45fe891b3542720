import { randomBytes } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import { type GoogleGrant, seat } from './grant.ts';

/** How long a sign-in lasts at an app that is in testing. */
export const TESTING_SECONDS = 604_799;
const MOST_LIVE = 100;
const MONTHS_UNUSED = 6;

type Seated = Pick<GoogleGrant, 'clientId' | 'userId'>;

interface RefreshToken {
  readonly grant: GoogleGrant;
  /** Absent where it ends only by not being used. */
  readonly endsAt?: Date;
  readonly usedAt: Date;
}

/**
 * Google's refresh tokens. A use does not spend one. It dies after six months without use, at its date where the app is
 * in testing, when the person has a hundred newer ones for the app, or when the consent is taken back.
 */
export class RefreshTokens {
  readonly #clock: SandboxClock;
  // In the order in which they were issued.
  readonly #live = new Map<string, RefreshToken>();
  readonly #dead = new Map<string, GoogleGrant>();

  constructor(clock: SandboxClock) {
    this.#clock = clock;
  }

  issue(grant: GoogleGrant, testing: boolean): string {
    const now = this.#clock.now();
    const siblings = this.#of(grant);
    for (const token of siblings.slice(0, Math.max(0, siblings.length - MOST_LIVE + 1))) this.#kill(token);
    const token = `1//0${randomBytes(48).toString('base64url')}`;
    const endsAt = new Date(now.getTime() + TESTING_SECONDS * 1000);
    this.#live.set(token, { grant, usedAt: now, ...(testing ? { endsAt } : {}) });
    return token;
  }

  /** What a token stands for, if it lives. Changes nothing that could be seen. */
  find(token: string): RefreshToken | undefined {
    const known = this.#live.get(token);
    if (known === undefined) return undefined;
    const now = this.#clock.now();
    const unusedUntil = new Date(known.usedAt);
    unusedUntil.setUTCMonth(unusedUntil.getUTCMonth() + MONTHS_UNUSED);
    const over = now > unusedUntil || (known.endsAt !== undefined && now >= known.endsAt);
    return over ? undefined : known;
  }

  /** Notes that a token was used now. */
  use(token: string, known: RefreshToken): void {
    this.#live.set(token, { ...known, usedAt: this.#clock.now() });
  }

  /** Whose a token is or was, alive or dead. */
  owner(token: string): GoogleGrant | undefined {
    return this.#live.get(token)?.grant ?? this.#dead.get(token);
  }

  /** Kills all tokens of a person for an app. */
  end(owner: Seated): void {
    for (const token of this.#of(owner)) this.#kill(token);
  }

  #of(owner: Seated): readonly string[] {
    return [...this.#live].filter(([, { grant }]) => seat(grant) === seat(owner)).map(([token]) => token);
  }

  #kill(token: string): void {
    const known = this.#live.get(token);
    if (known !== undefined) this.#dead.set(token, known.grant);
    this.#live.delete(token);
  }
}
