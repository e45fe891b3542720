import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Presence } from '../presence.ts';
import type { StatusHandlers } from '../site.ts';

/**
 * Server-sent events, one without content for each change: the page then asks for what it shows. As long as the stream is open,
 * so is the page.
 */
export function eventsRoute(presence: Presence, status: StatusHandlers | undefined) {
  return async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const events = new Readable({ read() {} });
    const unsubscribe = status?.subscribe(() => events.push('data: changed\n\n'));
    const leave = presence.arrive();
    events.once('close', () => {
      unsubscribe?.();
      leave();
    });
    // The first bytes are what takes the headers along.
    events.push('retry: 2000\n\n');
    return reply.type('text/event-stream').send(events);
  };
}
