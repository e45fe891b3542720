import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { APP, history, localPages, open } from './local-pages.ts';

const PATIENT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the setup page', PATIENT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch({ permissions: ['clipboard-read', 'clipboard-write'] });
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('first use: from an empty directory to signed in, through the form', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    await page.getByRole('button', { name: `Copy ${at.redirectUri}` }).click();
    await page.getByText('Copied').first().waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(at.redirectUri);

    const id = page.getByLabel('Client id');
    await id.pressSequentially(APP.id.slice(0, 5));
    expect(await page.locator('#recognised').textContent()).toBe('');
    await id.pressSequentially(APP.id.slice(5));
    expect(await page.locator('#recognised').textContent()).toContain('Fitbit');
    await page.getByLabel('Client secret').fill(APP.secret);
    for (const words of [/GPS/, /Food/]) await page.getByRole('checkbox', { name: words }).uncheck();
    await page.getByRole('button', { name: 'Go on to sign in' }).click();

    // The provider's page, in the same tab, tells the person which app asks.
    await page.getByText(APP.name).first().waitFor();
    expect(new URL(page.url()).origin).toBe(at.sandbox.origin);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();

    const { exit, stdout } = await program.ended;
    expect(exit).toBe(0);
    expect(stdout).toContain('Signed in');
    const { client_id, client_secret, requested_scope, scope, redirect_uris } = await at.stored();
    expect({ client_id, client_secret, redirect_uris }).toEqual({
      client_id: APP.id,
      client_secret: APP.secret,
      redirect_uris: [at.redirectUri],
    });
    for (const scopes of [requested_scope, scope]) {
      expect(String(scopes).split(' ')).toHaveLength(13);
      expect(scopes).not.toMatch(/location|nutrition/);
    }
  });

  test('fitbit-login alone opens it where nothing is configured, and its form leads to Fitbit itself', async () => {
    await using at = await localPages();
    const program = at.start(['login', '--redirect-uri', at.redirectUri]);
    const page = await browser.context.newPage();
    const asked = page.waitForRequest('https://www.fitbit.com/**');
    await page.goto((await program.address()).href);
    await page.getByText('2026-11-02').waitFor();
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

  test('a wrong secret is mended on the page that the result page leads back to', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    await fillIn(page, 'wrong5ec12e7wrong5ec12e7wrong5ec');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Not signed in' }).waitFor();
    await page.getByRole('link', { name: 'Change the registration' }).click();

    const summary = page.getByRole('alert').filter({ hasText: 'has to be mended' });
    await summary.waitFor();
    expect(await summary.textContent()).toMatch(/client secret/i);
    expect(await page.content()).not.toContain('wrong5ec12e7');
    expect(await page.getByLabel('Client id').inputValue()).toBe(APP.id);
    await summary.getByRole('link').click();
    await page.keyboard.type(APP.secret);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
    expect(await at.stored()).toMatchObject({ client_secret: APP.secret });
  });

  test('errors keep what was typed and what was ticked, but never the secret', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    await page.getByLabel('Client id').fill(APP.id);
    await page.getByRole('checkbox', { name: /GPS/ }).uncheck();
    await page.getByLabel('Client id').fill('23 PAGE');
    await page.getByLabel('Client secret').fill('marked blank secret');
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByText('2 things have to be mended').waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('errors');
    expect(await page.getByLabel('Client id').inputValue()).toBe('23 PAGE');
    expect(await page.getByLabel('Client id').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Client secret').inputValue()).toBe('');
    expect(await page.content()).not.toContain('marked blank secret');
    await page.getByLabel('Client id').fill(APP.id);
    expect(await page.getByRole('checkbox', { name: /GPS/ }).isChecked()).toBe(false);
    expect(await page.getByRole('checkbox', { name: /Sleep/ }).isChecked()).toBe(true);
  });

  test('with nothing ticked there is nothing to ask for', async () => {
    await using at = await localPages();
    const page = await open(browser.context, at.setup());
    await page.getByLabel('Client id').fill(APP.id);
    for (const box of await page.getByRole('checkbox').all()) await box.uncheck();
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByRole('alert').getByText('Tick at least one').waitFor();
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(0);
  });

  test('a downloaded file takes the place of both fields', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    const content = JSON.stringify({ client_id: APP.id, client_secret: APP.secret });
    await page.getByLabel('Choose the file').setInputFiles({
      name: '.env',
      mimeType: 'application/json',
      buffer: Buffer.from(content),
    });
    await expect.poll(() => page.getByLabel('Or the downloaded file').inputValue()).toBe(content);
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
  });

  test('Try it in the sandbox needs nothing at all', async () => {
    await using at = await localPages();
    const program = at.start(['login', '--redirect-uri', at.redirectUri]);
    const page = await open(browser.context, program);
    await page.getByRole('button', { name: 'Try it in the sandbox' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
    expect(await at.stored()).toMatchObject({ sandbox: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) });
  });

  test('setup later is filled in, and keeps the secret where none is typed', async () => {
    await using at = await localPages();
    await at.signIn();
    const { access_token: before } = await at.stored();
    const program = at.start(['setup', '--sandbox', at.sandbox.origin]);
    const page = await open(browser.context, program);
    expect(await page.getByLabel('Client id').inputValue()).toBe(APP.id);
    expect(await page.locator('.uris code').allTextContents()).toEqual([at.redirectUri]);
    expect(await page.getByRole('checkbox', { name: /Sleep/ }).isChecked()).toBe(true);
    expect(await page.getByRole('checkbox', { name: /GPS/ }).isChecked()).toBe(false);
    await page.getByText('One is stored already').waitFor();
    expect(await page.content()).not.toContain(APP.secret);
    await page.getByRole('checkbox', { name: /Weight/ }).check();
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect((await program.ended).exit).toBe(0);
    const after = await at.stored();
    expect(after).toMatchObject({ client_secret: APP.secret, requested_scope: 'activity sleep weight' });
    expect(after.access_token).not.toBe(before);
  });

  test('neither address bar nor back and forward lead to the key, which a second use finds spent', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    const key = (await program.address()).searchParams.get('key') ?? '';
    expect(key).toMatch(/^[\w-]{43}$/);
    await page.getByRole('heading', { name: 'Set up your app' }).waitFor();
    expect(page.url()).not.toContain(key);
    for (const { url } of await history(page)) expect(url).not.toContain(key);
    const again = await browser.context.newPage();
    const answer = await again.goto((await program.address()).href);
    expect(answer?.status()).toBe(403);
    await again.getByText('This page is closed to you').waitFor();
  });

  test('Stop ends it with 4, and nothing is stored', async () => {
    await using at = await localPages();
    const program = at.setup();
    const page = await open(browser.context, program);
    await page.getByRole('button', { name: 'Stop fitbit-login' }).click();
    await page.getByRole('heading', { name: 'fitbit-login has stopped' }).waitFor();
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(4);
    expect(stderr).toContain('fitbit-login setup');
    await expect(at.stored()).rejects.toThrow('ENOENT');
  });
});

async function fillIn(page: Page, secret: string = APP.secret): Promise<void> {
  await page.getByLabel('Client id').fill(APP.id);
  await page.getByLabel('Client secret').fill(secret);
  await page.getByRole('button', { name: 'Go on to sign in' }).click();
}
