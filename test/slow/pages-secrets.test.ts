import { describe, expect, test } from 'vitest';
import { launch, skipWithoutBrowser } from '../browser/browser.ts';
import { APP, localPages, open, served } from '../browser/local-pages.ts';
import { recorder } from '../cli/recorder.ts';

const LONG_TIMEOUT = { timeout: 180_000 };

describe.skipIf(skipWithoutBrowser)('canary', LONG_TIMEOUT, () => {
  test('no page of setup, result and status, and no update, holds a token, a code, a verifier or a secret', async () => {
    await using browser = await launch();
    await using at = await localPages();
    const secrets = new Set<string>([APP.secret, 'wrong5ec12e7marked']);
    await using before = await recorder(at.sandbox.origin, () => note());
    const note = () => {
      for (const [name, secret] of before.secrets) if (name !== 'state' && secret !== '') secrets.add(secret);
    };

    const setup = at.start(['setup', '--sandbox', before.origin, '--redirect-uri', at.redirectUri]);
    const page = await open(browser.context, setup);
    const bodies = served(page);
    await page.reload();
    for (const secret of ['wrong5ec12e7marked', APP.secret]) {
      await page.getByRole('radio', { name: 'Fitbit' }).check();
      await page.getByLabel('Client ID').filter({ visible: true }).fill(APP.id);
      await page.getByLabel('Client secret').filter({ visible: true }).fill(secret);
      await page.getByRole('button', { name: /Continue to Fitbit|Try again/ }).click();
      await page.getByRole('button', { name: 'Allow' }).click();
      const back = page.getByRole('link', { name: 'Change the app' });
      await page.getByRole('heading', { name: /igned in|rejected/ }).waitFor();
      if (secret !== APP.secret) await back.click();
      note();
    }
    expect((await setup.ended).exit).toBe(0);

    const again = at.start(['setup', '--sandbox', before.origin]);
    await page.goto((await again.address()).href);
    await page.getByText('One is stored').waitFor();
    await page.getByRole('button', { name: 'Stop fitbit-login' }).click();
    await again.ended;

    const status = at.start(['status', '--web']);
    await page.goto((await status.address()).href);
    await page.getByRole('button', { name: 'Check now WALK01' }).click();
    await page.locator('#notice').waitFor();
    note();
    await page.getByRole('button', { name: 'Sign in again WALK01' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('link', { name: 'Back to your sign-ins' }).click();
    await page.getByRole('heading', { name: 'All well' }).waitFor();
    note();

    expect((await at.run(['refresh'])).exit).toBe(0);
    note();
    const live = page.waitForResponse('**/live*');
    await live;

    await page.locator('summary').filter({ hasText: 'Sign out' }).click();
    await page.locator('button[name=sign-out]').click();
    await page.locator('#notice').waitFor();

    const texts = await bodies();
    // Setup twice over, its errors, the results, status after each button: all of them were looked at.
    expect(texts.filter((text) => text.includes('fitbit-login')).length).toBeGreaterThan(12);
    // A code and a verifier each of three exchanges, and two tokens of every answer.
    expect(secrets.size).toBeGreaterThanOrEqual(2 + 6 + 6);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(15);
      for (const text of texts) expect(text).not.toContain(secret.slice(0, 16));
    }
  });
});
