import type { FastifyBaseLogger } from 'fastify';
import { type OnNotice, oncePerKind } from '../app.ts';
import { bindFirst } from '../bind.ts';
import type { PageName } from '../pages/view.ts';
import { type PeerLookup, peerOf } from '../peer.ts';
import { parseRedirectUri } from '../redirect-uri.ts';
import { siteApp } from './app.ts';
import type { SetupHandlers, StatusHandlers } from './routes.ts';
import { SiteSession } from './session.ts';

/** What the site offers: at least one page. */
export interface SiteOptions {
  readonly setup?: SetupHandlers;
  readonly status?: StatusHandlers;
  /** Without a request for this long, the site ends; a page in sight keeps asking. In milliseconds. Default 15 minutes. */
  readonly idleMs?: number;
  readonly log?: FastifyBaseLogger;
  /** Called when something arrived that a person should hear of; each kind once. */
  readonly onNotice?: OnNotice;
  /** Who is at the other end of a connection. Default: what Linux's `/proc` tells, see {@link peerOf}. */
  readonly peerOf?: PeerLookup;
  /** Default 0: any free one. */
  readonly port?: number;
}

/** A running local site, for one browser. */
export interface Site extends AsyncDisposable {
  /** The address to open, with a key that works once. */
  readonly url: string;
  /** The address of a page, for the browser that is in already. */
  pageUrl(page: PageName): string;
  /** Resolves, with the port free, after *Stop* or `idleMs`. Stays pending after `close()`. */
  readonly ended: Promise<'stopped' | 'idle'>;
  /** Frees the port and ends every socket at once. May be called again. */
  close(): Promise<void>;
}

/**
 * Serves the local pages on 127.0.0.1 until the site is closed, stopped by its button, or idle.
 * @throws AuthError `PORT_BUSY`, `LISTEN_FAILED`
 */
export async function startSite(options: SiteOptions): Promise<Site> {
  let end: (how: 'stopped' | 'idle') => void = () => {};
  const ended = new Promise<'stopped' | 'idle'>((resolve) => {
    end = resolve;
  });
  const session = new SiteSession({ idleMs: options.idleMs ?? 15 * 60_000, onIdle: () => end('idle') });
  const fixed = {
    ...options,
    start: options.status === undefined ? 'setup' : 'status',
    session,
    onNotice: oncePerKind(options.onNotice),
    peerOf: options.peerOf ?? peerOf,
    onStop: () => end('stopped'),
  } as const;
  const redirect = parseRedirectUri(`http://127.0.0.1:${options.port ?? 0}/`);
  const bound = await bindFirst([redirect], (redirect) => siteApp({ ...fixed, redirect })).catch((error: unknown) => {
    session.end();
    throw error;
  });
  const close = () => {
    session.end();
    return bound.close();
  };
  const { origin } = new URL(bound.redirect.uri);
  return {
    url: origin + session.target,
    pageUrl: (page) => `${origin}${session.base}/${page}`,
    ended: ended.then(async (how) => {
      await close();
      return how;
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
