import type { ChildProcess } from 'node:child_process';
import { browserWords, type OpenBrowser, type OpenBrowserOptions } from '../browser/event.ts';
import { screenOf, thisMachine } from '../browser/screen.ts';
import type { Environment } from '../environment.ts';
import { asAuthError } from '../errors.ts';

export interface OpenerOptions {
  readonly environment: Environment;
  /** What the caller opens addresses with instead. Rejects where it cannot. */
  readonly own: ((url: string) => Promise<void>) | undefined;
  /** Opens an address the system's own way. */
  readonly usual: (url: string) => Promise<ChildProcess>;
}

/** How an address is shown: as the caller does it, where one does; not at all, where nobody would see it; else by a launcher. */
export function openerOf({ environment, own, usual }: OpenerOptions): OpenBrowser {
  if (own !== undefined) return (url, options) => void openedBy(own(url), options);
  return (url, options) => {
    const machine = thisMachine();
    const screen = screenOf(environment, machine);
    if (screen.kind === 'elsewhere') {
      options.tell({ kind: 'browser-elsewhere', why: screen.why });
      return;
    }
    const { BROWSER: browser, ...others } = environment;
    const hasUsual = screenOf(others, machine).kind === 'seen';
    // Loaded only here: most runs open nothing.
    void import('../browser/launch.ts').then(({ launch }) =>
      launch(url, { browser, usual: hasUsual ? usual : undefined, ...options }),
    );
  };
}

async function openedBy(opening: Promise<void>, { tell, signal }: OpenBrowserOptions): Promise<void> {
  const event = await opening.then(
    () => ({ kind: 'browser-opened' }) as const,
    (thrown) => ({ kind: 'browser-failed', reason: asAuthError(thrown).message, goesOn: false }) as const,
  );
  if (!signal?.aborted) tell(event);
}

/** Tells in sentences what becomes of opening a page, until it has been seen. */
export function tellingInWords(notice: (text: string) => void, seen: AbortSignal): OpenBrowserOptions {
  return {
    signal: seen,
    tell: (event) => {
      const words = browserWords(event);
      if (words !== undefined) notice(words);
    },
  };
}
