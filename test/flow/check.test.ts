import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { checkStatus } from '../../src/auth/index.ts';
import type { Fetch } from '../../src/environment.ts';
import { failure, LIFETIME, signedIn } from './signed-in.ts';

/** Changes the provider's introspection on its way. */
const saying =
  (change: (answer: object) => object, headers: Readonly<Record<string, string>> = {}) =>
  (send: Fetch): Fetch =>
  async (url, init) => {
    const response = await send(url, init);
    if (!url.endsWith('/introspect')) return response;
    return Response.json(change(Object(await response.json())), { status: response.status, headers });
  };

describe('status --check', () => {
  test('shows the provider’s response: scopes that are not JSON, times in milliseconds', async () => {
    await using at = await signedIn({ scopes: ['activity', 'heartrate'] });
    const checked = await checkStatus({}, at.runtimeOptions);
    expect(checked).toMatchObject({ asked: true, userId: 'WALK01', session: { kind: 'valid' } });
    expect(checked.providerScopes?.toSorted()).toEqual(['activity', 'heartrate']);
    expect(checked.providerExpiresAt).toEqual(checked.expiresAt);
    expect(checked.rateLimit).toBeUndefined();

    const { code, stdout } = await at.run(['status', '--check', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      session: 'valid',
      check: { asked: true, expires_at: checked.expiresAt?.toISOString(), rate_limit: null },
    });
    expect((await at.run(['status', '--check'])).stdout).toContain('Fitbit (sandbox) accepts the token');
    expect(at.sandbox.state().counts.refreshes).toBe(0);
  });

  test('shows the rate limit if the provider sends it', async () => {
    const limits = {
      'fitbit-rate-limit-limit': '150',
      'fitbit-rate-limit-remaining': '77',
      'fitbit-rate-limit-reset': '1800',
    };
    await using at = await signedIn({ through: saying((answer) => answer, limits) });
    expect((await at.run(['status', '--check'])).stdout).toContain('77 of 150 requests left; resets in 30 minutes');
    expect(JSON.parse((await at.run(['status', '--check', '--json'])).stdout).check.rate_limit).toEqual({
      limit: 150,
      remaining: 77,
      reset_seconds: 1800,
    });
  });

  test('§17: asks by POST, with the token in no URL', async () => {
    await using at = await signedIn();
    const { access_token } = await at.stored();
    await at.run(['status', '--check']);
    expect(at.sent).toMatchObject([{ method: 'POST' }]);
    expect(at.sent.map(({ url }) => url.href).join()).not.toContain(access_token);
  });

  test('an expired token is refreshed, by this clock and by the provider’s', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    expect(await at.run(['status', '--check'])).toMatchObject({ code: 0 });
    expect(at.sandbox.state().counts.refreshes).toBe(1);
    at.sandbox.clock.step(LIFETIME * 1000);
    expect(await at.run(['status', '--check'])).toMatchObject({ code: 0 });
    expect(at.sandbox.state().counts.refreshes).toBe(2);
  });

  test('§19: trusts only “active”: an otherwise right response is refreshed, then refused', async () => {
    await using at = await signedIn({ through: saying((answer) => ({ ...answer, active: false })) });
    const before = await at.stored();
    const { code, stdout, stderr } = await at.run(['status', '--check']);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('freshly refreshed token');
    expect((await at.stored()).access_token).not.toBe(before.access_token);
    expect(at.sandbox.state().counts.refreshes).toBe(1);
  });

  test('§19: “active” alone is enough, and what else is wrong is not shown', async () => {
    await using at = await signedIn({ through: saying(() => ({ active: true, exp: 'soon', scope: ['x'] })) });
    const checked = await checkStatus({}, at.runtimeOptions);
    expect(checked).toMatchObject({ asked: true });
    expect(checked.providerExpiresAt).toBeUndefined();
  });

  test.each([
    ['"true"', { active: 'true' }],
    ['1', { active: 1 }],
    ['missing', {}],
  ])('§19: “active” that is %s is not true', async (_name, answer) => {
    await using at = await signedIn({ through: saying(() => answer) });
    expect(await at.run(['status', '--check'])).toMatchObject({ code: 5, stdout: '' });
  });

  test('a grant that was revoked elsewhere is exit 3, although everything stored looks fresh', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    const app = at.sandbox.clients.find(({ type }) => type === 'server');
    const revoked = await fetch(`${at.sandbox.origin}/oauth2/revoke`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${app?.id}:${app?.secret}`)}` },
      body: new URLSearchParams({ token: refresh_token }),
    });
    expect(revoked.status).toBe(200);
    expect(await at.run(['status'])).toMatchObject({ code: 0 });
    expect(await at.run(['status', '--check'])).toMatchObject({ code: 3, stdout: '' });
    const json = await at.run(['status', '--check', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'GRANT_DEAD', exit_code: 3 } });
    expect(await at.stored()).toMatchObject({ refresh_token });
  });

  test.each([
    [{ kind: 'status', status: 503 }, 5],
    [{ kind: 'status', status: 429 }, 5],
    [{ kind: 'status', status: 410 }, 2],
    [{ kind: 'html' }, 5],
    [{ kind: 'reset' }, 5],
  ] as const)('a response without a verdict is neither valid nor invalid: %o', async (fault, exit) => {
    await using at = await signedIn();
    const before = await at.text();
    at.sandbox.faults.add({ at: 'introspect', ...fault });
    expect(await at.run(['status', '--check'])).toMatchObject({ code: exit, stdout: '' });
    expect(await at.text()).toBe(before);
  });
});

