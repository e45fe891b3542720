import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { API_REFUSALS, APP_REFUSALS, TOKEN_REFUSALS } from './google-refusals.ts';
import { RefusedRequest } from './pages.ts';
import { apiError, type Endpoint, fitbitError, oauthError, type Service, WireError } from './wire.ts';

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
  /** Spoils the response to a request that was processed. Its text stays unless this returns another. */
  readonly mutate?: (correct: Correct, args: FaultArguments) => unknown;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';
const HUGE_BYTES = 100_000_000;
const DEEP_LEVELS = 100_000;
const START = '{"access_token":"';
const PIECE = Buffer.alloc(65_536, 'a');

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
  mutate: ({ body }) => {
    if (typeof body.id_token !== 'string') return undefined;
    const [head = '', claims = '', signature] = body.id_token.split('.');
    const edited = encode(edit(JSON.parse(Buffer.from(claims, 'base64url').toString())));
    const jwt = [header === undefined ? head : encode(header), edited, header === undefined ? signature : ''];
    return JSON.stringify({ ...body, id_token: jwt.join('.') });
  },
});

/** Edits the address that a decision sends the browser to. */
const callback = (edit: (location: URL, args: FaultArguments) => void): Effect => ({
  endpoints: ['decision'],
  mutate: ({ reply }, args) => {
    const location = String(reply.getHeader('location') ?? '');
    if (!URL.canParse(location)) return;
    const url = new URL(location);
    edit(url, args);
    // Spaces stay %20, slashes and colons of codes and scopes as Google writes them.
    url.search = url.search.replaceAll('+', '%20').replaceAll('%2F', '/').replaceAll('%3A', ':');
    reply.header('location', url.href);
  },
});

const refuse = <Name extends string>(
  table: Readonly<Record<Name, unknown>>,
  endpoints: readonly Endpoint[],
  refusal: (name: Name, endpoint: Endpoint) => Error,
) => {
  const effect = (name: Name): Effect => ({
    service: 'google',
    endpoints,
    replace: ({ endpoint }) => {
      throw refusal(name, endpoint);
    },
  });
  return Object.fromEntries(namesOf(table).map((name) => [name, effect(name)])) as Record<Name, Effect>;
};

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
  drip: {
    replace: ({ reply, signal }, { ms = 1_000 }) => pipeline(Readable.from(drops(ms, signal)), begin(reply).raw),
  },

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
  'wrong-content-type': { mutate: ({ reply }) => void reply.type('text/plain; charset=utf-8') },
  // Seven days from now, at whatever request: what a client stores must not slide.
  'time-limited': { ...merge({ refresh_token_expires_in: 604_799 }), service: 'google', endpoints: ['token'] },
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
  'delay-answer': { mutate: ({ signal }, { ms = 1_000 }) => wait(ms, signal) },
  'lost-answer': { mutate: ({ reply }) => void reply.request.raw.socket.destroy() },

  ...refuse(API_REFUSALS, ['identity', 'api'], (name) => API_REFUSALS[name]),
  ...refuse(TOKEN_REFUSALS, ['token'], (name) => TOKEN_REFUSALS[name]),
  ...refuse(APP_REFUSALS, ['authorize', 'token'], (kind, endpoint) => {
    const [status, words, { name }] = APP_REFUSALS[kind];
    return endpoint === 'token'
      ? oauthError(status, words, { name })
      : new RefusedRequest('google', status, name, words);
  }),
} as const satisfies Record<string, Effect>;

export const FAULT_KINDS = namesOf(FAULTS);
/** What a fault is called. Of the names alone, so that the library's declarations do not need the table. */
export type FaultKind = (typeof FAULT_KINDS)[number];

function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(table) as Name[];
}

function failWithStatus({ service, endpoint }: Struck, args: FaultArguments): never {
  const { status = 500, message = `The sandbox was asked to respond with ${status}.`, resetSeconds = 60 } = args;
  // No source knows what a retired Fitbit will say: a page is the least convenient guess.
  if (status === 410)
    throw new WireError(410, '<!doctype html><title>Gone</title><h1>410 Gone</h1>', { 'content-type': HTML_TYPE });
  const header = service === 'fitbit' ? 'fitbit-rate-limit-reset' : 'retry-after';
  const headers = status === 429 ? { [header]: String(resetSeconds) } : {};
  const googleError = endpoint === 'identity' || endpoint === 'api' ? apiError : oauthError;
  throw (service === 'fitbit' ? fitbitError : googleError)(status, message, { name: args.errorType, headers });
}

/** Takes the connection from Fastify and sends the head of a 200 that promises JSON. */
function begin(reply: FastifyReply, headers: Readonly<Record<string, string>> = {}): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': JSON_TYPE, ...headers });
  return reply;
}

/** What could become a token response, up to the given size. */
function* pieces(bytes: number): Generator<Buffer> {
  const start = Buffer.from(START).subarray(0, bytes);
  yield start;
  for (let left = bytes - start.length; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left);
}

async function* drops(ms: number, signal: AbortSignal): AsyncGenerator<string> {
  for (let sent = 0; ; sent += 1) {
    yield START[sent] ?? 'a';
    await sleep(ms, undefined, { signal });
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
