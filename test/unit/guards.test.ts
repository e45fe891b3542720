import type { IncomingMessage } from 'node:http';
import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import {
  authoritiesOf,
  EVERYWHERE,
  type Guard,
  guardedBy,
  NAVIGATION,
  noPrefetch,
  noServiceWorker,
  ownHost,
  ownTarget,
  type Refusal,
} from '../../src/server/guards.ts';
import { parseRedirectUri } from '../../src/server/redirect-uri.ts';

const REDIRECT = parseRedirectUri('http://127.0.0.1:0/callback');

interface Head {
  readonly method?: string;
  readonly target?: string;
  readonly hosts?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** As much of a request as a guard looks at, to port 8976. */
function request({ method = 'GET', target = '/callback?a=b', hosts = ['127.0.0.1:8976'], headers = {} }: Head) {
  return {
    method,
    originalUrl: target,
    headers: { host: hosts[0], ...headers },
    headersDistinct: hosts.length === 0 ? {} : { host: hosts },
    socket: { localPort: 8976 },
  } as unknown as IncomingMessage;
}

/** One that a guard knows nothing of. */
const unbound = { headers: {}, socket: {} } as unknown as IncomingMessage;

const statusesOf = (guards: readonly Guard[], head: Head) =>
  guards.map((guard) => guard(request(head), REDIRECT)?.status).filter((status) => status !== undefined);

describe('the guards of a sign-in’s server', () => {
  test('let a browser’s navigation pass', () => {
    expect(statusesOf([...EVERYWHERE, ...NAVIGATION], {})).toEqual([]);
    expect(statusesOf(NAVIGATION, { headers: { 'sec-fetch-dest': 'document', origin: 'null' } })).toEqual([]);
    expect(statusesOf(NAVIGATION, { headers: { origin: 'HTTP://127.0.0.1:8976' } })).toEqual([]);
    expect(statusesOf(NAVIGATION, { headers: { 'sec-fetch-mode': 'cors' } })).toEqual([]);
  });

  test.each<readonly [string, Head, number]>([
    ['a foreign host', { hosts: ['evil.example:8976'] }, 421],
    ['another port', { hosts: ['127.0.0.1:8977'] }, 421],
    ['a host without its port', { hosts: ['127.0.0.1'] }, 421],
    ['localhost, which the redirect URI does not name', { hosts: ['localhost:8976'] }, 421],
    ['no host', { hosts: [] }, 421],
    ['two hosts', { hosts: ['127.0.0.1:8976', '127.0.0.1:8976'] }, 421],
    ['POST', { method: 'POST' }, 405],
    ['HEAD', { method: 'HEAD' }, 405],
    ['OPTIONS', { method: 'OPTIONS' }, 405],
    ['a target in absolute form', { target: 'http://127.0.0.1:8976/callback' }, 400],
    ['an empty target', { target: '' }, 400],
    ['a service worker', { headers: { 'service-worker': 'script' } }, 404],
  ])('refuse %s at any path', (_name, head, status) => {
    expect(statusesOf(EVERYWHERE, head)).toEqual([status]);
  });

  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ['a prefetch (sec-purpose)', { 'sec-purpose': 'prefetch;prerender' }],
    ['a prefetch (purpose)', { purpose: 'Prefetch' }],
    ['a prefetch (x-moz)', { 'x-moz': 'prefetch' }],
    ['a preview (x-purpose)', { 'x-purpose': 'preview' }],
    ['a prerendered page', { 'sec-purpose': 'prerender' }],
    ['a frame', { 'sec-fetch-dest': 'iframe' }],
    ['a script', { 'sec-fetch-dest': 'script' }],
    ['a fetch', { 'sec-fetch-dest': 'empty' }],
    ['another site’s request', { origin: 'https://evil.example' }],
    ['another port’s request', { origin: 'http://127.0.0.1:8977' }],
    ['the same host by https', { origin: 'https://127.0.0.1:8976' }],
    ['an empty origin', { origin: '' }],
  ])('refuse %s at the pages for your browser', (_name, headers) => {
    expect(statusesOf(NAVIGATION, { headers })).toEqual([403]);
  });

  test('accept a host in any case, and the port that is bound', () => {
    const localhost = parseRedirectUri('http://LocalHost:0/');
    expect(ownHost(request({ hosts: ['LOCALHOST:8976'] }), localhost)).toBeUndefined();
    expect(authoritiesOf(request({}), REDIRECT)).toEqual(['127.0.0.1:8976']);
    expect(authoritiesOf(unbound, REDIRECT)).toEqual(['127.0.0.1:0']);
  });

  test('say why, and echo nothing', () => {
    const said = (refusal: Refusal | undefined) => refusal?.text;
    expect(said(ownHost(request({ hosts: ['evil.example'] }), REDIRECT))).toMatch(/host/);
    expect(said(ownTarget(request({ target: 'evil' }), REDIRECT))).toMatch(/address/);
    expect(said(noPrefetch(request({ headers: { purpose: 'prefetch' } }), REDIRECT))).toMatch(/[Pp]refetch/);
    expect(noServiceWorker(request({ headers: { 'service-worker': 'script' } }), REDIRECT)).toMatchObject({
      text: expect.stringContaining('service worker'),
      headers: { 'clear-site-data': '"storage"' },
    });
    const texts = NAVIGATION.map((guard) =>
      said(guard(request({ headers: { purpose: 'prefetch', 'sec-fetch-dest': 'evil', origin: 'evil' } }), REDIRECT)),
    );
    expect(texts).toEqual([
      expect.stringMatching(/[Pp]refetch/),
      expect.stringContaining('browser tab'),
      expect.stringContaining('Cross-site'),
    ]);
    expect(EVERYWHERE.map((guard) => guard(request({ method: 'HEAD' }), REDIRECT))).toContainEqual({
      status: 405,
      text: '',
      headers: { allow: 'GET' },
    });
  });

  test('a request without the target it came with is refused', () => {
    expect(ownTarget(unbound, REDIRECT)?.status).toBe(400);
  });
});

describe('guarded routes', () => {
  const REFUSAL: Refusal = { status: 403, text: 'No.', headers: { 'x-reason': 'test' } };

  async function visit(guards: readonly Guard[], onRefusal?: (refusal: Refusal) => void) {
    await using app = Fastify();
    app.get('/', { onRequest: guardedBy(guards, REDIRECT, onRefusal) }, async () => 'inside');
    const { statusCode, body, headers } = await app.inject('/');
    return { statusCode, body, type: headers['content-type'], reason: headers['x-reason'] };
  }

  test('respond with the first refusal, as plain text, and report it', async () => {
    const refusals: Refusal[] = [];
    const guards = [() => undefined, () => REFUSAL, () => ({ status: 400, text: 'Later.' }) as const];
    expect(await visit(guards, (refusal) => refusals.push(refusal))).toEqual({
      statusCode: 403,
      body: 'No.',
      type: 'text/plain; charset=utf-8',
      reason: 'test',
    });
    expect(refusals).toEqual([REFUSAL]);
    expect(await visit([() => ({ status: 404, text: 'None.' })])).toMatchObject({ statusCode: 404, body: 'None.' });
  });

  test('are reached if no guard refuses', async () => {
    expect(await visit([() => undefined])).toMatchObject({ statusCode: 200, body: 'inside' });
  });
});
