import type { AppOptions } from './app.ts';
import { BindError, bindFirst } from './bind.ts';
import { Entrance } from './entrance.ts';
import type { Action, Notice, PageName, SetupForm, SetupView, StatusView } from './pages/site-view.ts';
import { explainBindError } from './port-in-use.ts';
import { Presence } from './presence.ts';
import { parseRedirectUri } from './redirect-uri.ts';
import { siteApp } from './site-app.ts';

/** Where the same tab goes after a button was pressed. */
export type Next =
  /** Away to the provider, by a page of the site's own: so that `form-action` can stay `'self'` whatever redirects follow there. */
  | { readonly kind: 'redirect'; readonly url: string }
  /** To a page of the site, by default the one that the button is on. */
  | { readonly kind: 'page'; readonly page?: PageName; readonly notice?: Notice };

export interface SetupHandlers {
  view(): Promise<SetupView>;
  /** `again` shows the form once more, with its errors and what was typed. */
  submit(form: SetupForm): Promise<Next | { readonly kind: 'again'; readonly view: SetupView }>;
  sandbox(): Promise<Next>;
}

export interface StatusHandlers {
  view(): Promise<StatusView>;
  /** `profile` is what the page sent: it may name one that is gone, or none. */
  act(action: Action, profile: string | undefined): Promise<Next>;
  /** Calls `onChange` whenever `view` would show something else, until the function that is given back is called. */
  subscribe(onChange: () => void): () => void;
}

/** What the site offers: at least one page. */
export interface SiteOptions extends Pick<AppOptions, 'log'> {
  readonly setup?: SetupHandlers;
  readonly status?: StatusHandlers;
  /** Which page the address leads to. Default: `status` where there is one. */
  readonly start?: PageName;
  /** How long nobody may be there before the site ends, in milliseconds. Default 15 minutes. */
  readonly idleMs?: number;
  readonly now: () => Date;
  /** Default 0: any free one. */
  readonly port?: number;
}

/** A running local site, for one browser of one person. */
export interface Site {
  /** The address to open, with a key that works once. */
  readonly url: string;
  /** The address of a page without the key: for a link, in a browser that is in already. */
  pageUrl(page: PageName): string;
  /**
   * Resolves, with the port free, when the *Stop* button was pressed, or when nobody was there for `idleMs`: no page open and in
   * sight (a page without JavaScript counts as closed once it is loaded) and nothing asked for. Stays pending after `close()`.
   */
  readonly ended: Promise<'stopped' | 'idle'>;
  /** Frees the port and ends every socket at once. May be called again. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves the local pages on 127.0.0.1 until it is closed, stopped by its button, or left alone.
 * @throws AuthError `PORT_BUSY`, `LISTEN_FAILED`.
 */
export async function startSite({ idleMs = 15 * 60_000, port = 0, ...options }: SiteOptions): Promise<Site> {
  const entrance = new Entrance();
  let press: () => void = () => {};
  const pressed = new Promise<void>((resolve) => {
    press = resolve;
  });
  const presence = new Presence({ idleMs });
  const address = parseRedirectUri(`http://127.0.0.1:${port}/`);
  const bound = await bindFirst([address], (redirect) =>
    siteApp({ ...options, redirect, entrance, presence, stop: press }),
  ).catch(async (error: unknown) => {
    presence.stop();
    throw error instanceof BindError ? await explainBindError(error) : error;
  });
  const close = () => {
    presence.stop();
    return bound.close();
  };
  const end = Promise.race([pressed.then(() => 'stopped' as const), presence.gone.then(() => 'idle' as const)]);
  const ended = end.then(async (how) => {
    await close();
    return how;
  });
  const origin = new URL(bound.redirect.uri).origin;
  return {
    url: origin + entrance.target,
    pageUrl: (page) => `${origin}${entrance.base}/${page}`,
    ended,
    close,
    [Symbol.asyncDispose]: close,
  };
}
