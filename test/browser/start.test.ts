import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { some } from '../extent.ts';
import { consentSite, startedAt } from '../flow/consent-site.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';

describe.skipIf(skipWithoutBrowser)('in a real Chromium, a sign-in is bound to the browser that began it', () => {
  let browser: RunningBrowser;
  let other: RunningBrowser;
  beforeAll(async () => {
    [browser, other] = await Promise.all([launch(), launch()]);
  });
  afterAll(async () => {
    await Promise.all([browser[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  });

  test.each(some(['127.0.0.1', 'localhost', '[::1]'], 1))(
    'by a cookie if its user cannot be looked up, with the redirect URI’s host %s',
    async (host) => {
      await using site = await consentSite();
      await using visited = await startedAt(site, host);
      const page = await browser.context.newPage();
      await page.goto(visited.listener.startUrl ?? '');
      const link = page.getByRole('link', { name: 'Allow' });
      const callback = (await link.getAttribute('href')) ?? '';
      // Knowing the URL with its state is not enough to finish.
      const foreign = await other.context.newPage();
      await foreign.goto(callback);
      expect(await foreign.title()).toContain('Finish in the browser you started with');
      await foreign.goto(visited.listener.startUrl ?? '');
      expect(foreign.url()).toContain('/start/');
      await link.click();
      await page.waitForURL(/\/result\//);
      expect(await page.title()).toContain('Signed in');
      expect(new URL(page.url()).hostname).toBe(host);
    },
  );
});
