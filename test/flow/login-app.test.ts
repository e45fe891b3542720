import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { login } from '../../src/auth/index.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { signInFixture } from './sign-in.ts';

const { server, client, personal } = SANDBOX_CLIENTS;

const bare = (home: string, more: Readonly<Record<string, string>> = {}) => ({ FITBIT_LOGIN_HOME: home, ...more });

describe('the app', () => {
  test.each([
    ['a server app shows its secret in a Basic header', server.id, server.secret, false],
    ['a client app sends its id in the body', client.id, undefined, true],
    ['a personal app may show its secret', personal.id, personal.secret, false],
    ['a personal app may do without', personal.id, undefined, true],
  ])('%s', async (_name, clientId, secret, inBody) => {
    await using at = await signInFixture();
    const environment = bare(at.home, secret === undefined ? {} : { FITBIT_CLIENT_SECRET: secret });
    const sent: (readonly [string | null, string | null])[] = [];
    await at.signIn(
      { clientId },
      {
        environment,
        fetch: (url, init) => {
          if (init?.body instanceof URLSearchParams)
            sent.push([new Headers(init.headers).get('authorization'), init.body.get('client_id')]);
          return fetch(url, init);
        },
      },
    );
    expect(sent).toEqual([inBody ? [null, clientId] : [expect.stringMatching(/^Basic /), null]]);
  });

  test.each([
    ['a wrong secret', server.id, 'a-wrong-secret'],
    ['no secret where one is needed', server.id, undefined],
    ['a secret where there is none', client.id, 'a-wrong-secret'],
  ])('%s is CLIENT_REJECTED, and the old tokens are kept', async (_name, clientId, secret) => {
    await using at = await signInFixture();
    await at.signIn({ clientId: personal.id }, { environment: bare(at.home) });
    const old = await at.stored();
    const environment = bare(at.home, secret === undefined ? {} : { FITBIT_CLIENT_SECRET: secret });
    const failing = at.signIn({ clientId }, { environment });
    await expect(failing).rejects.toMatchObject({ code: 'CLIENT_REJECTED', exitCode: 2 });
    await expect(failing).rejects.toThrow(expect.not.objectContaining({ message: expect.stringContaining('a-wrong') }));
    expect(await at.stored()).toBe(old);
  });

  test('no app at all is NOT_CONFIGURED; a scope or prompt that Fitbit does not have is USAGE', async () => {
    await using at = await signInFixture();
    const runtimeOptions = { environment: bare(at.home) };
    await expect(login({}, runtimeOptions)).rejects.toMatchObject({ code: 'NOT_CONFIGURED', exitCode: 2 });
    await expect(at.begin({ scopes: ['everything'] })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(at.begin({ prompt: 'select_account' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(at.begin({ redirectUris: ['http://192.0.2.1/'] })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('a code that the provider does not know is refused in its words, without the code', async () => {
    await using at = await signInFixture();
    const waiting = await at.begin();
    const page = await waiting.visit(`/callback?code=short+marked+code&state=${waiting.state}`, { accept: '*/*' });
    const error: unknown = await waiting.result.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SIGN_IN_FAILED', message: expect.stringContaining('invalid: [secret].') });
    const log = await readFile(join(at.home, 'log/fitbit-login.log'), 'utf8');
    expect(log).toContain('SIGN_IN_FAILED');
    for (const shown of [page.body, JSON.stringify(error), log]) expect(shown).not.toContain('marked');
  });
});
