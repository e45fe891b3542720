import { ELSEWHERE, type Elsewhere } from './screen.ts';

/** What becomes of showing an address in a browser. Nothing is told of a browser that stays, as a browser does, and has been seen to work. */
export type BrowserEvent =
  /** A launcher ended well. */
  | { readonly kind: 'browser-opened' }
  /** One way of opening it failed, for this reason, a sentence; the next one is tried where `goesOn` says so. */
  | { readonly kind: 'browser-failed'; readonly reason: string; readonly goesOn: boolean }
  /** What was started has not ended: a browser itself, or a launcher that hangs. `reason` is a sentence; told once for each. */
  | { readonly kind: 'browser-silent'; readonly reason: string }
  /** None is opened, because nobody would see it here. */
  | { readonly kind: 'browser-elsewhere'; readonly why: Elsewhere };

/** What a person should be told of it, who has the address before them; `undefined` where all went well. */
export function browserWords(event: BrowserEvent): string | undefined {
  switch (event.kind) {
    case 'browser-opened':
      return undefined;
    case 'browser-failed':
      return `${event.reason} ${event.goesOn ? 'The next way is tried.' : 'Open the address above yourself.'}`;
    case 'browser-silent':
      return `${event.reason} If no page has opened, open the address above yourself.`;
    case 'browser-elsewhere':
      return `${ELSEWHERE[event.why]}, so no browser was opened.`;
  }
}

/** Shows an address in the person's own browser, as far as that can be done, and returns at once. */
export type OpenBrowser = (url: string, options: OpenBrowserOptions) => void;

export interface OpenBrowserOptions {
  /** Called with what becomes of it. */
  readonly tell: (event: BrowserEvent) => void;
  /** Once aborted, nothing further is tried and nothing further is told. */
  readonly signal?: AbortSignal;
}
