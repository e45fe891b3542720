import type { FastifyInstance } from 'fastify';
import { formOf } from '../form.ts';
import { sendHtml, sendPage } from '../pages/page.ts';
import type { Action } from '../pages/site-view.ts';
import { statusPage } from '../pages/status.ts';
import { VIEWS } from '../pages/texts.ts';
import type { StatusHandlers } from '../site.ts';
import type { Way } from './way.ts';

const ACTIONS: Readonly<Record<Action, true>> = {
  refresh: true,
  check: true,
  'sign-in': true,
  'sign-out': true,
  add: true,
};

/** The status page, and its buttons by POST. */
export function statusRoutes(app: FastifyInstance, status: StatusHandlers, way: Way): void {
  app.get('/status', async (request, reply) =>
    sendHtml(reply, 200, statusPage(await status.view(), way.shell(request, reply, 'status'))),
  );
  app.post('/status', async (request, reply) => {
    const form = formOf(request);
    const action = form.get('action') ?? '';
    if (!isAction(action)) return sendPage(reply, 400, VIEWS.formExpired);
    return way.follow(reply, await status.act(action, form.get('profile') || undefined), 'status');
  });
}

function isAction(text: string): text is Action {
  return Object.hasOwn(ACTIONS, text);
}
