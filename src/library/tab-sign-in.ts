import { type LoginOptions, login, type SignIn } from '../auth/login.ts';
import type { RuntimeOptions } from '../auth/runtime.ts';

/** A sign-in for a browser tab that is open already: the tab is sent to `url`. */
export interface TabSignIn {
  readonly url: string;
  readonly done: Promise<SignIn>;
}

/** Sign-ins that a page of ours begins: at most one waits at a time, because each needs the registered port. */
export class TabSignIns {
  readonly #runtimeOptions: RuntimeOptions;
  #last: { readonly stop: AbortController; readonly done: Promise<unknown> } | undefined;

  constructor(runtimeOptions: RuntimeOptions) {
    this.#runtimeOptions = runtimeOptions;
  }

  /** Ends the sign-in that waits, if one does, and begins another. @throws AuthError as `login`, where it cannot begin */
  async begin(options: LoginOptions): Promise<TabSignIn> {
    await this.end();
    const stop = new AbortController();
    let tell: (url: string) => void = () => {};
    const address = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const done = login(
      {
        ...options,
        browser: false,
        signal: options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]),
        notify: (event) => {
          if (event.kind === 'waiting') tell(event.url);
          options.notify?.(event);
        },
      },
      this.#runtimeOptions,
    );
    // Whoever began it looks at the result; that nobody does so is no unhandled rejection.
    this.#last = { stop, done: done.catch(() => {}) };
    const url = await Promise.race([address, done.then(() => '')]);
    return { url, done };
  }

  /** Ends the sign-in that waits, and frees its port. */
  async end(): Promise<void> {
    this.#last?.stop.abort();
    await this.#last?.done;
  }
}
