import cookie from '@fastify/cookie';
import csrf from '@fastify/csrf-protection';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createApp } from '../app.ts';
import { bindFirst } from '../bind.ts';
import { authoritiesOf, type Guard, noPrefetch, noServiceWorker, ownHost, ownTarget } from '../guards.ts';
import { sendPage } from '../pages/result.ts';
import { COPY_SCRIPT_HASH, SITE_SCRIPT_HASH } from '../pages/script.ts';
import { STYLE_HASH } from '../pages/style.ts';
import { VIEWS } from '../pages/texts.ts';
import type { PageName } from '../pages/view.ts';
import { type PeerLookup, peerOf } from '../peer.ts';
import { parseRedirectUri, type RedirectUri } from '../redirect-uri.ts';
import { queryOf } from '../target.ts';
import { type OnNotice, oncePerKind } from '../visitors.ts';
import { CSRF_FIELD, formOf, type SetupHandlers, type StatusHandlers, siteRoutes } from './routes.ts';
import { SiteSession } from './session.ts';

/** A HEAD or an OPTIONS must not spend a key, and nothing here needs more. */
const getOrPost: Guard = ({ method = '' }) =>
  method === 'GET' || method === 'POST' ? undefined : { status: 405, text: '', headers: { allow: 'GET, POST' } };

/**
 * Only the site's own pages and tabs led here pass, not another site's frame, image or script (Fetch Metadata). Clients that send none of
 * these headers are no browsers that a web page could misuse; the cookie decides about them.
 */
const ownPageOrTab: Guard = ({ method, headers }) => {
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': destination } = headers;
  if (site === 'same-origin' || site === 'none') return undefined;
  const led = method === 'GET' && destination === 'document';
  return led ? undefined : { status: 403, text: 'Cross-site requests are refused.' };
};

/**
 * A form must be the site's own. Under `Referrer-Policy: no-referrer` browsers send `Origin: null` with their own forms (Fetch §3.1):
 * then `Sec-Fetch-Site`, which no page can forge, has to confirm it.
 */
const ownForm: Guard = (request, redirect) => {
  const { method, headers } = request;
  if (method !== 'POST') return undefined;
  const { origin, 'sec-fetch-site': site } = headers;
  const own = authoritiesOf(request, redirect).map((authority) => `http://${authority}`);
  const vouched = site === undefined || site === 'same-origin';
  const sentByUs = origin === 'null' ? site === 'same-origin' : origin !== undefined && own.includes(origin);
  return vouched && sentByUs ? undefined : { status: 403, text: 'Cross-site forms are refused.' };
};

/** For every request to the site, in this order, before its cookie is looked at. */
const GUARDS: readonly Guard[] = [ownHost, getOrPost, ownTarget, noServiceWorker, noPrefetch, ownPageOrTab, ownForm];

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
  const { idleMs = 15 * 60_000, port = 0 } = options;
  const session = new SiteSession({ idleMs });
  const onNotice = oncePerKind(options.onNotice);
  const bound = await bindFirst([parseRedirectUri(`http://127.0.0.1:${port}/`)], (redirect) =>
    siteApp(redirect, session, { ...options, onNotice }),
  ).catch((error: unknown) => {
    session.close();
    throw error;
  });
  const close = () => {
    session.close();
    return bound.close();
  };
  const { origin } = new URL(bound.redirect.uri);
  return {
    url: origin + session.target,
    pageUrl: (page) => `${origin}${session.base}/${page}`,
    ended: session.ended.then(async (how) => {
      await close();
      return how;
    }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The local pages, apart from listening: everything but the entrance is behind the cookie, every form behind its token too. */
export async function siteApp(
  redirect: RedirectUri,
  session: SiteSession,
  { setup, status, log, onNotice, peerOf: lookUp = peerOf }: SiteOptions,
): Promise<FastifyInstance> {
  const start: PageName = status === undefined ? 'setup' : 'status';
  const self = ["'self'"];
  const scriptSrc = [COPY_SCRIPT_HASH, SITE_SCRIPT_HASH];
  const policy = { styleSrc: [STYLE_HASH], scriptSrc, connectSrc: self, formAction: self };
  const app = await createApp({ redirect, guards: GUARDS, log, policy, onNotice });
  await app.register(cookie);
  // The token is a salted hash of the cookie: a form works only in the browser that it was made for.
  await app.register(csrf, {
    cookieKey: session.cookie.name,
    getToken: (request) => formOf(request).get(CSRF_FIELD) ?? '',
  });
  app.removeAllContentTypeParsers();
  // Forms alone; repeated fields stay.
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, done) =>
    done(null, new URLSearchParams(String(text))),
  );

  app.get('/', async (request, reply) => {
    const key = queryOf(request.originalUrl).get('key');
    if (!session.takesKey(key)) return sendPage(reply, 403, VIEWS.keyNeeded);
    // The address is an argument of the browser's launcher for a moment: another user may have read the key there.
    const peer = await lookUp(request.raw.socket);
    if (peer === 'other-user') onNotice?.('other-user');
    if (peer === 'other-user' || peer === 'gone') return sendPage(reply, 403, VIEWS.otherUser);
    if (!session.takesKey(key)) return sendPage(reply, 403, VIEWS.keyNeeded);
    session.spendKey();
    const { name, value } = session.cookie;
    // The redirect takes the key out of the address bar and the history.
    return reply.setCookie(name, value, session.cookieOptions).redirect(`${session.base}/${start}`, 303);
  });
  app.setNotFoundHandler((_request, reply) => sendPage(reply, 403, VIEWS.keyNeeded));
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const refused = error.statusCode !== undefined && error.statusCode < 500;
    request.log[refused ? 'debug' : 'error']({ err: error }, 'a request could not be answered');
    return refused ? sendPage(reply, error.statusCode ?? 400, VIEWS.formExpired) : sendPage(reply, 500, VIEWS.broken);
  });

  await app.register(
    async (inside) => {
      inside.addHook('onRequest', onlyWithCookie(session));
      inside.addHook('preValidation', (request, reply, done) =>
        request.method === 'POST' ? app.csrfProtection(request, reply, done) : done(),
      );
      inside.setNotFoundHandler((_request, reply) => sendPage(reply, 404, VIEWS.nothingHere));
      siteRoutes(inside, { setup, status, start, session });
      inside.post('/stop', async (_request, reply) => {
        reply.raw.once('close', () => session.stop());
        return sendPage(reply, 200, VIEWS.stopped);
      });
    },
    { prefix: session.base },
  );
  return app;
}

function onlyWithCookie(session: SiteSession) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (session.admits(request.cookies)) {
      session.touch();
      return undefined;
    }
    // Led here by a page of another origin (a result page), a browser holds a strict cookie back; led by this page, it brings it. The
    // path is known only to our own pages, and the page's own request is not cross-site, so that this cannot repeat.
    if (request.method === 'GET' && request.headers['sec-fetch-site'] === 'cross-site')
      reply.header('refresh', `0;url=${request.url}`);
    return sendPage(reply, 403, VIEWS.keyNeeded);
  };
}
