import type { AuthError } from '../errors.ts';
import type { SignIn } from './redeem.ts';

/** What the right answer says. */
export type TakenAnswer =
  | { readonly kind: 'refused'; readonly error: AuthError }
  | { readonly kind: 'granted'; readonly parameters: URLSearchParams };

/**
 * The one answer of a sign-in, whichever way it comes. The state is dead after its first use: the first answer is used, and
 * whoever brings one later is given the same result.
 */
export class Answer {
  readonly #use: (answer: TakenAnswer) => Promise<SignIn>;
  #result: Promise<SignIn> | undefined;
  #arrive: (arrived: { readonly result: Promise<SignIn> }) => void = () => {};
  /** Resolves as soon as there is an answer, with what becomes of it. */
  readonly arrived: Promise<{ readonly result: Promise<SignIn> }>;

  /** @param use called once, with the first answer */
  constructor(use: (answer: TakenAnswer) => Promise<SignIn>) {
    this.#use = use;
    this.arrived = new Promise((resolve) => {
      this.#arrive = resolve;
    });
  }

  get hasArrived(): boolean {
    return this.#result !== undefined;
  }

  take(answer: TakenAnswer): Promise<SignIn> {
    if (this.#result !== undefined) return this.#result;
    const result = this.#use(answer);
    this.#result = result;
    this.#arrive({ result });
    return result;
  }
}
