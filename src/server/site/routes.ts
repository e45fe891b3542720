import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendHtml, sendPage } from '../pages/result.ts';
import { type SetupForm, type SetupView, setupPage } from '../pages/setup.ts';
import { ACTIONS, type Action, liveStatus, type StatusView, statusPage } from '../pages/status.ts';
import { leavingView, VIEWS } from '../pages/texts.ts';
import type { Departure, Notice, PageName, Shell } from '../pages/view.ts';
import { queryOf } from '../target.ts';
import type { SiteSession } from './session.ts';

/** Where the tab goes after a button. */
export type Next =
  /** Away to the provider. */
  | ({ readonly kind: 'redirect' } & Departure)
  /** To a page of the site, by default the one with the button. */
  | { readonly kind: 'page'; readonly page?: PageName; readonly notice?: Notice };

export interface SetupHandlers {
  view(): Promise<SetupView>;
  /** `again` shows the form once more, with its errors and what was entered. */
  submit(form: SetupForm): Promise<Next | { readonly kind: 'again'; readonly view: SetupView }>;
  sandbox(): Promise<Next>;
}

export interface StatusHandlers {
  view(): Promise<StatusView>;
  /** `profile` is what the page sent: it may not exist. */
  act(action: Action, profile: string): Promise<Next>;
}

export const CSRF_FIELD = '_csrf';

/** The submitted form, repeated fields and all; an empty one for other requests. */
export function formOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

interface RouteOptions {
  readonly setup?: SetupHandlers;
  readonly status?: StatusHandlers;
  readonly start: PageName;
  readonly session: SiteSession;
}

/** The pages and their buttons. After a POST always a 303, so that a reload repeats nothing. */
export function siteRoutes(app: FastifyInstance, { setup, status, start, session }: RouteOptions): void {
  const { base, notices, departures } = session;

  const shell = (request: FastifyRequest, reply: FastifyReply): Shell => ({
    csrf: reply.generateCsrf(),
    notice: notices.get(queryOf(request.originalUrl).get('said')),
    ticks: session.ticks,
  });

  const follow = (reply: FastifyReply, next: Next, from: PageName) => {
    if (next.kind === 'redirect') return reply.redirect(`${base}/onward?to=${departures.keep(next)}`, 303);
    const { page = from, notice } = next;
    const said = notice === undefined ? '' : `?said=${notices.keep(notice)}`;
    return reply.redirect(`${base}/${page}${said}`, 303);
  };

  if (setup !== undefined) {
    app.get('/setup', async (request, reply) =>
      sendHtml(reply, 200, setupPage(await setup.view(), shell(request, reply))),
    );
    app.post('/setup', async (request, reply) => {
      const form = formOf(request);
      session.ticks = new Set(form.getAll('tick'));
      const next = await setup.submit(setupForm(form));
      if (next.kind !== 'again') return follow(reply, next, 'setup');
      return sendHtml(reply, 422, setupPage(next.view, shell(request, reply)));
    });
    app.post('/ticks', async (request, reply) => {
      session.ticks = new Set(formOf(request).getAll('tick'));
      return reply.code(204).send();
    });
    app.post('/sandbox', async (_request, reply) => follow(reply, await setup.sandbox(), start));
  }

  if (status !== undefined) {
    app.get('/status', async (request, reply) =>
      sendHtml(reply, 200, statusPage(await status.view(), shell(request, reply))),
    );
    // What a page in sight asks for every few seconds.
    app.get('/live', async (request, reply) =>
      sendHtml(reply, 200, liveStatus(await status.view(), shell(request, reply))),
    );
    app.post('/status', async (request, reply) => {
      const form = formOf(request);
      const action = ACTIONS.find((name) => form.has(name));
      if (action === undefined) return sendPage(reply, 400, VIEWS.formExpired);
      return follow(reply, await status.act(action, form.get(action) ?? ''), 'status');
    });
  }

  // Browsers check a form's `form-action` against every redirect that follows it, and a provider's sign-in may pass through any host:
  // so the tab leaves by a page that goes there by itself.
  app.get('/onward', async (request, reply) => {
    const departure = departures.get(queryOf(request.originalUrl).get('to'));
    if (departure === undefined) return reply.redirect(`${base}/${start}`, 303);
    if (departure.forwarded === undefined) reply.header('refresh', `0;url=${new URL(departure.url).href}`);
    return sendPage(reply, 200, leavingView(departure));
  });
}

function setupForm(form: URLSearchParams): SetupForm {
  const field = (name: string) => form.get(name)?.trim() ?? '';
  const provider = field('provider') === 'fitbit' ? 'fitbit' : 'google-health';
  const of = (name: string) => field(`${name}:${provider}`);
  const action = field('action');
  return {
    action: action === 'look' || action === 'use' || action === 'replace' ? action : 'continue',
    provider,
    clientId: of('clientId'),
    clientSecret: of('clientSecret'),
    clientFile: field('clientFile'),
    clientFileName: field('clientFileName'),
    scopes: new Map(
      (['google-health', 'fitbit'] as const).map((id) => [id, form.getAll(`scopes:${id}`).filter(Boolean)]),
    ),
    redirectUri: provider === 'fitbit' || form.has('web') ? of('redirectUri') : '',
  };
}
