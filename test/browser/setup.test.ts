import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTest } from '../extent.ts';
import { clientFile, DESKTOP } from '../flow/google.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { tabTo } from './keyboard.ts';
import { APP, history, localPages, open } from './local-pages.ts';

const LONG_TIMEOUT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the setup page of the built program', LONG_TIMEOUT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('Google, from an empty directory: the file is dropped, and two clicks later walker@example.com is signed in, with nothing typed', async () => {
    await using at = await localPages();
    const program = at.start(['setup', '--sandbox', at.sandbox.origin]);
    const page = await browser.context.newPage();
    const done: string[] = [];
    await page.exposeFunction('record', (kind: string) => void done.push(kind));
    // On every page; a click on a label also fires one on its field.
    await page.addInitScript(`for (const kind of ['pointerup', 'keydown'])
      addEventListener(kind, ({ isTrusted }) => isTrusted && window.record(kind), true);`);
    await page.goto((await program.address()).href);
    const file = await page.evaluateHandle(`(() => {
      const data = new DataTransfer();
      data.items.add(new File([${JSON.stringify(clientFile('installed'))}], 'client_secret_1.json', { type: 'application/json' }));
      return data;
    })()`);
    await page.dispatchEvent('body', 'drop', { dataTransfer: file });
    await page.getByText('Desktop app · project a-notebook').waitFor();
    await page.getByText(/warn that the app is unverified.*Go to a-notebook \(unsafe\)/).waitFor();
    await page.getByRole('button', { name: 'Continue to Google' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect(await page.locator('main').textContent()).toContain('walker@example.com');
    expect(done).toEqual(['pointerup', 'pointerup']);
    expect(await program.ended).toMatchObject({ exit: 0, stdout: expect.stringContaining('as walker@example.com') });
    expect(await at.stored()).toMatchObject({ provider: 'google-health', email: 'walker@example.com' });
  });

  longTest('Google: a file in Downloads is enough, with nothing typed', async () => {
    await using at = await localPages();
    await writeFile(join(at.home, 'client_secret_1.json'), clientFile('installed', ['http://localhost']));
    const program = at.start(['setup', '--sandbox', at.sandbox.origin], {
      environment: { XDG_DOWNLOAD_DIR: at.home },
    });
    const page = await open(browser.context, program);
    await page.getByRole('button', { name: 'Look in Downloads' }).click();
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.getByText('Desktop app · project a-notebook').waitFor();
    expect(await page.content()).not.toContain(DESKTOP.secret);
    await page.getByRole('button', { name: 'Continue to Google' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect(await program.ended).toMatchObject({ exit: 0 });
    expect(await at.stored()).toMatchObject({ provider: 'google-health', client_secret: DESKTOP.secret });
  });

  longTest('Fitbit without a mouse: from the address to signed in with Tab, Space and Enter alone', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    await tabTo(page, '[name=provider]:checked');
    await page.keyboard.press('ArrowDown');
    await tabTo(page, '[id="clientId:fitbit"]');
    await page.keyboard.type(APP.id);
    await tabTo(page, '[id="clientSecret:fitbit"]');
    await page.keyboard.type(APP.secret);
    await tabTo(page, '.pad.fitbit .asks > details > summary');
    await page.keyboard.press('Enter');
    await tabTo(page, '[name="scopes:fitbit"][value=location]');
    await page.keyboard.press('Space');
    await tabTo(page, '.go .primary');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${at.sandbox.origin}/**`);
    await tabTo(page, 'button[value="allow"]');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
    const { client_id, client_secret, requested_scope, redirect_uris } = await at.stored();
    expect({ client_id, client_secret, redirect_uris }).toEqual({
      client_id: APP.id,
      client_secret: APP.secret,
      redirect_uris: [at.redirectUri],
    });
    expect(requested_scope).toMatch(/sleep/);
    expect(requested_scope).not.toMatch(/location/);
  });

  longTest('a wrong secret is corrected on the page that the result page leads back to', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    await fillIn(page, 'wrong5ec12e7wrong5ec12e7wrong5ec');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /rejected the client secret/ }).waitFor();
    await page.getByRole('link', { name: 'Change the app' }).click();
    await page.getByRole('alert').filter({ hasText: 'rejected the client secret' }).waitFor();
    expect(await page.content()).not.toContain('wrong5ec12e7');
    expect(await page.getByLabel('Client ID').filter({ visible: true }).inputValue()).toBe(APP.id);
    await page.keyboard.type(APP.secret);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
    expect(await at.stored()).toMatchObject({ client_secret: APP.secret });
  });

  longTest('errors keep what was entered and ticked, but never the secret', async () => {
    await using at = await localPages();
    const page = await open(browser.context, at.setup());
    await page.getByRole('radio', { name: 'Fitbit' }).check();
    await page.getByText('Change…').last().click();
    await page.getByRole('checkbox', { name: 'Workout location' }).last().uncheck();
    await fillIn(page, 'marked blank secret', '23 PAGE');
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Client ID').filter({ visible: true }).inputValue()).toBe('23 PAGE');
    expect(await page.getByLabel('Client ID').filter({ visible: true }).getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Client secret').filter({ visible: true }).inputValue()).toBe('');
    expect(await page.content()).not.toContain('marked blank secret');
    const box = (scope: string) => page.locator(`[name="scopes:fitbit"][value=${scope}]`);
    expect(await box('location').isChecked()).toBe(false);
    expect(await box('sleep').isChecked()).toBe(true);
  });

  test('fitbit-login alone opens it if nothing is configured; the form leads to Fitbit itself', async () => {
    await using at = await localPages();
    const program = at.start(['login', '--redirect-uri', at.redirectUri]);
    const page = await browser.context.newPage();
    const asked = page.waitForRequest('https://www.fitbit.com/**');
    await page.goto((await program.address()).href);
    await fillIn(page);
    const { searchParams } = new URL((await asked).url());
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: APP.id,
      redirect_uri: at.redirectUri,
      response_type: 'code',
      code_challenge_method: 'S256',
    });
    program.child.kill('SIGINT');
    expect((await program.ended).exit).toBe(130);
  });

  longTest('Try it in the sandbox needs nothing at all, and is kept apart', async () => {
    await using at = await localPages();
    const program = at.start(['login', '--redirect-uri', at.redirectUri]);
    const page = await open(browser.context, program);
    await page.getByRole('button', { name: 'Try it in the sandbox' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
    expect(await at.stored('sandbox')).toMatchObject({ sandbox: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) });
  });

  longTest('a later setup is prefilled, and keeps the secret if none is entered', async () => {
    await using at = await localPages();
    await at.signIn();
    const program = at.start(['setup', '--sandbox', at.sandbox.origin]);
    const page = await open(browser.context, program);
    expect(await page.getByLabel('Client ID').filter({ visible: true }).inputValue()).toBe(APP.id);
    await page.getByText('One is stored').waitFor();
    expect(await page.content()).not.toContain(APP.secret);
    await page.getByText('Change…').last().click();
    await page.getByRole('checkbox', { name: 'Weight' }).check();
    await page.getByRole('button', { name: 'Continue to Fitbit' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
    expect(await at.stored()).toMatchObject({ client_secret: APP.secret });
    expect(
      String((await at.stored()).requested_scope)
        .split(' ')
        .toSorted(),
    ).toEqual(['activity', 'sleep', 'weight']);
  });

  longTest('the key is used up and in no history; Stop exits with 4, and nothing is stored', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    const key = (await program.address()).searchParams.get('key') ?? '';
    expect(key).toMatch(/^[\w-]{43}$/);
    await page.getByRole('heading', { name: 'Connect your health data' }).waitFor();
    for (const { url } of await history(page)) expect(url).not.toContain(key);
    const again = await browser.context.newPage();
    expect((await again.goto((await program.address()).href))?.status()).toBe(403);
    await again.getByText('already been used').waitFor();
    await page.getByRole('button', { name: 'Stop fitbit-login' }).click();
    await page.getByRole('heading', { name: /has stopped/ }).waitFor();
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(4);
    expect(stderr).toContain('fitbit-login setup');
    await expect(at.stored()).rejects.toThrow('ENOENT');
  });
});

async function fillIn(page: Page, secret: string = APP.secret, id: string = APP.id): Promise<void> {
  await page.getByRole('radio', { name: 'Fitbit' }).check();
  await page.getByLabel('Client ID').filter({ visible: true }).fill(id);
  await page.getByLabel('Client secret').filter({ visible: true }).fill(secret);
  await page.getByRole('button', { name: 'Continue to Fitbit' }).click();
}
