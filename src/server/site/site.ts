import type { FastifyBaseLogger } from 'fastify';
import { oncePerKind, type ServerNotice } from '../app.ts';
import { BindError, bindFirst } from '../bind.ts';
import type { PageName } from '../pages/view.ts';
import { type PeerLookup, peerOf } from '../peer.ts';
import { explainBindError } from '../port-in-use.ts';
import { parseRedirectUri } from '../redirect-uri.ts';
import { siteApp } from './app.ts';
import type { SetupHandlers, StatusHandlers } from './routes.ts';
import { SiteSession } from './session.ts';

/** What the site offers: at least one page. */
export interface SiteOptions {
  readonly setup?: SetupHandlers;
  readonly status?: StatusHandlers;
  /** Without a request for this long, the site ends; a page in sight keeps asking. In milliseconds. Default 15 minutes. */
  readonly idleMs?: number | undefined;
  readonly log?: FastifyBaseLogger | undefined;
  /** Called when something arrived that a person should hear of; each kind once. */
  readonly onNotice?: ((notice: ServerNotice) => void) | undefined;
  /** Who is at the other end of a connection. Default: what Linux's `/proc` tells, see {@link peerOf}. */
  readonly peerOf?: PeerLookup | undefined;
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
export async function startSite(given: SiteOptions): Promise<Site> {
  const { idleMs = 15 * 60_000, log, port = 0, peerOf: lookUp = peerOf, ...options } = given;
  const onNotice = oncePerKind(given.onNotice);
  const session = new SiteSession({ idleMs });
  const start: PageName = options.status === undefined ? 'setup' : 'status';
  let onStop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    onStop = resolve;
  });
  const bound = await bindFirst([parseRedirectUri(`http://127.0.0.1:${port}/`)], (redirect) =>
    siteApp({ ...options, redirect, start, session, log, onNotice, peerOf: lookUp, onStop }),
  ).catch(async (error: unknown) => {
    session.end();
    throw error instanceof BindError ? await explainBindError(error) : error;
  });
  const close = () => {
    session.end();
    return bound.close();
  };
  const { origin } = new URL(bound.redirect.uri);
  const end = Promise.race([stopped.then(() => 'stopped' as const), session.idle.then(() => 'idle' as const)]);
  return {
    url: origin + session.target,
    pageUrl: (page) => `${origin}${session.base}/${page}`,
    ended: end.then(async (how) => {
      await close();
      return how;
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
