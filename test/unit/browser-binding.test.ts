import type { IncomingMessage } from 'node:http';
import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import type { Peer } from '../../src/server/peer.ts';
import { parseRedirectUri } from '../../src/server/redirect-uri.ts';
import { BrowserBinding, startRoute } from '../../src/server/start.ts';

const REDIRECT = parseRedirectUri('http://127.0.0.1:8976/callback');

function bound({ isUsed = true } = {}) {
  const at = { peer: 'unknown' as Peer, beginnings: 0, notices: [] as string[] };
  const begin = () => `https://provider.example/?n=${++at.beginnings}`;
  const binding = new BrowserBinding({
    begin: isUsed ? begin : undefined,
    peerOf: async () => at.peer,
    onNotice: (notice) => at.notices.push(notice),
  });
  const visitor = (cookie?: string) => ({ headers: { cookie }, socket: {} }) as unknown as IncomingMessage;
  const start = async (cookie?: string) => {
    const result = await binding.start(visitor(cookie), '/callback');
    return 'page' in result
      ? { refused: result.status }
      : { ...result, cookie: result.cookies[0]?.split(';')[0] ?? '' };
  };
  const callback = async (cookie?: string) => (await binding.refusal(visitor(cookie)))?.status;
  return Object.assign(at, { binding, start, callback });
}

/** Starts, as a browser does that is led on; its cookie. */
async function started(at: ReturnType<typeof bound>): Promise<string> {
  const result = await at.start();
  if ('refused' in result) throw new Error('refused');
  return result.cookie;
}

describe('a sign-in is bound to the browser that began it:', () => {
  test('the start address cannot be guessed, and sets a cookie for itself and for the redirect path', async () => {
    const at = bound();
    expect(at.binding.isUsed).toBe(true);
    expect(at.binding.path).toMatch(/^\/start\/[\w-]{22}$/);
    expect(bound().binding.path).not.toBe(at.binding.path);
    const result = await at.start();
    const cookie = 'cookie' in result ? result.cookie : '';
    expect(cookie).toMatch(/^fitbit-login-[\w-]{22}=[\w-]{22}$/);
    expect(result).toMatchObject({
      url: 'https://provider.example/?n=1',
      cookies: [
        `${cookie}; Path=/callback; HttpOnly; SameSite=Lax`,
        `${cookie}; Path=${at.binding.path}; HttpOnly; SameSite=Lax`,
      ],
    });
  });

  test('a callback needs the whole cookie, at any position among others', async () => {
    const at = bound();
    const cookie = await started(at);
    expect(await at.callback(cookie)).toBeUndefined();
    expect(await at.callback(`a=b; ${cookie}; c=d`)).toBeUndefined();
    for (const wrong of [
      undefined,
      '',
      'a=b',
      cookie.slice(0, -1),
      `${cookie}x`,
      `x${cookie}`,
      cookie.replace(/=.*/, `=${'x'.repeat(22)}`),
    ])
      expect(await at.callback(wrong)).toBe(403);
    expect(at.notices).toEqual(Array(7).fill('other-browser'));
  });

  test('before the start address was visited, no cookie is right', async () => {
    const at = bound();
    expect(await at.callback('')).toBe(403);
    expect(await at.callback('undefined')).toBe(403);
  });

  test('a callback from our own program needs no cookie, and one from another user is refused with it', async () => {
    const at = bound();
    const cookie = await started(at);
    at.peer = 'own';
    expect(await at.callback()).toBeUndefined();
    at.peer = 'other-user';
    expect(await at.callback(cookie)).toBe(403);
    expect(await at.start(cookie)).toEqual({ refused: 403 });
    expect(at.notices).toEqual(['other-user', 'other-user']);
    at.peer = 'gone';
    expect(await at.callback(cookie)).toBeUndefined();
    expect(await at.callback()).toBe(403);
  });

  test('the same browser that starts again keeps its attempt', async () => {
    const at = bound();
    const cookie = await started(at);
    expect(await at.start(cookie)).toMatchObject({ url: 'https://provider.example/?n=1', cookie });
    expect(at.beginnings).toBe(1);
  });

  test('another browser of an unknown user is refused, and begins nothing', async () => {
    const at = bound();
    const cookie = await started(at);
    expect(await at.start()).toEqual({ refused: 403 });
    expect(at.notices).toEqual(['other-browser']);
    expect(at.beginnings).toBe(1);
    expect(await at.callback(cookie)).toBeUndefined();
  });

  test('another browser of the same user begins anew, and the earlier one’s cookie is void', async () => {
    const at = bound();
    const earlier = await started(at);
    at.peer = 'own';
    const again = await at.start();
    expect(again).toMatchObject({ url: 'https://provider.example/?n=2' });
    at.peer = 'unknown';
    expect(await at.callback(earlier)).toBe(403);
  });

  test('a visitor that has disconnected begins nothing, and is not reported', async () => {
    const at = bound();
    at.peer = 'gone';
    expect(await at.start()).toEqual({ refused: 403 });
    expect([at.beginnings, at.notices]).toEqual([0, []]);
  });

  test('without a start address, any but another user may bring the callback', async () => {
    const at = bound({ isUsed: false });
    expect(at.binding.isUsed).toBe(false);
    expect(await at.callback()).toBeUndefined();
    at.peer = 'other-user';
    expect(await at.callback()).toBe(403);
    at.peer = 'unknown';
    expect(await at.start()).toMatchObject({ url: '' });
  });
});

describe('the route of the start address', () => {
  async function visit(at: ReturnType<typeof bound>, { headers = {}, isClosed = false } = {}) {
    await using app = Fastify();
    const closedPage = isClosed ? { tone: 'failure' as const, title: 'Over' } : undefined;
    startRoute(app, REDIRECT, at.binding, { closedPage });
    const { statusCode, headers: sent, body } = await app.inject({ url: at.binding.path, headers });
    return { statusCode, location: sent.location, cookies: sent['set-cookie'], body };
  }

  test('leads on to the provider with the cookies', async () => {
    const at = bound();
    expect(await visit(at)).toMatchObject({
      statusCode: 303,
      location: 'https://provider.example/?n=1',
      cookies: [expect.stringContaining('Path=/callback;'), expect.stringContaining(`Path=${at.binding.path};`)],
    });
  });

  test('shows a page to a visitor who is refused, and sets no cookie', async () => {
    const at = bound();
    at.peer = 'other-user';
    expect(await visit(at)).toMatchObject({ statusCode: 403, location: undefined, cookies: undefined });
    expect(await visit(at, { headers: { 'sec-fetch-dest': 'iframe' } })).toMatchObject({ statusCode: 403 });
    expect(at.notices).toEqual(['other-user']);
  });

  test('leads nowhere once the sign-in is over', async () => {
    const at = bound();
    expect(await visit(at, { isClosed: true })).toMatchObject({
      statusCode: 400,
      body: expect.stringContaining('Over'),
    });
    expect(at.beginnings).toBe(0);
  });

  test('does not exist for a sign-in without one', async () => {
    expect(await visit(bound({ isUsed: false }))).toMatchObject({ statusCode: 404 });
  });
});
