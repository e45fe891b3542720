import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Outcome } from '../outcome.ts';
import { sendPage } from '../pages/page.ts';
import { VIEWS } from '../pages/texts.ts';

/** Where the outcome is shown, as often as it is asked for. */
export function resultRoute(outcome: Outcome) {
  return async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => sendResult(reply, outcome);
}

/**
 * Sends the outcome's page. Its status is 200 also when the sign-in failed: the request for the page went well, and some
 * browsers and proxies put a page of their own over a 4xx. Scripts look at the exit code, not at a page.
 */
export function sendResult(reply: FastifyReply, outcome: Outcome): FastifyReply {
  const { view } = outcome;
  if (view === undefined) return sendPage(reply, 404, VIEWS.nothingHere);
  outcome.follow(reply.raw);
  return sendPage(reply, 200, view);
}
