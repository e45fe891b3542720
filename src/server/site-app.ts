import cookie from '@fastify/cookie';
import csrf from '@fastify/csrf-protection';
import formbody from '@fastify/formbody';
import type { FastifyError, FastifyInstance } from 'fastify';
import { createApp } from './app.ts';
import type { Entrance } from './entrance.ts';
import { CSRF_FIELD, formOf, parseForm } from './form.ts';
import { SCRIPT_HASH } from './pages/before-script.ts';
import { STYLE_HASH as BEFORE } from './pages/before-style.ts';
import { sendPage } from './pages/page.ts';
import { COPY_SCRIPT_HASH } from './pages/script.ts';
import { SITE_STYLE_HASH } from './pages/site-style.ts';
import { STYLE_HASH } from './pages/style.ts';
import { VIEWS } from './pages/texts.ts';
import type { Presence } from './presence.ts';
import type { RedirectUri } from './redirect-uri.ts';
import { enterRoute, onlyWithCookie } from './routes/enter.ts';
import { eventsRoute } from './routes/events.ts';
import { setupRoutes } from './routes/setup.ts';
import { statusRoutes } from './routes/status.ts';
import { Way } from './routes/way.ts';
import type { SiteOptions } from './site.ts';
import { SITE } from './site-guards.ts';

export interface SiteAppOptions extends Omit<SiteOptions, 'idleMs' | 'port'> {
  readonly redirect: RedirectUri;
  readonly entrance: Entrance;
  readonly presence: Presence;
  /** Called once the page that says goodbye is out. */
  readonly stop: () => void;
}

/** The local site's insides, apart from listening: everything but the entrance is behind the cookie, every form behind its token too. */
export async function siteApp(options: SiteAppOptions): Promise<FastifyInstance> {
  const { redirect, entrance, presence, stop, setup, status, log } = options;
  const app = await createApp({
    redirect,
    guards: SITE,
    log,
    policy: {
      style: [STYLE_HASH, BEFORE, SITE_STYLE_HASH],
      script: [SCRIPT_HASH, COPY_SCRIPT_HASH],
      connect: ["'self'"],
      form: ["'self'"],
    },
  });
  await app.register(cookie);
  // The token is a salted hash of the cookie: one secret, and a form is good in the browser that it was made for only.
  await app.register(csrf, {
    cookieKey: entrance.cookie.name,
    getToken: (request) => formOf(request).get(CSRF_FIELD) ?? '',
  });
  app.removeAllContentTypeParsers();
  await app.register(formbody, { parser: parseForm });

  const way = new Way(options);
  app.get('/', enterRoute(entrance, way));
  app.setNotFoundHandler((_request, reply) => sendPage(reply, 403, VIEWS.keyNeeded));
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    request.log.error({ err: error }, 'a request could not be answered');
    const refused = error.statusCode !== undefined && error.statusCode < 500;
    return refused ? sendPage(reply, error.statusCode ?? 400, VIEWS.formExpired) : sendPage(reply, 500, VIEWS.broken);
  });

  await app.register(
    async (inside) => {
      inside.addHook('onRequest', onlyWithCookie(entrance));
      inside.addHook('onRequest', async () => presence.touch());
      inside.addHook('preValidation', (request, reply, done) =>
        request.method === 'POST' ? app.csrfProtection(request, reply, done) : done(),
      );
      inside.setNotFoundHandler((_request, reply) => sendPage(reply, 404, VIEWS.nothingHere));
      if (setup !== undefined) setupRoutes(inside, setup, way);
      if (status !== undefined) statusRoutes(inside, status, way);
      inside.get('/onward', (request, reply) => way.leave(request, reply));
      inside.get('/events', eventsRoute(presence, status));
      inside.post('/stop', async (_request, reply) => {
        reply.raw.once('close', stop);
        return sendPage(reply, 200, VIEWS.stopped);
      });
    },
    { prefix: entrance.base },
  );
  return app;
}
