import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiRequest } from '../../src/auth/index.ts';
import { type SignedIn, signedIn } from './signed-in.ts';

/** What came to a server that is not the provider's. */
const visits: string[] = [];
const elsewhere = createServer((request, response) => {
  visits.push(JSON.stringify([request.url, request.headers]));
  response.end('{}');
});
let host: string;
let at: SignedIn;

beforeAll(async () => {
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  const address = elsewhere.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  host = `127.0.0.1:${address.port}`;
  at = await signedIn();
});
afterAll(async () => {
  elsewhere.closeAllConnections();
  await elsewhere[Symbol.asyncDispose]();
  await at[Symbol.asyncDispose]();
});

/** Paths that lead, or could be thought to lead, to another host. `EVIL` is one that listens. */
const ASTRAY = [
  '//EVIL/x',
  '/\\EVIL/x',
  '\\\\EVIL/x',
  '\\/EVIL/x',
  '///EVIL/x',
  'http://EVIL/x',
  'HTTP:\\\\EVIL/x',
  'http:EVIL/x',
  'https://EVIL',
  '@EVIL/x',
  ':80@EVIL/x',
  '.EVIL',
  '/\t/EVIL/x',
  '/\n/EVIL/x',
  '\t//EVIL/x',
  ' //EVIL/x',
  '/\r\n/EVIL/x',
  '/\t\\EVIL/x',
  '//user@EVIL/x',
  '//user:pass@EVIL/x',
  '//[::1]:1/x',
  '//%45VIL/x',
  '//EVIL\u3002example/x',
  '//\u24d4vil.example/x',
  '',
  '?x',
  '#x',
  'data:,x',
  'file:///etc/passwd',
  '//',
  'http://',
];

/** Paths that look odd and stay where they belong. */
const AT_HOME = [
  '/..//EVIL/x',
  '/../../EVIL',
  '/.//EVIL',
  '/x/../..//EVIL',
  '/@EVIL/x',
  '/%2F%2FEVIL/x',
  '/%5CEVIL',
  '/x?next=http://EVIL/',
  '/x#@EVIL',
  '/x;//EVIL',
  '/:80@EVIL',
  '/x\\..\\..\\EVIL',
  '/\u2215\u2215EVIL/x',
  '/1/user/-/pröfile.json?q=ä ö#z',
];

describe('the token goes to the provider’s API host only:', () => {
  test.each(ASTRAY)('%j is refused before anything is sent', async (path) => {
    const before = at.sent.length;
    const { code, stdout, stderr } = await at.run(['api', '--', path.replace('EVIL', host)]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(at.sandbox.origin);
    expect(at.sent).toHaveLength(before);
    expect(visits).toEqual([]);
  });

  test.each(AT_HOME)('%j is sent to the API host only', async (path) => {
    await at.run(['api', '--', path.replace('EVIL', host)]);
    const sent = at.sent.at(-1);
    expect(sent?.url.origin).toBe(at.sandbox.origin);
    expect(sent?.url.hash).toBe('');
    expect(sent?.headers.get('authorization')).toContain('Bearer ');
    expect(visits).toEqual([]);
  });

  test('redirects are not followed', async () => {
    at.sandbox.faults.add({ at: 'api', kind: 'redirect', location: `http://${host}/x`, times: 1 });
    expect(await at.run(['api', '/1/user/-/profile.json'])).toMatchObject({ code: 5, stdout: '' });
    expect(visits).toEqual([]);
  });

  test('a wrong path costs no refresh', async () => {
    at.pass(100_000);
    expect(await at.run(['api', '//evil.example/x'])).toMatchObject({ code: 2 });
    expect(at.sandbox.state().counts.refreshes).toBe(0);
  });

  test('§17: no token in any URL', async () => {
    const { access_token, refresh_token } = await at.stored();
    const addresses = at.sent.map(({ url }) => url.href).join('\n');
    expect(addresses).not.toContain(access_token);
    expect(addresses).not.toContain(refresh_token);
  });
});

test('the token does not go to a host whose name begins with the API host’s', async () => {
  await using real = await signedIn();
  // As if signed in at Fitbit itself; nothing is sent there.
  await real.tamper({ sandbox: undefined });
  const origin = 'https://api.fitbit.com';
  for (const path of [
    '//api.fitbit.com.evil.example/',
    '//api.fitbit.com@evil.example/',
    '//api.fitbit.comevil.example/',
  ]) {
    expect(new URL(path, origin).host).not.toBe('api.fitbit.com');
    const refused = apiRequest(path, {}, real.runtimeOptions);
    await expect(refused).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(origin) });
  }
  expect(real.sent).toEqual([]);
});
