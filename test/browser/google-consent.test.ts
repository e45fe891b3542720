import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GOOGLE, PREFIX } from '../flow/google.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { desk } from './desk.ts';

const PATIENT = { timeout: 120_000 };
const SCOPES = ['sleep.readonly', 'profile.readonly', 'nutrition.writeonly'];

describe.skipIf(skipWithoutBrowser)('Google’s consent in a real browser', PATIENT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('granular: what is unticked is named as not granted by the page, and stored as not granted', async () => {
    await using at = await desk();
    const { page, done } = await at.begin(browser.context, { ...GOOGLE, scopes: SCOPES });
    for (const scope of ['sleep.readonly', 'nutrition.writeonly']) {
      await page.locator(`input[value="${PREFIX}${scope}"]`).uncheck();
    }
    await page.getByRole('button', { name: 'Allow' }).click();
    const { userId = '?', missingScopes } = await done;
    expect(missingScopes).toEqual([`${PREFIX}sleep.readonly`, `${PREFIX}nutrition.writeonly`]);

    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    const row = (label: string) => page.locator('dl > div', { hasText: label }).first().textContent();
    expect(await row('Scopes granted')).toMatch(/profile\.readonly$/);
    expect(await row('Not granted')).toMatch(/sleep\.readonly.*nutrition\.writeonly/);
    expect(await row('Account')).toContain(userId);
    expect(await row('Fitbit account')).toContain('WALK01');
    const { access_token, refresh_token, scope, requested_scope } = JSON.parse(await at.stored());
    expect(scope).toBe(`${PREFIX}profile.readonly`);
    expect(requested_scope.split(' ')).toHaveLength(3);

    // §10: neither the code nor a token is on the page or in the address bar.
    const shown = `${page.url()}\n${await page.content()}`;
    for (const secret of [access_token, refresh_token, GOOGLE.clientSecret, '4/0A'])
      expect(shown).not.toContain(secret);
  });

  test('with every box unticked it asks again, and the wait goes on', async () => {
    await using at = await desk();
    const { page, strays, done } = await at.begin(browser.context, { ...GOOGLE, scopes: SCOPES });
    for (const box of await page.getByRole('checkbox').all()) await box.uncheck();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('alert').waitFor();
    for (const box of await page.getByRole('checkbox').all()) await box.check();
    await page.getByRole('button', { name: 'Allow' }).click();
    expect(await done).toMatchObject({ missingScopes: [] });
    expect(strays).toEqual([]);
  });

  test('an account without a Health profile: the page says “signed in”, and which address helps', async () => {
    await using at = await desk();
    const options = { ...GOOGLE, scopes: SCOPES, loginHint: 'starter@example.com' };
    const { page, done } = await at.begin(browser.context, options);
    await page.getByRole('button', { name: 'Allow' }).click();
    expect((await done).obstacle).toContain('no Health profile');
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect(await page.locator('.notes').textContent()).toContain('https://fitbit.google.com/auth/signup');
    expect(await page.locator('body').getAttribute('class')).toContain('warning');
  });
});
