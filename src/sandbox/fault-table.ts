import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { GOOGLE_REFUSALS, type GoogleRefusal, type Refusal } from './google-refusals.ts';
import { blockedPage, sendPage } from './pages.ts';
import { apiError, type Endpoint, fitbitError, oauthError, type Service, type WireError } from './wire.ts';

/** What a fault takes beside its place and kind; a kind ignores what does not concern it. */
export interface FaultArguments {
  /** How many requests it strikes. Default: all, until cleared. */
  readonly times?: number;
  /** HTTP status of `status` (default 500) and `redirect` (default 302). */
  readonly status?: number;
  /** `status`: Fitbit's `errors[0].errorType`, OAuth's `error`, a Google API's `error.status`. `callback-error`: OAuth's `error`. */
  readonly errorType?: string;
  /** The text beside it. */
  readonly message?: string;
  /** `fitbit-rate-limit-reset` or `retry-after` of a `status` 429, in seconds. Default 60. */
  readonly resetSeconds?: number;
  /** Where `redirect` points. Default: `/sandbox/state` of this sandbox. */
  readonly location?: string;
  /** Milliseconds of `delay` and `delay-answer`, and between the bytes of `drip`. Default 1,000. */
  readonly ms?: number;
  /** Size of `huge`, of `gzip-bomb` unpacked (default 100,000,000 both) and of `huge-header` (default 100,000). */
  readonly bytes?: number;
}

/** The request that a fault strikes. @internal */
export interface Struck {
  readonly reply: FastifyReply;
  readonly service: Service;
  readonly endpoint: Endpoint;
  /** Aborted when the sandbox closes. */
  readonly signal: AbortSignal;
}

