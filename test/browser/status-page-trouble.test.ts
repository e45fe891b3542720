import { chmod, stat, writeFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { type LocalPages, localPages, open } from './local-pages.ts';

const PATIENT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)(
  'the status page says what is wrong, first, with the one button that mends it',
  PATIENT,
  () => {
    let browser: RunningBrowser;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser[Symbol.asyncDispose]());

    const statusPage = (at: LocalPages) => open(browser.context, at.start(['status', '--web']));

    test('a dead grant: a new sign-in mends it, and one that was denied does not', async () => {
      await using at = await localPages();
      await at.signIn();
      // One live refresh token per person and app: this sign-in ends the first.
      await at.signIn({ profile: 'elsewhere' });
      const page = await statusPage(at);
      await page.getByRole('button', { name: 'Refresh now default' }).click();
      await page.locator('#notice.failure').waitFor();
      expect(await wrong(page, 'default').textContent()).toMatch(/Only a new sign-in helps/);

      await mend(page, 'default', 'Sign in again');
      await page.getByRole('button', { name: 'Deny' }).click();
      await page.getByRole('link', { name: 'Back to the status page' }).click();
      expect(await wrong(page, 'default').textContent()).toMatch(/Only a new sign-in helps/);
      await page.getByText('1 of 2 needs something done').getByRole('link', { name: 'default' }).waitFor();

      await mend(page, 'default', 'Sign in again');
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('link', { name: 'Back to the status page' }).click();
      await page.getByText('All 2 work').waitFor();
      expect(await wrong(page, 'default').count()).toBe(0);
    });

    test('a refresh that was cut off is asked for again', async () => {
      await using at = await localPages();
      await at.signIn();
      await tamper(at, { refresh_started_at: new Date().toISOString() });
      const page = await statusPage(at);
      expect(await wrong(page, 'default').textContent()).toMatch(/cut off/);
      await mend(page, 'default', 'Refresh now');
      await page.getByText('It works').waitFor();
      expect(await at.stored()).not.toHaveProperty('refresh_started_at');
    });

    test('an access token that has ended is refreshed', async () => {
      await using at = await localPages();
      await at.signIn();
      await tamper(at, { obtained_at: '2026-01-31T12:00:00.000Z', expires_at: '2026-01-31T20:00:00.000Z' });
      const page = await statusPage(at);
      await page.getByText('Access token ended').waitFor();
      await mend(page, 'default', 'Refresh now');
      await page.getByText('It works').waitFor();
    });

    test('a scope that was not granted is asked for again', async () => {
      await using at = await localPages();
      await at.signIn({}, { untick: ['sleep'] });
      const page = await statusPage(at);
      expect(await wrong(page, 'default').textContent()).toMatch(/Not every scope/);
      await mend(page, 'default', 'Sign in again');
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('link', { name: 'Back to the status page' }).click();
      await page.getByText('It works').waitFor();
    });

    test.skipIf(process.platform === 'win32')('a file that others can open is closed by the next change', async () => {
      await using at = await localPages();
      await at.signIn();
      await chmod(at.path('default'), 0o644);
      const page = await statusPage(at);
      expect(await wrong(page, 'default').textContent()).toMatch(/mode 0644/);
      await mend(page, 'default', 'Refresh now');
      await page.getByText('It works').waitFor();
      expect((await stat(at.path('default'))).mode & 0o777).toBe(0o600);
    });

    test('a damaged file is named and left alone, and the other profiles are none the worse', async () => {
      await using at = await localPages();
      await at.signIn();
      await writeFile(at.path('broken'), '{"access_token":"marked-damaged', { mode: 0o600 });
      const page = await statusPage(at);
      await page.getByText('1 of 2 needs something done').waitFor();
      const card = page.getByRole('article', { name: 'broken' });
      expect(await card.textContent()).toContain(at.path('broken'));
      expect(await card.getByRole('button').count()).toBe(0);
      expect(await page.content()).not.toContain('marked-damaged');
      await page.getByRole('article', { name: 'default' }).getByText('Signed in').first().waitFor();
    });

    test('a provider that cannot be reached: the tokens are untouched, and so says the page', async () => {
      await using at = await localPages();
      await at.signIn();
      const { refresh_token: before } = await at.stored();
      at.sandbox.faults.add({ at: 'token', kind: 'status', status: 503 });
      const page = await statusPage(at);
      await page.getByRole('button', { name: 'Refresh now default' }).click();
      const said = page.locator('#notice.failure');
      await said.waitFor();
      expect(await said.textContent()).toMatch(/untouched/);
      expect((await at.stored()).refresh_token).toBe(before);
    });
  },
);

function wrong(page: Page, profile: string): Locator {
  return page.getByRole('article', { name: profile }).locator('.problem');
}

/** Presses the one button beside what is wrong. */
async function mend(page: Page, profile: string, button: string): Promise<void> {
  const buttons = wrong(page, profile).getByRole('button');
  expect(await buttons.count()).toBe(1);
  expect(await buttons.textContent()).toContain(button);
  await buttons.click();
}

async function tamper(at: LocalPages, changes: Readonly<Record<string, unknown>>): Promise<void> {
  await writeFile(at.path('default'), JSON.stringify({ ...(await at.stored()), ...changes }));
}
