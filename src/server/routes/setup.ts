import type { FastifyInstance } from 'fastify';
import { formOf } from '../form.ts';
import { sendHtml } from '../pages/page.ts';
import { SCOPES_OF } from '../pages/scopes.ts';
import { setupPage } from '../pages/setup.ts';
import type { SetupForm } from '../pages/site-view.ts';
import type { SetupHandlers } from '../site.ts';
import type { Way } from './way.ts';

/** The setup page, its form and its sandbox button. */
export function setupRoutes(app: FastifyInstance, setup: SetupHandlers, way: Way): void {
  app.get('/setup', async (request, reply) =>
    sendHtml(reply, 200, setupPage(await setup.view(), way.shell(request, reply, 'setup'))),
  );
  app.post('/setup', async (request, reply) => {
    const next = await setup.submit(setupForm(formOf(request)));
    if (next.kind !== 'again') return way.follow(reply, next, 'setup');
    return sendHtml(reply, 422, setupPage(next.view, way.shell(request, reply, 'setup')));
  });
  app.post('/sandbox', async (_request, reply) => way.follow(reply, await setup.sandbox(), 'setup'));
}

function setupForm(form: URLSearchParams): SetupForm {
  const typed = (name: string) => form.get(name)?.trim() ?? '';
  const offered = [...new Set(form.keys())].filter((name) => name.startsWith(SCOPES_OF));
  return {
    clientId: typed('clientId'),
    clientSecret: typed('clientSecret'),
    clientFile: typed('clientFile'),
    provider: typed('provider'),
    scopes: new Map(offered.map((name) => [name.slice(SCOPES_OF.length), form.getAll(name).filter(Boolean)])),
    redirectUri: typed('redirectUri'),
  };
}
