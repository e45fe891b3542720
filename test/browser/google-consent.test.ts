import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GOOGLE, PREFIX } from '../flow/google.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { browserFixture } from './browser-fixture.ts';

const LONG_TIMEOUT = { timeout: 120_000 };
const SCOPES = ['sleep.readonly', 'profile.readonly', 'nutrition.writeonly'];

describe.skipIf(skipWithoutBrowser)('Google’s consent in a real browser', LONG_TIMEOUT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('with every box unticked it asks again; then unticked scopes are named as not granted by the page, and stored so', async () => {
    await using at = await browserFixture();
    const { page, unexpected, done } = await at.begin(browser.context, { ...GOOGLE, scopes: SCOPES });
    await page.setViewportSize({ width: 360, height: 640 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    for (const box of await page.getByRole('checkbox').all()) await box.uncheck();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('alert').waitFor();
    for (const scope of ['sleep.readonly', 'nutrition.writeonly']) {
      await page.locator(`input[value="${PREFIX}${scope}"]`).uncheck();
    }
    await page.getByRole('button', { name: 'Allow' }).click();
    const { userId = '?', missingScopes } = await done;
    expect(unexpected).toEqual([]);
    expect(missingScopes).toEqual([`${PREFIX}sleep.readonly`, `${PREFIX}nutrition.writeonly`]);

    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    const text = await page.locator('main').textContent();
    for (const words of [userId, 'WALK01']) expect(text).toContain(words);
    expect(await page.locator('dl > div', { hasText: 'Not granted' }).textContent()).toMatch(
      /sleep.*food|sleep.*nutrition/i,
    );
    const { access_token, refresh_token, scope, requested_scope } = JSON.parse(await at.stored());
    expect(scope).toContain(`${PREFIX}profile.readonly`);
    expect(scope).not.toMatch(/sleep|nutrition/);
    expect(requested_scope.split(' ')).toHaveLength(3);

    // §10: neither the code nor a token is on the page or in the address bar.
    const shown = `${page.url()}\n${await page.content()}`;
    for (const secret of [access_token, refresh_token, GOOGLE.clientSecret, '4/0A'])
      expect(shown).not.toContain(secret);
  });
});
