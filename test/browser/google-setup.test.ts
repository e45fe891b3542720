import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFile, DESKTOP, PREFIX } from '../flow/google.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { localPages, open } from './local-pages.ts';

const PATIENT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the setup page with an app at Google', PATIENT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('the id is recognised as it is typed, its provider’s scopes are offered, and it leads to signed in', async () => {
    await using at = await localPages();
    const program = at.start(['setup', '--sandbox', at.sandbox.origin]);
    const page = await open(browser.context, program);
    const id = page.getByLabel('Client id');
    const recognised = page.locator('#recognised');
    await id.pressSequentially(DESKTOP.id.slice(0, -1));
    expect(await recognised.textContent()).toBe('');
    await id.pressSequentially(DESKTOP.id.slice(-1));
    expect(await recognised.textContent()).toContain('Google Health');
    await page.getByLabel('Client secret').fill(DESKTOP.secret);
    // Of Fitbit's scopes none is offered any more; of Google's the usual ones are ticked.
    await expect.poll(() => page.locator('input[type=checkbox][value=heartrate]:visible').count()).toBe(0);
    const box = (scope: string) => page.locator(`input[type=checkbox][value="${scope}"]:visible`);
    expect(await box('profile.readonly').isChecked()).toBe(true);
    expect(await box('sleep.writeonly').isChecked()).toBe(false);
    await box('profile.readonly').uncheck();
    await box('ecg.readonly').check();
    await page.getByRole('button', { name: 'Go on to sign in' }).click();

    await page.getByText(DESKTOP.name).first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/o/oauth2/v2/auth');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect(await program.ended).toMatchObject({ exit: 0 });
    const { provider, legacy_user_id, scope } = await at.stored();
    expect({ provider, legacy_user_id }).toEqual({ provider: 'google-health', legacy_user_id: 'WALK01' });
    expect(scope).toContain(`${PREFIX}ecg.readonly`);
    expect(scope).not.toContain('profile');
  });

  test('the file that Google lets people download is enough', async () => {
    await using at = await localPages();
    const program = at.start(['setup', '--sandbox', at.sandbox.origin]);
    const page = await open(browser.context, program);
    await page
      .getByLabel(/file/i)
      .first()
      .fill(clientFile('installed', ['http://localhost']));
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect(await program.ended).toMatchObject({ exit: 0 });
    expect(await at.stored()).toMatchObject({ provider: 'google-health', client_secret: DESKTOP.secret });
  });
});
