import type { IconName } from './icons.ts';

export interface Link {
  readonly label: string;
  /** Only ever an address of this machine or of the provider. */
  readonly url: string;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** An identifier or a path: set in monospace, broken only after `/ . _ -`. */
  readonly code?: boolean;
  /** Words behind it. */
  readonly after?: string;
}

/** A sentence with its icon; a link may stand inside. */
export interface IconLine {
  readonly icon: IconName;
  readonly text: string | readonly (string | Link)[];
}

/** What a result page shows: what happened, to whom, what was kept, and the one thing to do next. */
export interface View {
  readonly tone: 'success' | 'warning' | 'failure' | 'waiting';
  readonly title: string;
  readonly account?: { readonly name: string; readonly provider: string };
  /** One sentence, if no account is shown. */
  readonly lead?: string;
  readonly lines?: readonly IconLine[];
  /** What to run next in the terminal. */
  readonly command?: { readonly label: string; readonly command: string };
  /** What to do next in this tab; shown instead of the command. */
  readonly button?: Link;
  readonly facts?: readonly Fact[];
  /** "Sandbox". */
  readonly badge?: string;
  /** Where the page leads by itself. */
  readonly leaving?: Link;
  /** The response came from a browser other than the one that began. */
  readonly otherBrowser?: boolean;
}

export type PageName = 'setup' | 'status';

export interface Departure {
  readonly url: string;
  /** The provider that it leads to: `accounts.google.com`. */
  readonly host: string;
  /** The address, `127.0.0.1:8976`, that a browser on another device reaches only if its port is forwarded. The tab then waits for a click. */
  readonly forwarded?: string | undefined;
}

/** The result of a button, shown by the next page: at the profile it was about, else at the top. */
export interface Notice {
  readonly tone: 'success' | 'failure';
  readonly text: string;
  readonly profile?: string;
}

/** What setup and status page need of the site around them. */
export interface Shell {
  readonly csrf: string;
  readonly notice?: Notice | undefined;
  readonly ticks: ReadonlySet<string>;
}
