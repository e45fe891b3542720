import type { FastifyBaseLogger } from 'fastify';
import { noRedirectUri } from '../messages.ts';
import { createApp } from './app.ts';
import { bindFirst } from './bind.ts';
import { CallbackWait, callbackRoutes, type PendingCallback, type ValidateCallback } from './callback.ts';
import { EVERYWHERE } from './guards.ts';
import { COPY_SCRIPT_HASH } from './pages/script.ts';
import { STYLE_HASH } from './pages/style.ts';
import { VIEWS } from './pages/texts.ts';
import type { View } from './pages/view.ts';
import { type PeerLookup, peerOf } from './peer.ts';
import { authorities, parseRedirectUri, type RedirectUri } from './redirect-uri.ts';
import { BrowserBinding, startRoute } from './start.ts';
import { type OnNotice, oncePerKind } from './visitors.ts';

export interface ListenOptions<T> {
  /** Registered redirect URIs, tried in this order. Loopback only; port `0` means any free port. */
  readonly redirectUris: readonly string[];
  /** Called for each visit to the redirect URI until one was accepted or the wait has expired. */
  readonly validate: ValidateCallback<T>;
  /** Gets a line for each request, without its query. Default: no log. */
  readonly log?: FastifyBaseLogger;
  /**
   * Begins an authorization, each time with a new state, and returns the provider's address. Given, the sign-in is bound to the
   * browser that comes to {@link Listener.startUrl}. Called when one does, and again when the same user's other browser does.
   */
  readonly begin?: () => string;
  /** How long a browser may take to ask for the result page, in milliseconds. Default 2,000. */
  readonly lingerMs?: number;
  /** Called when something else than the callback arrived that a person should hear of; each kind once. */
  readonly onNotice?: OnNotice;
  /** Who is at the other end of a connection. Default: what Linux's `/proc` shows, see {@link peerOf}. */
  readonly peerOf?: PeerLookup;
  /** The id of this process, so that an error does not suggest to end it. Default: unknown. */
  readonly pid?: number;
}

/** A server on loopback that waits for one callback. */
export interface Listener<T> extends AsyncDisposable {
  /** The redirect URI that is listened for, byte for byte as given; only a port `0` is replaced by the real one. */
  readonly redirectUri: string;
  /** The address to open in the browser, where `begin` was given. */
  readonly startUrl: string | undefined;
  /** Resolves with the first accepted callback. Stays pending without one, also after `close()`. */
  readonly callback: Promise<PendingCallback<T>>;
  /** Resolves once every visitor who has brought a valid callback by now is accepted or refused: looking one up takes milliseconds. */
  decided(): Promise<void>;
  /** Hands no callback over from now on: a late one gets `page`, or the page that the sign-in is over. */
  expire(page?: View): void;
  /** Frees the port: a page on its way is let out, then every socket is ended, idle ones too. May be called again. */
  close(): Promise<void>;
}

/** How long a result page that is being written may take to leave when the listener closes. */
const FLUSH_MS = 1_000;

/**
 * Binds the first of the redirect URIs that is free and answers there until it is closed.
 * @throws AuthError `USAGE` for a redirect URI that is not loopback; `PORT_BUSY` when the port of one is taken, else `LISTEN_FAILED`.
 */
export async function listen<T>(options: ListenOptions<T>): Promise<Listener<T>> {
  const { validate, begin, log, lingerMs = 2_000, pid, peerOf: lookUp = peerOf } = options;
  const redirects = options.redirectUris.map(parseRedirectUri);
  if (redirects.length === 0) throw noRedirectUri();

  const wait = new CallbackWait<T>({ validate, lingerMs });
  const onNotice = oncePerKind(options.onNotice);
  const beginAnew = () => {
    wait.beginAnew();
    return begin?.() ?? '';
  };
  const binding = new BrowserBinding({ begin: begin && beginAnew, peerOf: lookUp, onNotice });
  const policy = { styleSrc: [STYLE_HASH], scriptSrc: [COPY_SCRIPT_HASH], formAction: ["'none'"] };
  const build = async (redirect: RedirectUri) => {
    const app = await createApp({ redirect, guards: EVERYWHERE, policy, log, onNotice });
    callbackRoutes(app, redirect, wait, (request) => binding.refusal(request));
    startRoute(app, redirect, binding, wait);
    return app;
  };
  const bound = await bindFirst(redirects, build, pid);
  const { absent } = bound;
  if (absent.length > 0) log?.info({ absent }, 'This machine has only one loopback stack.');

  const close = async () => {
    // Node's close() takes a socket for idle as soon as its response was ended, though not yet written.
    await wait.flush(FLUSH_MS);
    await bound.close();
  };
  return {
    redirectUri: bound.redirect.uri,
    startUrl: binding.isUsed ? `http://${authorities(bound.redirect)[0]}${binding.path}` : undefined,
    callback: wait.callback,
    decided: () => wait.decided(),
    expire: (page = VIEWS.over) => wait.expire(page),
    close,
    [Symbol.asyncDispose]: close,
  };
}
