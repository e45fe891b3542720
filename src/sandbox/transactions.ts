import { randomBytes } from 'node:crypto';

// More pages than a person could have open; the oldest makes room, so that asking cannot fill the memory.
const MOST_OPEN = 1_000;

/**
 * Requests whose consent page is open. A decision must name its page's id, which works once: what was not served a page
 * cannot decide.
 */
export class Transactions<T> {
  readonly #open = new Map<string, T>();

  begin(request: T): string {
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= MOST_OPEN) this.#open.delete(oldest);
    const id = randomBytes(16).toString('hex');
    this.#open.set(id, request);
    return id;
  }

  /** The request of this id, which is then spent. */
  take(id: string | undefined): T | undefined {
    if (id === undefined) return undefined;
    const request = this.#open.get(id);
    this.#open.delete(id);
    return request;
  }
}
