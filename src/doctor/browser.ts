import { type Finding, ok, warning, wrong } from './check.ts';
import type { Trouble } from './trouble.ts';

/** How an address would be opened. */
export interface BrowserFacts {
  /** Why nobody would see a page that is opened here: a sentence's first half. */
  readonly elsewhere?: string | undefined;
  /** The commands of `BROWSER`, and whether the program of each can be run. */
  readonly commands: readonly { readonly text: string; readonly runs: boolean }[];
  /** What is wrong with the value of `BROWSER`. */
  readonly trouble?: Trouble | undefined;
}

const BY_HAND = 'Every sign-in prints its address first, so that it can be opened by hand.';

export function judgeBrowser({ elsewhere, commands, trouble }: BrowserFacts): Finding {
  const unset = 'Mend BROWSER, or unset it: then the system’s usual browser is opened.';
  if (trouble !== undefined) return wrong(trouble.message, BY_HAND, unset);
  if (elsewhere !== undefined) {
    return warning(
      `${elsewhere}, so no browser is opened here.`,
      BY_HAND,
      'Open that address in a browser elsewhere; over SSH with the tunnel that `fitbit-login login` prints, or paste back where the browser ended. BROWSER names a command that opens pages where you are.',
    );
  }
  const missing = commands.filter(({ runs }) => !runs).map(({ text }) => `“${text}”`);
  const found = commands.filter(({ runs }) => runs).map(({ text }) => `“${text}”`);
  if (missing.length === 0) {
    return found.length === 0
      ? ok('The system’s usual browser is opened.', BY_HAND)
      : ok(`BROWSER names ${found.join(', then ')}.`, BY_HAND);
  }
  const what = `BROWSER names ${missing.join(' and ')}, which cannot be run.`;
  return found.length === 0
    ? wrong(what, `The system’s usual way is tried instead. ${BY_HAND}`, unset)
    : warning(what, `${found.join(', then ')} is tried instead.`, 'Mend BROWSER.');
}
