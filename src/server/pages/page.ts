import type { FastifyReply } from 'fastify';
import { resultPage } from './result.ts';
import type { View } from './view.ts';

/** Sends a view as a page. */
export function sendPage(reply: FastifyReply, status: number, view: View): FastifyReply {
  return sendHtml(reply, status, resultPage(view));
}

export function sendHtml(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(html);
}
