import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import type { FaultArguments, StandinKind } from './fault-kind.ts';
import { toldToFail } from './fault-status.ts';
import type { Service, Spot } from './service.ts';

/** The request that is struck. */
interface Struck {
  readonly reply: FastifyReply;
  readonly service: Service;
  readonly spot: Spot;
  /** Says that the sandbox closes. */
  readonly signal: AbortSignal;
}

/** Answers in the place of the endpoint. */
type StandIn = (struck: Struck, args: FaultArguments) => unknown;

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';
const HUGE_BYTES = 100_000_000;
const DEEP_LEVELS = 100_000;
const PIECE = Buffer.alloc(65_536, 'a');

const text =
  (body: string, type = JSON_TYPE): StandIn =>
  ({ reply }) =>
    reply.type(type).send(body);

/** Things that happen instead of processing a request. */
export const FAULT_STANDINS = {
  status: ({ reply, service, spot }, args) => {
    const { status = 500 } = args;
    // Nobody knows what a retired Fitbit will say: a page is the least convenient guess.
    if (status === 410)
      return reply.code(410).type(HTML_TYPE).send('<!doctype html><title>Gone</title><h1>410 Gone</h1>');
    const { headers, body } = toldToFail(service, spot, { ...args, status });
    return reply.code(status).headers(headers).send(body);
  },
  redirect: ({ reply }, { status = 302, location = '/sandbox/state' }) => reply.redirect(location, status),
  empty: text(''),
  html: text('<!doctype html><title>Welcome</title><h1>This network wants you to sign in</h1>', HTML_TYPE),
  'invalid-json': text('{"access_token":tru'),
  'null-body': text('null'),
  'array-body': text('[{"access_token":"in-an-array"}]'),
  'deep-json': text(`${'['.repeat(DEEP_LEVELS)}${']'.repeat(DEEP_LEVELS)}`),
  reset: ({ reply }) => reply.hijack().raw.socket?.resetAndDestroy(),
  hang: ({ reply }) => reply.hijack(),
  huge: ({ reply }, { bytes = HUGE_BYTES }) => {
    const { raw } = begin(reply);
    return pipeline(Readable.from(pieces(bytes)), raw);
  },
  'gzip-bomb': ({ reply }, { bytes = HUGE_BYTES }) => {
    const { raw } = begin(reply, { 'content-encoding': 'gzip' });
    return pipeline(Readable.from(pieces(bytes)), createGzip(), raw);
  },
  'huge-header': ({ reply }, { bytes = 100_000 }) => {
    const { raw } = begin(reply, { 'x-filler': 'a'.repeat(bytes) });
    raw.end('{}');
  },
  drip: async ({ reply, signal }, { ms = 1_000 }) => {
    const { raw } = begin(reply);
    const gone = new AbortController();
    raw.once('close', () => gone.abort());
    const either = AbortSignal.any([signal, gone.signal]);
    for (const byte of drops()) {
      if (!raw.write(byte)) await once(raw, 'drain', { signal: either });
      await sleep(ms, undefined, { signal: either });
    }
  },
} as const satisfies Record<StandinKind, StandIn>;

/** Takes the connection from Fastify and sends the head of a 200 that promises JSON. */
function begin(reply: FastifyReply, headers: Readonly<Record<string, string>> = {}): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': JSON_TYPE, ...headers });
  return reply;
}

/** The start of something that could be a token answer, up to the given size. */
function* pieces(bytes: number): Generator<Buffer> {
  const start = Buffer.from('{"access_token":"').subarray(0, bytes);
  yield start;
  for (let left = bytes - start.length; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left);
}

function* drops(): Generator<string> {
  yield* '{"access_token":"';
  for (;;) yield 'a';
}
