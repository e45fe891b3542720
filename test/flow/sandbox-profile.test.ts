import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { login, logout, setup, status, statusPage } from '../../src/auth/index.ts';
import { LocalVisitor } from './local-visitor.ts';
import { signInFixture } from './sign-in.ts';

const environmentOf = (home: string, more: Readonly<Record<string, string>> = {}) => ({
  environment: { FITBIT_LOGIN_HOME: home, ...more },
});

test.each([
  ['sandbox by default', {}, {}, 'sandbox'],
  ['of the option profile', { profile: 'mine' }, {}, 'mine'],
  ['of FITBIT_LOGIN_PROFILE', {}, { FITBIT_LOGIN_PROFILE: 'mine' }, 'mine'],
])('a sign-in at a sandbox is stored in the profile %s', async (_name, options, environment, profile) => {
  await using at = await signInFixture();
  const done = await at.signIn({ profile: undefined, ...options }, environmentOf(at.home, environment));
  expect(done).toMatchObject({ profile });
  expect(await readdir(join(at.home, 'profiles'))).toEqual([`${profile}.json`]);
});

test('a stored sandbox that no longer runs does not stop status or logout, which then has nothing to revoke', async () => {
  await using at = await signInFixture();
  await at.signIn();
  await at.sandbox.close();
  expect(await status({}, environmentOf(at.home))).toMatchObject({ session: { kind: 'valid' } });
  expect(await logout({}, environmentOf(at.home))).toMatchObject({ revoked: false });
  expect(await readdir(join(at.home, 'profiles'))).toEqual([]);
});

test('a stored sandbox that no longer runs does not stop the status page or the setup page', async () => {
  await using at = await signInFixture();
  await at.signIn();
  await at.sandbox.close();
  const dependencies = { ...environmentOf(at.home), openBrowser: async () => {} };
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
    await open({ signal: stop.signal, onPage }, dependencies).catch(() => {});
    expect(status).toBe(200);
  }
});

test('a stored sandbox that no longer runs is forgotten by login, which goes to the real provider with the app of the environment', async () => {
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
