import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Outcome } from '../outcome.ts';
import { sendPage } from '../pages/page.ts';
import { VIEWS } from '../pages/texts.ts';
import type { CallbackAnswer } from '../pages/view.ts';
import type { RedirectUri } from '../redirect-uri.ts';
import { parseQuery, parseTarget } from '../target.ts';
import { sendResult } from './result.ts';

export interface CallbackOptions {
  readonly redirect: RedirectUri;
  readonly outcome: Outcome;
  readonly onCallback: (params: URLSearchParams) => Promise<CallbackAnswer>;
}

/**
 * The redirect URI itself. The request is held open until `onCallback` has its answer; once that was final, nobody is asked again.
 */
export function callbackRoute({ redirect, outcome, onCallback }: CallbackOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const target = parseTarget(request.originalUrl);
    // The router decodes paths; the redirect URI is compared as it is written (RFC 8252 §8.10).
    if (target?.path !== redirect.path) return sendPage(reply, 404, VIEWS.nothingHere);
    const query = parseQuery(target.query);
    if ('status' in query) return sendPage(reply, query.status, VIEWS.malformed);
    if (outcome.view === undefined) {
      const answer = await onCallback(query.params);
      if (!answer.final) return sendPage(reply, 400, answer.view);
      outcome.settle(answer.view, target.query);
    }
    if (!outcome.cameFrom(target.query)) return sendPage(reply, 400, VIEWS.over);
    // A browser is led away, so that the code stays neither in its address bar nor in its history.
    const browses = request.headers.accept?.includes('text/html') ?? false;
    // The empty fragment keeps it from carrying the provider's own along, such as Fitbit's `#_=_` (RFC 9110 §10.2.2).
    return browses ? reply.redirect(`${outcome.path}#`, 303) : sendResult(reply, outcome);
  };
}
