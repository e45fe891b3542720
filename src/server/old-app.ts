import type { FastifyInstance } from 'fastify';
import { bareApp, type RequestLog } from './bare-app.ts';
import { EVERYWHERE, guardedBy, NAVIGATION } from './guards.ts';
import { sendPage } from './pages/page.ts';
import { COPY_SCRIPT_HASH } from './pages/script.ts';
import { STYLE_HASH } from './pages/style.ts';
import { VIEWS } from './pages/texts.ts';
import { type CallbackOptions, callbackRoute } from './routes/callback.ts';
import { resultRoute } from './routes/result.ts';
import { onlyPrograms, type WaitingOptions, waitingRoute } from './routes/waiting.ts';
import { WAITING_PATH } from './waiting-mark.ts';

/**
 * The server's insides, apart from listening: guards, headers, a few routes. It answers nothing with a 5xx and shares nothing with
 * other origins. It owns no port: hand its `routing` to one.
 */
export async function callbackApp({
  log,
  rehearsal,
  now,
  since,
  ...callback
}: CallbackOptions & WaitingOptions & RequestLog): Promise<FastifyInstance> {
  const { redirect, outcome } = callback;
  const app = await bareApp({
    log,
    rehearsal,
    policy: { style: [STYLE_HASH], script: [COPY_SCRIPT_HASH], form: ["'none'"] },
  });
  app.addHook('onRequest', guardedBy(EVERYWHERE, redirect));

  const onRequest = guardedBy(NAVIGATION, redirect);
  app.get(redirect.path, { onRequest }, callbackRoute(callback));
  app.get(outcome.path, { onRequest }, resultRoute(outcome));
  if (!app.hasRoute({ method: 'GET', url: '/favicon.ico' })) {
    app.get('/favicon.ico', async (_request, reply) => reply.code(204).send());
  }
  if (!app.hasRoute({ method: 'GET', url: WAITING_PATH })) {
    app.get(WAITING_PATH, { onRequest: guardedBy([onlyPrograms], redirect) }, waitingRoute({ now, since }));
  }
  app.setNotFoundHandler((_request, reply) => sendPage(reply, 404, VIEWS.nothingHere));
  // Not final, whatever went wrong: a request that provokes a defect must not be able to end the sign-in.
  app.setErrorHandler((error, request, reply) => {
    request.log.error({ err: error }, 'a request could not be answered');
    return sendPage(reply, 400, VIEWS.broken);
  });
  await app.ready();
  return app;
}
