import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { launch, skipWithoutBrowser } from './browser.ts';
import { tabTo } from './keyboard.ts';
import { localPages, open } from './local-pages.ts';

const PATIENT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the status page', PATIENT, () => {
  test('without JavaScript: every button works, and a change is seen by asking again', async () => {
    await using browser = await launch({ javaScriptEnabled: false });
    await using at = await localPages();
    await at.signIn();
    const program = at.start(['status', '--web']);
    const page = await open(browser.context, program);
    await page.getByRole('button', { name: 'Refresh now default' }).click();
    await notice(page, /was refreshed/);
    await page.getByRole('button', { name: 'Ask the provider default' }).click();
    await notice(page, /works/);
    await page.getByRole('button', { name: 'Sign in again default' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('link', { name: 'Back to the status page' }).click();
    expect((await at.run(['refresh'])).exit).toBe(0);
    await page.getByRole('link', { name: 'Refresh this page' }).click();
    await expect.poll(() => page.getByText('Access token refreshed').count()).toBe(2);
    await page.getByRole('button', { name: 'Add an account' }).click();
    await page.getByRole('heading', { name: 'Set up your app' }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Status' }).click();
    await page.locator('summary').filter({ hasText: 'Sign out' }).click();
    await page.locator('button[value="sign-out"]').click();
    await notice(page, /is signed out/);
    await page.getByRole('button', { name: 'Stop fitbit-login' }).click();
    await page.getByRole('heading', { name: 'fitbit-login has stopped' }).waitFor();
    expect((await program.ended).exit).toBe(0);
  });

  test('without a mouse: refresh, sign in again and sign out, and the result takes the focus', async () => {
    await using browser = await launch();
    await using at = await localPages();
    await at.signIn();
    const page = await open(browser.context, at.start(['status', '--web']));
    await tabTo(page, 'button[value="refresh"]');
    await page.keyboard.press('Enter');
    await notice(page, /was refreshed/);
    expect(await page.evaluate('document.activeElement.id')).toBe('notice');
    await tabTo(page, 'button[value="sign-in"]');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${at.sandbox.origin}/**`);
    await tabTo(page, 'button[value="allow"]');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    await tabTo(page, '.back a');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your sign-ins' }).waitFor();
    await tabTo(page, '.sure summary');
    await page.keyboard.press('Space');
    await tabTo(page, 'button[value="sign-out"]');
    await page.keyboard.press('Enter');
    await notice(page, /is signed out/);
  });
});

async function notice(page: Page, text: RegExp): Promise<void> {
  await page.locator('#notice').filter({ hasText: text }).waitFor();
}
