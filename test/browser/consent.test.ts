import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTest } from '../extent.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { browserFixture } from './browser-fixture.ts';

describe.skipIf(skipWithoutBrowser)('a sign-in in a real browser', () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('§1: Allow: the page says who is signed in, for what, and where the tokens are', async () => {
    await using at = await browserFixture();
    const { page, done } = await at.begin(browser.context);
    await page.getByRole('button', { name: 'Allow' }).click();
    const { userId, scopes, missingScopes, location } = await done;
    expect(missingScopes).toEqual([]);
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    const text = await page.locator('main').textContent();
    expect(scopes).toHaveLength(3);
    for (const shown of [userId ?? '?', 'Activity, heart rate, sleep', location]) expect(text).toContain(shown);
    const { access_token, refresh_token, scope } = JSON.parse(await at.stored());
    expect(scope.split(' ').toSorted()).toEqual(['activity', 'heartrate', 'sleep']);
    expect(at.sandbox.isLive(refresh_token)).toBe(true);
    const source = await page.content();
    for (const secret of [access_token, refresh_token]) expect(source).not.toContain(secret);
  });

  longTest('without JavaScript, an unticked scope is missing on the page and in the stored profile', async () => {
    await using quiet = await launch({ javaScriptEnabled: false });
    await using at = await browserFixture();
    const { page, done } = await at.begin(quiet.context);
    await page.locator('input[value=sleep]').uncheck();
    await page.getByRole('button', { name: 'Allow' }).click();
    expect((await done).missingScopes).toEqual(['sleep']);
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect(await page.locator('dl > div', { hasText: 'Not granted' }).textContent()).toMatch(/sleep/i);
    expect(await page.locator('dl > div', { hasText: 'Can read' }).textContent()).not.toMatch(/sleep/i);
    const { scope, requested_scope } = JSON.parse(await at.stored());
    expect(scope.split(' ').toSorted()).toEqual(['activity', 'heartrate']);
    expect(requested_scope).toContain('sleep');
  });

  longTest('Deny: the page says so, the exit code is 4, and the old tokens are unchanged', async () => {
    await using at = await browserFixture();
    await at.signInBefore();
    const before = await at.stored();
    const { page, done } = await at.begin(browser.context);
    await page.getByRole('button', { name: 'Deny' }).click();
    await expect(done).rejects.toMatchObject({
      code: 'DENIED',
      exitCode: 4,
      preserved: expect.stringMatching(/unchanged/),
    });
    await page.getByRole('heading', { name: /declined/i }).waitFor();
    expect(await page.locator('.lines').textContent()).toMatch(/unchanged/);
    expect(await at.stored()).toBe(before);
  });

  longTest('Allow in two tabs of one URL: one exchange, and the other tab does not show the account', async () => {
    await using at = await browserFixture();
    let exchange = () => {};
    const bothAsked = new Promise<void>((resolve) => {
      exchange = resolve;
    });
    let exchanges = 0;
    const { page, url, redirectUri, done } = await at.begin(
      browser.context,
      {},
      {
        fetch: async (address, init) => {
          if (!address.endsWith('/oauth2/token')) return fetch(address, init);
          exchanges += 1;
          await bothAsked;
          return fetch(address, init);
        },
      },
    );
    const other = await browser.context.newPage();
    await other.goto(url);
    for (const tab of [page, other]) {
      const asked = tab.waitForRequest((request) => request.url().startsWith(redirectUri));
      await tab.getByRole('button', { name: 'Allow' }).click({ noWaitAfter: true });
      await asked;
    }
    exchange();
    await done;
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    expect(exchanges).toBe(1);
    await expect.poll(() => other.title()).toMatch(/^This sign-in is over/);
    expect(await other.content()).not.toContain('WALK01');
  });

  longTest('the consent page works with the keyboard alone, and fits 320 px', async () => {
    await using at = await browserFixture();
    const { page, done } = await at.begin(browser.context);
    await page.setViewportSize({ width: 320, height: 600 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    // Past the choice of an account, to the first box.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    const allow = page.getByRole('button', { name: 'Allow' });
    for (let stops = 0; stops < 10 && !(await allow.evaluate((node) => node.matches(':focus'))); stops += 1) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    expect((await done).missingScopes).toHaveLength(1);
  });
});
