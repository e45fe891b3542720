/** Something to type next, and why. */
export interface NextStep {
  readonly label: string;
  readonly command: string;
}

export interface Fact {
  readonly label: string;
  /** Several values are shown as a list. */
  readonly value: string | readonly string[];
}

/** What happened, in words for a person; a page shows it, and a terminal says the same. */
export interface View {
  readonly tone: 'success' | 'warning' | 'failure' | 'waiting';
  /** A few words: "Signed in". */
  readonly title: string;
  /** One or two sentences: what happened, and what was kept. */
  readonly lead: string;
  readonly facts: readonly Fact[];
  readonly notes: readonly string[];
  readonly next: readonly NextStep[];
  /** A way on, shown as the one button: back to the status page, say. Only ever an address of this machine or of the provider. */
  readonly back?: { readonly label: string; readonly url: string };
  /** Shown as a badge on the page: "sandbox". */
  readonly badge?: string;
}

/** What the sign-in says to one request at the redirect URI. */
export interface CallbackAnswer {
  /**
   * `true` when the sign-in is over (signed in, denied, failed): the page is shown and the server may close.
   * `false` when the request was not the awaited answer: it is told so with a 4xx and the wait goes on.
   */
  readonly final: boolean;
  readonly view: View;
}