interface CustomServer extends AsyncDisposable {
  readonly issuer: string;
  /** The Authorization headers of those who asked about a token. */
  readonly asked: readonly (string | undefined)[];
}

/**
 * A server that grants as long as `grants` says so.
 * @param introspection what it says of any token; without it, it cannot be asked
 */
async function server(grants: () => boolean, introspection?: object): Promise<CustomServer> {
  const asked: (string | undefined)[] = [];
  let serial = 0;
  const answer = (path: string | undefined, issuer: string): object => {
    if (path === '/introspect') return { ...introspection };
    if (path !== '/token') {
      const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` };
      const more = introspection === undefined ? {} : { introspection_endpoint: `${issuer}/introspect` };
      return { issuer, ...endpoints, ...more };
    }
    serial += 1;
    const granted = { access_token: `custom-access-${serial}`, token_type: 'bearer', expires_in: 3600 };
    return grants() ? granted : { error: 'invalid_grant' };
  };
  const http = createServer(({ url, headers }, response) => {
    if (url === '/introspect') asked.push(headers.authorization);
    response.statusCode = url === '/token' && !grants() ? 400 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(url, `http://${headers.host}`)));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  return {
    issuer: `http://127.0.0.1:${address.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await http[Symbol.asyncDispose]();
    },
  };
}

describe('status --check with a provider without introspection', () => {
  test('refreshes instead, says so, and a dead token is exit 3', async () => {
    let alive = true;
    await using custom = await server(() => alive);
    await using at = await signedIn();
    await at.tamper({ provider: 'custom', issuer: custom.issuer, sandbox: undefined });
    const { code, stdout } = await at.run(['status', '--check']);
    expect(code).toBe(0);
    expect(stdout).toContain("can't be asked; a refresh just worked");
    expect((await at.stored()).access_token).toBe('custom-access-1');

    alive = false;
    expect(await at.run(['status', '--check'])).toMatchObject({ code: 3, stdout: '' });
  });

  test('with nothing to refresh either, nothing is known, which is not exit 0', async () => {
    await using custom = await server(() => true);
    await using at = await signedIn();
    await at.tamper({ provider: 'custom', issuer: custom.issuer, sandbox: undefined, refresh_token: undefined });
    expect(await failure(checkStatus({}, at.runtimeOptions))).toMatchObject({ code: 'USAGE', exitCode: 2 });
  });
});

test('§19: a custom provider is asked with client authentication, and its times are seconds', async () => {
  const exp = Date.parse('2026-03-01T13:00:00Z') / 1000;
  await using custom = await server(() => true, { active: true, exp, scope: 'steps sleep' });
  await using at = await signedIn();
  await at.tamper({ provider: 'custom', issuer: custom.issuer, sandbox: undefined });
  expect(await checkStatus({}, at.runtimeOptions)).toMatchObject({
    asked: true,
    providerScopes: ['steps', 'sleep'],
    providerExpiresAt: new Date(exp * 1000),
  });
  const { access_token } = await at.stored();
  expect(custom.asked).toHaveLength(1);
  expect(custom.asked.join()).not.toContain(access_token);
});
