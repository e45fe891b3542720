import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { apiRequest } from '../../src/auth/index.ts';
import { longTest } from '../extent.ts';
import { LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

const PROFILE = '/1/user/-/profile.json';
const WEIGHT = '/1/user/-/body/log/weight.json';

const weightSent = (at: SignedIn, stdout: string) => {
  expect(at.sent.at(-1)?.method).toBe('POST');
  return JSON.parse(stdout).weightLog.weight;
};

describe('api', () => {
  test('prints the response unchanged, and nothing else', async () => {
    await using at = await signedIn();
    const { code, stdout, stderr } = await at.run(['api', PROFILE]);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).user.encodedId).toBe('WALK01');
    const direct = await fetch(`${at.sandbox.origin}${PROFILE}`, {
      headers: { authorization: `Bearer ${(await at.stored()).access_token}` },
    });
    expect(stdout).toBe(await direct.text());
  });

  test('--data posts a text, @FILE a file, @- standard input', async () => {
    await using at = await signedIn();
    const file = join(at.home, 'body.txt');
    await writeFile(file, 'weight=71.5');
    const text = await at.run(['api', WEIGHT, '--data', 'weight=70.5']);
    expect(weightSent(at, text.stdout)).toBe('70.5');
    const fromFile = await at.run(['api', WEIGHT, '-d', `@${file}`]);
    expect(weightSent(at, fromFile.stdout)).toBe('71.5');
    const fromInput = await at.run(['api', WEIGHT, '-d', '@-'], { input: 'weight=72.5' });
    expect(weightSent(at, fromInput.stdout)).toBe('72.5');

    const before = at.sent.length;
    expect(await at.run(['api', WEIGHT, '-d', `@${file}.gone`])).toMatchObject({ code: 6, stdout: '' });
    expect(at.sent).toHaveLength(before);
  });

  test('--header and --method are sent; Authorization and Host cannot be set', async () => {
    await using at = await signedIn();
    await at.run(['api', PROFILE, '-X', 'head', '-H', 'Accept-Language: de_DE', '-H', 'x-one: 1']);
    const [sent] = at.sent;
    expect(sent?.method).toBe('HEAD');
    expect(sent?.headers.get('accept-language')).toBe('de_DE');
    expect(sent?.headers.get('x-one')).toBe('1');
    for (const header of [
      'Authorization: Bearer x',
      'HOST: evil.example',
      'no colon',
      'a: b\r\nc: d',
      'a: b\nc: d',
      '',
    ]) {
      expect(await at.run(['api', PROFILE, '-H', header])).toMatchObject({ code: 2, stdout: '' });
    }
    expect(at.sent).toHaveLength(1);
  });

  test('--include prints the status and the headers too, the rate limit among them', async () => {
    await using at = await signedIn();
    const { stdout } = await at.run(['api', PROFILE, '--include']);
    expect(stdout).toMatch(/^HTTP 200\n/);
    expect(stdout).toContain('fitbit-rate-limit-remaining: 149\n');
    const [, body = ''] = stdout.split('\n\n');
    expect(JSON.parse(body).user.encodedId).toBe('WALK01');
    const { rateLimit } = await apiRequest(PROFILE, {}, at.runtimeOptions);
    expect(rateLimit).toEqual({ limit: 150, remaining: 148, resetSeconds: 3600 });
  });

  test('a token rejected by the provider is refreshed, and the request is retried once', async () => {
    await using at = await signedIn();
    const old = await at.stored();
    at.sandbox.clock.step(LIFETIME * 1000);
    const { code, stdout } = await at.run(['api', WEIGHT, '--data', 'weight=70.5']);
    expect(code).toBe(0);
    expect(weightSent(at, stdout)).toBe('70.5');
    expect(at.sent.map(({ url }) => url.pathname)).toEqual([WEIGHT, '/oauth2/token', WEIGHT]);
    expect((await at.stored()).access_token).not.toBe(old.access_token);
  });

  test('it is refreshed only once, however often the provider refuses', async () => {
    await using at = await signedIn();
    at.sandbox.faults.add({ at: 'api', kind: 'status', status: 401, errorType: 'expired_token' });
    const { code, stdout, stderr } = await at.run(['api', PROFILE]);
    expect(code).toBe(3);
    expect(stdout).toContain('expired_token');
    expect(stderr).toContain('freshly refreshed token');
    expect(at.sandbox.state().counts.refreshes).toBe(1);
    expect(at.sent).toHaveLength(3);
  });

  test('a missing scope is exit 3, with a hint how to add it', async () => {
    await using at = await signedIn({ scopes: ['sleep'] });
    const { code, stdout, stderr } = await at.run(['api', PROFILE]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout).errors[0].errorType).toBe('insufficient_scope');
    expect(stderr).toContain('permission to access profile data');
    expect(stderr).toContain('fitbit-login login --scope');
    expect(at.sandbox.state().counts.refreshes).toBe(0);
  });

  test.each([
    [404, 2, 'USAGE'],
    [400, 2, 'USAGE'],
    [403, 3, 'SCOPE_MISSING'],
    [409, 5, 'UNAVAILABLE'],
    [410, 2, 'RETIRED'],
    [429, 5, 'RATE_LIMITED'],
    [500, 5, 'UNAVAILABLE'],
    [503, 5, 'UNAVAILABLE'],
  ] as const)('%i is exit %i, with the response still on stdout, and the tokens stay', async (status, exit, code) => {
    await using at = await signedIn();
    const before = await at.text();
    at.sandbox.faults.add({ at: 'api', kind: 'status', status });
    const ran = await at.run(['api', PROFILE, '--json']);
    expect(ran.code).toBe(exit);
    expect(ran.stdout).toContain(status === 410 ? '410 Gone' : `respond with ${status}`);
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code } });
    expect(await at.text()).toBe(before);
    expect(at.sent).toHaveLength(1);
  });

  test('a used-up rate limit says when it resets', async () => {
    await using at = await signedIn();
    at.sandbox.faults.add({ at: 'api', kind: 'status', status: 429, resetSeconds: 1_234 });
    expect((await at.run(['api', PROFILE])).stderr).toContain('resets in 1234 seconds');
  });

  test('an unknown path is exit 2', async () => {
    await using at = await signedIn();
    expect(await at.run(['api', '/1/user/-/nothing.json'])).toMatchObject({ code: 2 });
  });

  longTest('an API response may exceed the token limit, but not its own', async () => {
    await using at = await signedIn();
    at.sandbox.faults.add({ at: 'api', kind: 'huge', bytes: 2_000_000, times: 1 });
    expect((await apiRequest(PROFILE, {}, at.runtimeOptions)).body).toHaveLength(2_000_000);
    at.sandbox.faults.add({ at: 'api', kind: 'huge', times: 1 });
    expect(await at.run(['api', PROFILE])).toMatchObject({ code: 5, stdout: '' });
  });
});
