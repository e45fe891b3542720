import { writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTest } from '../extent.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { APP, history, type LocalPages, localPages, open } from './local-pages.ts';

const LONG_TIMEOUT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the status page of the built program', LONG_TIMEOUT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  longTest('shows account, scopes and file of every profile; Check now says that it works', async () => {
    await using at = await localPages();
    await at.signIn();
    await at.signIn({ profile: 'partner', scopes: ['sleep'] }, { person: 'SLEEP2' });
    const page = await statusPage(browser, at);
    await page.getByRole('heading', { name: 'All well' }).waitFor();
    const text = (await page.locator('#profile-default').textContent()) ?? '';
    for (const words of ['WALK01', 'Simulated Fitbit', APP.id, 'Activity, sleep', at.path('default')])
      expect(text).toContain(words);
    expect(await page.locator('#profile-partner').textContent()).toContain('SLEEP2');
    await page.getByRole('button', { name: 'Check now WALK01' }).click();
    await notice(page, /works/);
    await page.reload();
    expect(at.sandbox.state().counts.refreshes).toBe(0);
  });

  test('Sign in again: denied, the tokens stay; allowed, and back in the same tab', async () => {
    await using at = await localPages();
    await at.signIn();
    const before = await at.stored();
    const page = await statusPage(browser, at);
    await page.getByRole('button', { name: 'Sign in again WALK01' }).click();
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('heading', { name: /declined/i }).waitFor();
    expect(await at.stored()).toEqual(before);
    await page.getByRole('link', { name: 'Back to your sign-ins' }).click();
    await page.getByRole('button', { name: 'Sign in again WALK01' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('link', { name: 'Back to your sign-ins' }).click();
    await page.getByRole('heading', { name: 'All well' }).waitFor();
    expect(at.sandbox.state().counts.exchanges).toBe(2);
  });

  longTest('Sign out asks, revokes, deletes, and says so', async () => {
    await using at = await localPages();
    await at.signIn();
    const page = await statusPage(browser, at);
    await page.getByText('Sign out…').click();
    await page.locator('button[name=sign-out]').click();
    await notice(page, /WALK01 is signed out/);
    await page.getByRole('heading', { name: 'No sign-ins yet' }).waitFor();
    await expect(at.stored()).rejects.toThrow('ENOENT');
    expect(at.sandbox.state().counts.revocations).toBe(1);
  });

  longTest('Add account: the setup page for a profile of its own', async () => {
    await using at = await localPages();
    await at.signIn();
    const before = await at.stored();
    const page = await statusPage(browser, at);
    await page.route('https://www.fitbit.com/**', (route) => route.fulfill({ body: 'Allow this app?' }));
    await page.getByRole('button', { name: 'Add account' }).click();
    await page.getByRole('radio', { name: 'Fitbit' }).check();
    expect(await page.getByLabel('Client ID').filter({ visible: true }).inputValue()).toBe('');
    await page.getByLabel('Client ID').filter({ visible: true }).fill('23OTHR');
    await page.getByText('Registered a different redirect URI?').click();
    await page.getByLabel('Redirect URI', { exact: true }).filter({ visible: true }).fill(at.redirectUri);
    await page.getByRole('button', { name: 'Continue to Fitbit' }).click();
    await page.getByText('Allow this app?').waitFor();
    const { searchParams } = new URL(page.url());
    expect(searchParams.get('client_id')).toBe('23OTHR');
    const answer = new URLSearchParams({ error: 'access_denied', state: searchParams.get('state') ?? '' });
    await page.goto(`${at.redirectUri}?${answer}`);
    await page.getByRole('link', { name: 'Change the app' }).click();
    expect(await page.getByLabel('Client ID').filter({ visible: true }).inputValue()).toBe('23OTHR');
    expect(await at.stored()).toEqual(before);
  });

  longTest('a dead grant needs a new sign-in; one that was denied does not help', async () => {
    await using at = await localPages();
    await at.signIn();
    // One live refresh token per person and app: this sign-in ends the first.
    await at.signIn({ profile: 'elsewhere' });
    await expire(at);
    const page = await statusPage(browser, at);
    await page.getByRole('heading', { name: 'All well' }).waitFor();
    await page.locator('#profile-default-check').click();
    await page.locator('#profile-default #notice.failure').waitFor();
    await page.getByRole('heading', { name: '1 of 2 needs you' }).waitFor();
    for (const decision of ['Deny', 'Allow']) {
      await page.locator('#profile-default-fix').click();
      await page.getByRole('button', { name: decision }).click();
      await page.getByRole('link', { name: 'Back to your sign-ins' }).click();
      await page.getByRole('heading', { name: decision === 'Deny' ? '1 of 2 needs you' : 'All well' }).waitFor();
    }
  });

  longTest('a scope that was not granted is added by a new sign-in', async () => {
    await using at = await localPages();
    await at.signIn({}, { untick: ['sleep'] });
    const page = await statusPage(browser, at);
    await page.getByRole('button', { name: 'Add Sleep WALK01' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('link', { name: 'Back to your sign-ins' }).click();
    await page.getByRole('heading', { name: 'All well' }).waitFor();
  });

  longTest('a damaged file is named and unchanged, and the other profiles still work', async () => {
    await using at = await localPages();
    await at.signIn();
    await writeFile(at.path('broken'), '{"access_token":"marked-damaged', { mode: 0o600 });
    const page = await statusPage(browser, at);
    await page.getByRole('heading', { name: '1 of 2 needs you' }).waitFor();
    expect(await page.locator('#profile-broken').textContent()).toContain(at.path('broken'));
    expect(await page.content()).not.toContain('marked-damaged');
  });

  longTest('a provider that can’t be reached: the tokens are untouched, and the page says so', async () => {
    await using at = await localPages();
    await at.signIn();
    await expire(at);
    const { refresh_token: before } = await at.stored();
    at.sandbox.faults.add({ at: 'token', kind: 'status', status: 503 });
    const page = await statusPage(browser, at);
    await page.locator('#profile-default-check').click();
    await notice(page, /tokens were kept/);
    expect((await at.stored()).refresh_token).toBe(before);
  });

  longTest('another process’s change appears by itself; the key is in no history; Ctrl-C ends with 0', async () => {
    await using at = await localPages();
    await at.signIn();
    const program = at.start(['status', '--web']);
    const page = await open(browser.context, program);
    const key = (await program.address()).searchParams.get('key') ?? '';
    expect((await at.run(['logout'])).exit).toBe(0);
    await page.getByRole('heading', { name: 'No sign-ins yet' }).waitFor();
    for (const { url } of await history(page)) expect(url).not.toContain(key);
    program.child.kill('SIGINT');
    expect((await program.ended).exit).toBe(0);
    await page.getByText('fitbit-login has stopped').waitFor();
  });
});

async function statusPage({ context }: RunningBrowser, at: LocalPages): Promise<Page> {
  return open(context, at.start(['status', '--web']));
}

async function notice(page: Page, text: RegExp): Promise<void> {
  await page.locator('#notice').filter({ hasText: text }).waitFor();
}

async function expire(at: LocalPages): Promise<void> {
  const changes = { obtained_at: '2026-01-31T12:00:00.000Z', expires_at: '2026-01-31T20:00:00.000Z' };
  await writeFile(at.path('default'), JSON.stringify({ ...(await at.stored()), ...changes }));
}
