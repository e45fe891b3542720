/** Notices when nobody is there any more: no page has been open and nothing was asked for some time. */
export class Presence {
  /** Resolves `idleMs` after the last page was closed or the last request came, whichever was later. */
  readonly gone: Promise<void>;
  readonly #idleMs: number;
  #pages = 0;
  #timer: NodeJS.Timeout | undefined;
  #leave: () => void = () => {};

  constructor({ idleMs }: { readonly idleMs: number }) {
    this.#idleMs = idleMs;
    this.gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.touch();
  }

  /** Somebody asked for something. */
  touch(): void {
    clearTimeout(this.#timer);
    if (this.#pages === 0) this.#timer = setTimeout(this.#leave, this.#idleMs);
  }

  /** A page is open from now on, until the function that is given back is called. */
  arrive(): () => void {
    this.#pages += 1;
    this.touch();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#pages -= 1;
      this.touch();
    };
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#pages = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
  }
}
