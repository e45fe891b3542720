import { describe, expect, test } from 'vitest';
import { launch, skipWithoutBrowser } from './browser.ts';
import { tabTo } from './keyboard.ts';
import { APP, localPages, open } from './local-pages.ts';

const PATIENT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the setup page', PATIENT, () => {
  test('without JavaScript: a wrong secret, mended, to signed in', async () => {
    await using browser = await launch({ javaScriptEnabled: false });
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    // What would do nothing here is not shown.
    expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0);
    expect(await page.getByText('Choose the file').isVisible()).toBe(false);
    expect(await page.locator('.uris code').textContent()).toBe(at.redirectUri);

    await page.getByLabel('Client id').fill(APP.id);
    await page.getByLabel('Client secret').fill('wrong5ec12e7');
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('link', { name: 'Change the registration' }).click();
    await page.getByText('One thing has to be mended').waitFor();
    expect(await page.locator('#recognised').textContent()).toContain('Fitbit');
    await page.getByLabel('Client secret').fill(APP.secret);
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
  });

  test('without a mouse: from the address to signed in with Tab, Space and Enter alone', async () => {
    await using browser = await launch();
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    await tabTo(page, '#clientId');
    await page.keyboard.type(APP.id);
    await tabTo(page, '#clientSecret');
    await page.keyboard.type(APP.secret);
    await tabTo(page, 'input[value="location"]');
    await page.keyboard.press('Space');
    await tabTo(page, '.submit button');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${at.sandbox.origin}/**`);
    await tabTo(page, 'button[value="allow"]');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
    const { requested_scope: asked } = await at.stored();
    expect(asked).toMatch(/sleep/);
    expect(asked).not.toMatch(/location/);
  });
});
