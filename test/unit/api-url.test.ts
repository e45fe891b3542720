import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiOptions, apiRequest } from '../../src/auth/api.ts';
import { createRuntime, type RuntimeOptions } from '../../src/auth/runtime.ts';
import { Secret } from '../../src/secret.ts';
import type { Profile } from '../../src/store/profile.ts';

const ORIGIN = 'https://api.fitbit.com';
const NOW = new Date('2026-03-01T12:00:00Z');
const PROFILE: Profile = {
  provider: 'fitbit',
  client: { id: '23ABCD' },
  redirectUris: ['http://127.0.0.1:8976/callback'],
  requestedScopes: ['sleep'],
  tokens: {
    accessToken: new Secret('marked-access'),
    tokenType: 'Bearer',
    scopes: ['sleep'],
    obtainedAt: NOW,
    expiresAt: new Date(NOW.getTime() + 28_800_000),
  },
};

const sent: { readonly url: string; readonly init: RequestInit | undefined }[] = [];
let home: string;
let runtime: RuntimeOptions;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'api-url-'));
  runtime = {
    environment: { FITBIT_LOGIN_HOME: home },
    now: () => NOW,
    fetch: async (url, init) => {
      sent.push({ url, init });
      return Response.json({});
    },
  };
  const { store } = createRuntime(runtime);
  await using locked = await store.lock('default');
  await locked.commit(PROFILE);
});
afterAll(() => rm(home, { recursive: true, force: true }));

const ask = (path: string, options: ApiOptions = {}) => apiRequest(path, options, runtime);

describe('a request to the provider’s API', () => {
  test.each([
    '//api.fitbit.com.evil.example/',
    '//api.fitbit.com@evil.example/',
    '//user@api.fitbit.com/',
    '//:password@evil.example/',
    '//api.fitbit.com:8443/',
    '/\\evil.example/',
    `${ORIGIN}/1/user/-/profile.json`,
    'http://api.fitbit.com/',
    '1/user/-/profile.json',
    '//[/',
    '',
  ])('with the path %j is refused, and nothing is sent', async (path) => {
    sent.length = 0;
    await expect(ask(path)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(ORIGIN),
      hint: expect.stringContaining('/1/user/-/profile.json'),
    });
    expect(sent).toEqual([]);
  });

  test('goes to the API host with the token, without the fragment', async () => {
    sent.length = 0;
    expect(await ask('/1/user/-/profile.json?a=b#c')).toMatchObject({ status: 200, error: undefined });
    expect(sent.map(({ url }) => url)).toEqual([`${ORIGIN}/1/user/-/profile.json?a=b`]);
    const init = sent[0]?.init;
    expect(init?.method).toBe('GET');
    expect(new Headers(init?.headers).get('authorization')).toBe('Bearer marked-access');
    expect(new Headers(init?.headers).has('content-type')).toBe(false);
  });

  test('is a POST if it has a body; the caller cannot replace the token', async () => {
    sent.length = 0;
    await ask('/x', { body: 'a=b', headers: { 'x-more': '\t ~', authorization: 'Bearer other' } });
    expect(sent[0]?.init).toMatchObject({ method: 'POST', body: 'a=b' });
    const headers = new Headers(sent[0]?.init?.headers);
    expect(headers.get('authorization')).toBe('Bearer marked-access');
    expect(headers.get('content-type')).toBe('application/x-www-form-urlencoded');
  });

  test.each<readonly [ApiOptions, RegExp]>([
    [{ method: 'CONNECT' }, /method/],
    [{ method: 'TRACE' }, /method/],
    [{ method: 'TRACK' }, /method/],
    [{ method: 'get' }, /method/],
    [{ method: '' }, /method/],
    [{ method: 'A'.repeat(21) }, /method/],
    [{ method: ' GET' }, /method/],
    [{ method: 'GET ' }, /method/],
    [{ method: 'GET', body: '' }, /body/],
    [{ method: 'HEAD', body: 'x' }, /body/],
    [{ headers: { good: 'x', bad: 'a\nb' } }, /header/],
    [{ headers: { bad: '\u007f' } }, /header/],
    [{ headers: { bad: 'ä' } }, /header/],
  ])('with %j is refused before anything is sent', async (options, message) => {
    sent.length = 0;
    const refused = ask('/x', options);
    await expect(refused).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('--help') });
    await expect(refused).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });

  test.each<ApiOptions>([
    { method: 'A' },
    { method: 'A'.repeat(20) },
    { method: 'DELETE', body: 'x' },
    { method: 'HEAD' },
  ])('with %j is sent', async (options) => {
    expect(await ask('/x', options)).toMatchObject({ status: 200 });
  });
});
