import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { CallbackWait, Refused } from './callback.ts';
import { guardedBy, NAVIGATION } from './guards.ts';
import { sendPage } from './pages/result.ts';
import { VIEWS } from './pages/texts.ts';
import type { PeerLookup } from './peer.ts';
import type { RedirectUri } from './redirect-uri.ts';
import type { OnNotice } from './visitors.ts';

interface BrowserBindingOptions {
  /** Begins an authorization, each time with a new state, and returns the provider's address for it. */
  readonly begin?: (() => string) | undefined;
  readonly peerOf: PeerLookup;
  readonly onNotice: OnNotice;
}

/**
 * Binds a sign-in to the browser that began it (RFC 9700 §2.1). That one is opened at a start address, which sets a cookie and leads
 * on to the provider, so that neither state nor challenge is in anyone's list of processes. A callback needs the cookie, or a peer
 * that is this user's own: containers of Firefox, for one, may keep the cookie away.
 */
export class BrowserBinding {
  /** Of use to one browser. */
  readonly path = `/start/${random()}`;
  readonly #options: BrowserBindingOptions;
  /** The authorization that a browser has begun: the provider's address, and what the browser brings back, `name=value`. */
  #pending: { readonly url: string; readonly cookie: string } | undefined;

  constructor(options: BrowserBindingOptions) {
    this.#options = options;
  }

  get isUsed(): boolean {
    return this.#options.begin !== undefined;
  }

  /** Why a callback that is valid otherwise is not accepted from this visitor; `undefined` where it is. */
  async refusal(request: IncomingMessage): Promise<Refused | undefined> {
    const peer = await this.#options.peerOf(request.socket);
    if (peer === 'other-user') return this.#refuse('other-user');
    if (peer === 'own' || !this.isUsed || this.#bringsCookie(request)) return undefined;
    return this.#refuse('other-browser');
  }

  /** Where a visitor of the start address is led, with the cookies to set; or why not. */
  async start(
    request: IncomingMessage,
    redirectPath: string,
  ): Promise<{ readonly url: string; readonly cookies: readonly string[] } | Refused> {
    const peer = await this.#options.peerOf(request.socket);
    if (peer === 'other-user') return this.#refuse('other-user');
    // A browser waits for its page. What has gone could read the state from its half of the connection, and Linux no longer shows whose it was.
    if (peer === 'gone') return { status: 403, page: VIEWS.nothingHere };
    const isSame = this.#bringsCookie(request);
    if (this.#pending !== undefined && !isSame && peer !== 'own') return this.#refuse('other-browser');
    if (this.#pending === undefined || !isSame) {
      // Browsers share cookies between the ports of a host: its name is not guessable, so that no other port's page can put one over it.
      this.#pending = { url: this.#options.begin?.() ?? '', cookie: `fitbit-login-${random()}=${random()}` };
    }
    const { url, cookie } = this.#pending;
    // The one for the callback, the other to know the browser again at the start address.
    const cookies = [redirectPath, this.path].map((path) => `${cookie}; Path=${path}; HttpOnly; SameSite=Lax`);
    return { url, cookies };
  }

  #bringsCookie({ headers }: IncomingMessage): boolean {
    const wanted = Buffer.from(this.#pending?.cookie ?? '');
    if (wanted.length === 0) return false;
    return (headers.cookie ?? '').split('; ').some((cookie) => {
      const given = Buffer.from(cookie);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    });
  }

  #refuse(notice: 'other-user' | 'other-browser'): Refused {
    this.#options.onNotice(notice);
    return { status: 403, page: notice === 'other-user' ? VIEWS.otherUser : VIEWS.otherBrowser };
  }
}

export function startRoute(
  app: FastifyInstance,
  redirect: RedirectUri,
  binding: BrowserBinding,
  wait: Pick<CallbackWait<unknown>, 'closedPage'>,
): void {
  if (!binding.isUsed) return;
  app.get(binding.path, { onRequest: guardedBy(NAVIGATION, redirect) }, async (request, reply) => {
    if (wait.closedPage !== undefined) return sendPage(reply, 400, wait.closedPage);
    const started = await binding.start(request.raw, redirect.path);
    if ('page' in started) return sendPage(reply, started.status, started.page);
    return reply.header('set-cookie', started.cookies).redirect(started.url, 303);
  });
}

function random(): string {
  return randomBytes(16).toString('base64url');
}
