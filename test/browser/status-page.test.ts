import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { APP, history, type LocalPages, localPages, open } from './local-pages.ts';

const PATIENT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the status page', PATIENT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('shows every profile: who, which app, which scopes in plain words, how long, since when, and where', async () => {
    await using at = await localPages();
    await at.signIn();
    await at.signIn({ profile: 'partner', scopes: ['sleep'] }, { person: 'SLEEP2' });
    const page = await statusPage(browser, at);
    await page.getByText('All 2 work').waitFor();
    const card = page.getByRole('article', { name: 'default' });
    const text = ((await card.textContent()) ?? '').replaceAll(/\s+/g, ' ');
    for (const words of ['WALK01', 'Fitbit (sandbox)', APP.id, 'Sleep', 'Steps, distance', at.path('default'), '0600'])
      expect(text).toContain(words);
    expect(text).toMatch(/7 hours 59 minutes left, until /);
    expect(text).toMatch(/\d\d:\d\d Signed in/);
    const [left, whole] = await card
      .getByRole('progressbar')
      .evaluate((bar) => [bar.getAttribute('value'), bar.getAttribute('max')].map(Number));
    expect(whole).toBe(28_800_000);
    expect(left).toBeGreaterThan(28_000_000);
    expect(left).toBeLessThanOrEqual(28_800_000);
    expect(await page.getByRole('article', { name: 'partner' }).textContent()).toContain('SLEEP2');
  });

  test('Refresh now, and Ask the provider: the result is on the page', async () => {
    await using at = await localPages();
    await at.signIn();
    const { access_token: before } = await at.stored();
    const page = await statusPage(browser, at);
    await page.getByRole('button', { name: 'Refresh now default' }).click();
    await notice(page, /The access token of “default” was refreshed/);
    expect((await at.stored()).access_token).not.toBe(before);
    await page.getByText('Access token refreshed').waitFor();
    await page.getByRole('button', { name: 'Ask the provider default' }).click();
    await notice(page, /says that the token of “default” works/);
    expect(at.sandbox.state().counts.refreshes).toBe(1);
    // A reload shows the page again and does nothing again.
    await page.reload();
    expect(at.sandbox.state().counts.refreshes).toBe(1);
  });

  test('Sign in again: consent in the same tab, and back', async () => {
    await using at = await localPages();
    await at.signIn();
    const page = await statusPage(browser, at);
    await page.getByRole('button', { name: 'Sign in again default' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    await page.getByRole('link', { name: 'Back to the status page' }).click();
    await page.getByRole('heading', { name: 'Your sign-ins' }).waitFor();
    expect(await page.getByRole('listitem').filter({ hasText: 'Signed in' }).count()).toBe(2);
    expect(at.sandbox.state().counts.exchanges).toBe(2);
  });

  test('Sign in again, denied: the page says so, and the tokens are as they were', async () => {
    await using at = await localPages();
    await at.signIn();
    const before = await at.stored();
    const page = await statusPage(browser, at);
    await page.getByRole('button', { name: 'Sign in again default' }).click();
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('heading', { name: /declined/i }).waitFor();
    await page.getByRole('link', { name: 'Back to the status page' }).click();
    await page.getByText('Sign-in failed').waitFor();
    expect(await at.stored()).toEqual(before);
  });

  test('Sign out asks once more, revokes, deletes, and says so', async () => {
    await using at = await localPages();
    await at.signIn();
    const page = await statusPage(browser, at);
    const really = page.locator('button[value="sign-out"]');
    expect(await really.isVisible()).toBe(false);
    await page.locator('summary').filter({ hasText: 'Sign out' }).click();
    await really.click();
    await notice(page, /“default” is signed out: revoked at the provider, then deleted/);
    await page.getByText('Nobody has signed in on this computer yet').waitFor();
    await expect(at.stored()).rejects.toThrow('ENOENT');
    expect(at.sandbox.state().counts.revocations).toBe(1);
  });

  test('Add an account: the setup page for a profile of its own, and back', async () => {
    await using at = await localPages();
    await at.signIn();
    const before = await at.stored();
    const page = await statusPage(browser, at);
    // Fitbit is not here to be asked.
    await page.route('https://www.fitbit.com/**', (route) => route.fulfill({ body: 'Allow this app?' }));
    await page.getByRole('button', { name: 'Add an account' }).click();
    expect(await page.getByLabel('Client id').inputValue()).toBe('');
    await page.getByLabel('Client id').fill('23OTHR');
    await page.getByText('Another redirect URI').first().click();
    await page.getByRole('textbox', { name: 'Another redirect URI' }).fill(at.redirectUri);
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByText('Allow this app?').waitFor();
    const { searchParams } = new URL(page.url());
    expect(searchParams.get('client_id')).toBe('23OTHR');
    // Its answer to somebody who presses Deny.
    const answer = new URLSearchParams({ error: 'access_denied', state: searchParams.get('state') ?? '' });
    await page.goto(`${at.redirectUri}?${answer}`);
    await page.getByRole('heading', { name: /declined/i }).waitFor();
    await page.getByRole('link', { name: 'Change the registration' }).click();
    expect(await page.getByLabel('Client id').inputValue()).toBe('23OTHR');
    await page.getByRole('navigation').getByRole('link', { name: 'Status' }).click();
    await page.getByText('It works').waitFor();
    expect(await at.stored()).toEqual(before);
  });

  test('neither address bar nor back and forward lead to the key', async () => {
    await using at = await localPages();
    await at.signIn();
    const program = at.start(['status', '--web']);
    const page = await open(browser.context, program);
    const key = (await program.address()).searchParams.get('key') ?? '';
    await page.getByRole('button', { name: 'Refresh now default' }).click();
    await notice(page, /was refreshed/);
    expect(key).toMatch(/^[\w-]{43}$/);
    for (const { url } of await history(page)) expect(url).not.toContain(key);
  });
});

async function statusPage({ context }: RunningBrowser, at: LocalPages): Promise<Page> {
  return open(context, at.start(['status', '--web']));
}

async function notice(page: Page, text: RegExp): Promise<void> {
  await page.locator('#notice').filter({ hasText: text }).waitFor();
}
