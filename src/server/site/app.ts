import cookie from '@fastify/cookie';
import csrf from '@fastify/csrf-protection';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createApp, type OnNotice } from '../app.ts';
import { authoritiesOf, type Guard, noPrefetch, noServiceWorker, ownHost, ownTarget } from '../guards.ts';
import { sendPage } from '../pages/result.ts';
import { COPY_SCRIPT_HASH, SITE_SCRIPT_HASH } from '../pages/script.ts';
import { STYLE_HASH } from '../pages/style.ts';
import { VIEWS } from '../pages/texts.ts';
import type { PeerLookup } from '../peer.ts';
import type { RedirectUri } from '../redirect-uri.ts';
import { queryOf } from '../target.ts';
import { CSRF_FIELD, formOf, type RouteOptions, siteRoutes } from './routes.ts';
import type { SiteSession } from './session.ts';

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

export interface SiteAppOptions extends RouteOptions {
  readonly redirect: RedirectUri;
  readonly log?: FastifyBaseLogger;
  readonly onNotice: OnNotice;
  readonly peerOf: PeerLookup;
  /** Called once the goodbye page is out. */
  readonly onStop: () => void;
}

/** The local pages, apart from listening: everything but the entrance is behind the cookie, every form behind its token too. */
export async function siteApp(given: SiteAppOptions): Promise<FastifyInstance> {
  const { redirect, log, onNotice, peerOf, onStop, ...options } = given;
  const { session, start } = options;
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
    const peer = await peerOf(request.raw.socket);
    if (peer === 'other-user') onNotice('other-user');
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
      siteRoutes(inside, options);
      inside.post('/stop', async (_request, reply) => {
        reply.raw.once('close', onStop);
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
