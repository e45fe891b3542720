import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { login, logout, setup, status, statusPage } from '../../src/auth/index.ts';
import { LocalVisitor } from './local-visitor.ts';
import { signInFixture } from './sign-in.ts';

const environmentOf = (home: string, more: Readonly<Record<string, string>> = {}) => ({
  environment: { FITBIT_LOGIN_HOME: home, ...more },
});

describe('the profile of a sign-in at a sandbox', () => {
  test.each([
    ['sandbox, where none is named', {}, {}, 'sandbox'],
    ['the one that is named', { profile: 'mine' }, {}, 'mine'],
    ['the one in FITBIT_LOGIN_PROFILE', {}, { FITBIT_LOGIN_PROFILE: 'mine' }, 'mine'],
  ])('is %s', async (_name, options, environment, profile) => {
    await using at = await signInFixture();
    const done = await at.signIn({ profile: undefined, ...options }, environmentOf(at.home, environment));
    expect(done).toMatchObject({ profile });
    expect(await readdir(join(at.home, 'profiles'))).toEqual([`${profile}.json`]);
  });
});

describe('a sandbox that a profile remembers and that is gone', () => {
  test('blocks neither status nor logout, which has nothing to revoke', async () => {
    await using at = await signInFixture();
    await at.signIn();
    await at.sandbox.close();
    expect(await status({}, environmentOf(at.home))).toMatchObject({ session: { kind: 'valid' } });
    expect(await logout({}, environmentOf(at.home))).toMatchObject({ revoked: false });
    expect(await readdir(join(at.home, 'profiles'))).toEqual([]);
  });

  test('blocks neither the status page nor the setup page', async () => {
    await using at = await signInFixture();
    await at.signIn();
    await at.sandbox.close();
    const surroundings = { ...environmentOf(at.home), openBrowser: async () => {} };
    for (const open of [statusPage, setup]) {
      const stop = new AbortController();
      let status = 0;
      const onPage = (url: string) => {
        void LocalVisitor.enter(url)
          .then((visitor) => visitor.get(visitor.page))
          .then((response) => {
            status = response.status;
            stop.abort();
          });
      };
      await open({ signal: stop.signal, onPage }, surroundings).catch(() => {});
      expect(status).toBe(200);
    }
  });

  test('is forgotten by login with another app, which uses the real provider', async () => {
    await using at = await signInFixture();
    await at.signIn();
    const { clientId } = await status({}, environmentOf(at.home));
    await at.sandbox.close();
    const stop = new AbortController();
    const urls: string[] = [];
    const done = login(
      {
        redirectUris: ['http://127.0.0.1:0/callback'],
        browser: false,
        signal: stop.signal,
        notify: (event) => {
          if (event.kind === 'waiting') urls.push(event.url);
          stop.abort();
        },
      },
      environmentOf(at.home, { FITBIT_CLIENT_ID: clientId }),
    );
    await expect(done).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(new URL(urls[0] ?? '').host).toBe('www.fitbit.com');
  });
});
