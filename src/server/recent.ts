import { randomBytes } from 'node:crypto';

/** How many are remembered; the oldest is forgotten first. */
const CAPACITY = 32;

/** Things that the next page needs and that do not belong into an address: each is known by a random id instead. */
export class Recent<T> {
  readonly #kept = new Map<string, T>();

  keep(thing: T): string {
    const id = randomBytes(9).toString('base64url');
    this.#kept.set(id, thing);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size > CAPACITY) this.#kept.delete(oldest);
    return id;
  }

  find(id: string | null): T | undefined {
    return id === null ? undefined : this.#kept.get(id);
  }
}