/** A correct response as it was about to be sent: its text, and the object in it. @internal */
export interface Correct extends Struck {
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a fault does. @internal */
export interface Effect {
  /** Where it can strike. Default: everywhere. */
  readonly service?: Service;
  readonly endpoints?: readonly Endpoint[];
  /** Responds, or does not, without processing the request: no token is issued, spent or revoked. */
  readonly replace?: (struck: Struck, args: FaultArguments) => unknown;
  /** Runs before the request is processed. */
  readonly before?: (struck: Struck, args: FaultArguments) => Promise<void>;
  /** Spoils the response to a request that was processed. */
  readonly mutate?: (correct: Correct, args: FaultArguments) => string | Promise<string>;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';
const HUGE_BYTES = 100_000_000;
const DEEP_LEVELS = 100_000;
const PIECE = Buffer.alloc(65_536, 'a');
const TESTING_SECONDS = 604_799;

const send = (text: string, type = JSON_TYPE): Effect => ({ replace: ({ reply }) => reply.type(type).send(text) });

const merge = (fields: Readonly<Record<string, unknown>>): Effect => ({
  mutate: ({ body }) => JSON.stringify({ ...body, ...fields }),
});

const omit = (name: string): Effect => ({
  mutate: ({ body: { [name]: _, ...body } }) => JSON.stringify(body),
});

/** More members at the front of the object, which JSON.stringify could not write. */
const prepend = (members: string): Effect => ({ mutate: ({ text }) => text.replace('{', `{${members},`) });

const idToken = (edit: (claims: Readonly<Record<string, unknown>>) => object, header?: object): Effect => ({
  service: 'google',
  endpoints: ['token'],
  mutate: ({ text, body }) => {
    if (typeof body.id_token !== 'string') return text;
    const [head = '', claims = '', signature] = body.id_token.split('.');
    const edited = encode(edit(JSON.parse(Buffer.from(claims, 'base64url').toString())));
    const jwt = [header === undefined ? head : encode(header), edited, header === undefined ? signature : ''];
    return JSON.stringify({ ...body, id_token: jwt.join('.') });
  },
});

/** Edits the address that a decision sends the browser to. */
const callback = (edit: (location: URL, args: FaultArguments) => void): Effect => ({
  endpoints: ['decision'],
  mutate: ({ text, reply }, args) => {
    const location = String(reply.getHeader('location') ?? '');
    if (!URL.canParse(location)) return text;
    const url = new URL(location);
    edit(url, args);
    // Spaces stay %20, slashes and colons of codes and scopes as Google writes them.
    url.search = url.search.replaceAll('+', '%20').replaceAll('%2F', '/').replaceAll('%3A', ':');
    reply.header('location', url.href);
    return text;
  },
});

const refusals = Object.fromEntries(
  Object.entries(GOOGLE_REFUSALS).map(([name, refusal]) => [name, refuse(refusal)]),
) as Record<GoogleRefusal, Effect>;

/** Every fault by name. @internal */
export const FAULTS = {
  // Instead of processing the request.
  status: { replace: failWithStatus },
  redirect: {
    replace: ({ reply }, { status = 302, location = '/sandbox/state' }) => reply.redirect(location, status),
  },
  empty: send(''),
  html: send('<!doctype html><title>Welcome</title><h1>This network wants you to sign in</h1>', HTML_TYPE),
  'invalid-json': send('{"access_token":tru'),
  'null-body': send('null'),
  'array-body': send('[{"access_token":"in-an-array"}]'),
  'deep-json': send(`${'['.repeat(DEEP_LEVELS)}${']'.repeat(DEEP_LEVELS)}`),
  reset: { replace: ({ reply }) => reply.hijack().raw.socket?.resetAndDestroy() },
  hang: { replace: ({ reply }) => reply.hijack() },
  huge: {
    replace: ({ reply }, { bytes = HUGE_BYTES }) => pipeline(Readable.from(pieces(bytes)), begin(reply).raw),
  },
  'gzip-bomb': {
    replace: ({ reply }, { bytes = HUGE_BYTES }) =>
      pipeline(Readable.from(pieces(bytes)), createGzip(), begin(reply, { 'content-encoding': 'gzip' }).raw),
  },
  'huge-header': {
    replace: ({ reply }, { bytes = 100_000 }) => begin(reply, { 'x-filler': 'a'.repeat(bytes) }).raw.end('{}'),
  },
  drip: { replace: drip },

  // The request is processed, and its response spoilt.
  'truncated-json': { mutate: ({ text }) => text.slice(0, text.length / 2) },
  'wrong-types': {
    mutate: ({ body }) =>
      JSON.stringify(Object.fromEntries(Object.entries(body).map(([name, value]) => [name, [String(value)]]))),
  },
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
  'wrong-content-type': {
    mutate: ({ text, reply }) => {
      reply.type('text/plain; charset=utf-8');
      return text;
    },
  },
  // Seven days from now, at whatever request: what a client stores must not slide.
  'time-limited': {
    ...merge({ refresh_token_expires_in: TESTING_SECONDS }),
    service: 'google',
    endpoints: ['token'],
  },
  'missing-id-token': { ...omit('id_token'), service: 'google', endpoints: ['token'] },
  'id-token-audience': idToken((claims) => ({ ...claims, aud: 'another-app', azp: 'another-app' })),
  'id-token-issuer': idToken((claims) => ({ ...claims, iss: 'https://issuer.example' })),
  'id-token-nonce': idToken((claims) => ({ ...claims, nonce: 'another-nonce' })),
  'id-token-subject': idToken((claims) => ({ ...claims, sub: '100000000000000000000' })),
  'id-token-expired': idToken((claims) => ({ ...claims, iat: 1, exp: 3_601 })),
  'id-token-unsigned': idToken((claims) => claims, { alg: 'none', typ: 'JWT' }),
  // A service may or may not echo the state of a denied request: this one does not.
  'drop-state': callback(({ searchParams }) => searchParams.delete('state')),
  'drop-iss': callback(({ searchParams }) => searchParams.delete('iss')),
  'callback-error': callback(({ searchParams }, { errorType = 'invalid_scope', message }) => {
    for (const name of ['code', 'scope', 'iss']) searchParams.delete(name);
    searchParams.set('error', errorType);
    if (message !== undefined) searchParams.set('error_description', message);
  }),

  // Time: before processing, after it, or processed and then the connection cut.
  delay: { before: ({ signal }, { ms = 1_000 }) => wait(ms, signal) },
  'delay-answer': {
    mutate: async ({ text, signal }, { ms = 1_000 }) => {
      await wait(ms, signal);
      return text;
    },
  },
  'lost-answer': {
    mutate: ({ text, reply }) => {
      reply.request.raw.socket.destroy();
      return text;
    },
  },

  ...refusals,
} as const satisfies Record<string, Effect>;

export const FAULT_KINDS = namesOf(FAULTS);
/** What a fault is called. Of the names alone, so that the library's declarations do not need the table. */
export type FaultKind = (typeof FAULT_KINDS)[number];

function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(table) as Name[];
}

/** Default error names by status. */
const STATUS_NAMES: Readonly<Record<'fitbit' | 'oauth' | 'api', Readonly<Record<number, string>>>> = {
  fitbit: {
    400: 'invalid_request',
    401: 'invalid_client',
    403: 'insufficient_scope',
    409: 'conflict',
    429: 'rate_limit',
    500: 'system',
    502: 'system',
    503: 'system',
  },
  oauth: {
    401: 'invalid_client',
    403: 'access_denied',
    429: 'rate_limit_exceeded',
    500: 'internal_failure',
    502: 'internal_failure',
    503: 'temporarily_unavailable',
  },
  api: {
    400: 'INVALID_ARGUMENT',
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'NOT_FOUND',
    409: 'ABORTED',
    429: 'RESOURCE_EXHAUSTED',
    500: 'INTERNAL',
    502: 'UNAVAILABLE',
    503: 'UNAVAILABLE',
  },
};

function failWithStatus({ reply, service, endpoint }: Struck, args: FaultArguments): FastifyReply {
  const { status = 500, message = `The sandbox was asked to respond with ${status}.`, resetSeconds = 60 } = args;
  // No source knows what a retired Fitbit will say: a page is the least convenient guess.
  if (status === 410)
    return reply.code(410).type(HTML_TYPE).send('<!doctype html><title>Gone</title><h1>410 Gone</h1>');
  const limited = (header: string) => (status === 429 ? { [header]: String(resetSeconds) } : {});
  const { fitbit, oauth, api } = STATUS_NAMES;
  const { errorType } = args;
  if (service === 'fitbit')
    return sendError(
      reply,
      fitbitError(status, errorType ?? fitbit[status] ?? 'request', message, limited('fitbit-rate-limit-reset')),
    );
  const headers = limited('retry-after');
  if (endpoint === 'identity' || endpoint === 'api')
    return sendError(reply, apiError(status, errorType ?? api[status] ?? 'UNKNOWN', message, { headers }));
  return sendError(reply, oauthError(status, errorType ?? oauth[status] ?? 'invalid_request', message, headers));
}

function refuse({ endpoints, error, html, page }: Refusal): Effect {
  return {
    service: 'google',
    endpoints,
    replace: ({ reply, endpoint }) => {
      const refusal = error();
      const { status } = refusal;
      if (html !== undefined) return reply.code(status).type(HTML_TYPE).send(html);
      if (endpoint === 'authorize' && page !== undefined)
        return sendPage(reply, status, blockedPage({ status, ...page }));
      return sendError(reply, refusal);
    },
  };
}

function sendError(reply: FastifyReply, { status, headers, body }: WireError): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

/** Takes the connection from Fastify and sends the head of a 200 that promises JSON. */
function begin(reply: FastifyReply, headers: Readonly<Record<string, string>> = {}): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': JSON_TYPE, ...headers });
  return reply;
}

/** The start of a possible token response, up to the given size. */
function* pieces(bytes: number): Generator<Buffer> {
  const start = Buffer.from('{"access_token":"').subarray(0, bytes);
  yield start;
  for (let left = bytes - start.length; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left);
}

async function drip({ reply, signal }: Struck, { ms = 1_000 }: FaultArguments): Promise<void> {
  const { raw } = begin(reply);
  const left = new AbortController();
  raw.once('close', () => left.abort());
  const either = AbortSignal.any([signal, left.signal]);
  for (const byte of drops()) {
    if (!raw.write(byte)) await once(raw, 'drain', { signal: either });
    await sleep(ms, undefined, { signal: either });
  }
}

function* drops(): Generator<string> {
  yield* '{"access_token":"';
  for (;;) yield 'a';
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
