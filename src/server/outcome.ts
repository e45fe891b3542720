import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { View } from './pages/view.ts';

/** How the sign-in ended, from the moment it has, and whether a person has been shown so. */
export class Outcome {
  /** Where it is shown: an address without the code, which nobody can guess (RFC 9700 §4.3). */
  readonly path = `/result/${randomBytes(16).toString('hex')}`;
  /** Resolves when the page has been handed to a client, or when nobody came for it in time. Pending before the end. */
  readonly answered: Promise<void>;
  readonly #lingerMs: number;
  readonly #underWay = new Set<Promise<void>>();
  #resolveAnswered: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #end: { readonly view: View; readonly query: string } | undefined;

  constructor(options: { readonly lingerMs: number }) {
    this.#lingerMs = options.lingerMs;
    this.answered = new Promise((resolve) => {
      this.#resolveAnswered = resolve;
    });
  }

  get view(): View | undefined {
    return this.#end?.view;
  }

  /** The first end is the end: a later one changes nothing. */
  settle(view: View, query: string): void {
    if (this.#end !== undefined) return;
    this.#end = { view, query };
    this.#timer = setTimeout(this.#resolveAnswered, this.#lingerMs);
  }

  /** Whether this query is the one that ended it. Another one is a stranger's, who must not be shown whose data this is. */
  cameFrom(query: string): boolean {
    return this.#end?.query === query;
  }

  /** Follows the page on its way out. A client that went away before the last byte does not count. */
  follow(response: ServerResponse): void {
    const gone = new Promise<void>((resolve) => {
      response.once('close', () => {
        if (response.writableFinished) this.#resolveAnswered();
        resolve();
      });
    });
    this.#underWay.add(gone);
    void gone.then(() => this.#underWay.delete(gone));
  }

  /** Resolves when no page is on its way any more, after `patienceMs` at the latest. Nothing is left running. */
  async flushed(patienceMs: number): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#underWay.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([Promise.all(this.#underWay), late]);
    clearTimeout(timer);
  }
}
