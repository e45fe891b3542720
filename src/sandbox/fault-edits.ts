import type { FastifyReply } from 'fastify';
import type { EditKind } from './fault-kind.ts';

/** A right answer as it was about to be sent: its text, the object in it, and the reply for its headers. */
export interface RightAnswer {
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly reply: FastifyReply;
}

type Edit = (answer: RightAnswer) => string;

const merge =
  (fields: Readonly<Record<string, unknown>>): Edit =>
  ({ body }) =>
    JSON.stringify({ ...body, ...fields });

const omit =
  (...names: readonly string[]): Edit =>
  ({ body }) =>
    JSON.stringify(Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name))));

/** The object's text with more members in front, which JSON.stringify could not write. */
const prepend =
  (members: string): Edit =>
  ({ text }) =>
    text.replace('{', `{${members},`);

/** Ways to spoil the answer to a request that was processed. */
export const FAULT_EDITS = {
  'truncated-json': ({ text }) => text.slice(0, text.length / 2),
  'wrong-types': ({ body }) =>
    JSON.stringify(Object.fromEntries(Object.entries(body).map(([name, value]) => [name, [String(value)]]))),
  proto: prepend(
    '"__proto__":{"access_token":"polluted","polluted":true},"constructor":{"prototype":{"polluted":true}}',
  ),
  'duplicate-keys': prepend('"access_token":"the-first-of-two","refresh_token":"the-first-of-two"'),
  'negative-expires': merge({ expires_in: -1 }),
  'zero-expires': merge({ expires_in: 0 }),
  'missing-expires': omit('expires_in'),
  'missing-access-token': omit('access_token'),
  'missing-refresh-token': omit('refresh_token'),
  'missing-scope': omit('scope'),
  'token-type-lower': merge({ token_type: 'bearer' }),
  'token-type-other': merge({ token_type: 'mac' }),
  'extra-fields': merge({ refresh_expires_in: 31_536_000, links: { self: '/' }, note: '<b>\u202e"new"</b>' }),
  'wrong-content-type': ({ text, reply }) => {
    reply.type('text/plain; charset=utf-8');
    return text;
  },
  /** A service may or may not echo the state of a denied request: this one does not. */
  'drop-state': ({ text, reply }) => {
    const location = String(reply.getHeader('location') ?? '');
    reply.header('location', location.replace(/([?&])state=[^&#]*&?/, '$1').replace(/[?&](?=#|$)/, ''));
    return text;
  },
} as const satisfies Record<EditKind, Edit>;
