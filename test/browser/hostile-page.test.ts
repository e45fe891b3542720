import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longTest, some } from '../extent.ts';
import { waiting } from '../flow/server-visitor.ts';
import { HOSTILE_HOST, launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { type BrowserFixture, browserFixture, type PendingSignIn } from './browser-fixture.ts';
import { type HostileSite, hostileSite, run, WEB_PAGES } from './hostile-page.ts';

/** What the page learns by each attempt. */
const NOTHING = {
  'fetch with CORS': 'nothing',
  'fetch with CORS and a preflight': 'nothing',
  'fetch without CORS': 'nothing',
  'POST without CORS': 'nothing',
  'HEAD without CORS': 'nothing',
  'an image': 'nothing',
  'a script': 'nothing',
  'a style sheet': 'nothing',
  'a prefetch': 'nothing',
  'a frame': 'nothing',
  'a web socket': 'nothing',
  'an event source': 'nothing',
};

const FORGED = '?code=forged&state=forged';
const FORGERIES = [
  ['a forged code and state', FORGED, 'wrong-state'],
  ['error=access_denied without a state', '?error=access_denied', 'no-state'],
  ['error=access_denied with a forged state', '?error=access_denied&state=forged', 'wrong-state'],
  ['a script in error_description', '?error=x&error_description=<script>document.title=1</script>', 'no-state'],
] as const;

describe.skipIf(skipWithoutBrowser)('a hostile web page in the same browser', () => {
  let browser: RunningBrowser;
  let site: HostileSite;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), hostileSite()]);
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  const openHostile = async (host: string, port = site.port): Promise<Page> => {
    const page = await browser.context.newPage();
    await page.goto(`http://${host}:${port}/`);
    return page;
  };

  describe.each(some(WEB_PAGES, 1))('of %s', (_whose, host) => {
    test('tries everything but a visit: learns nothing, reaches no one, and the sign-in finishes', async () => {
      await using at = await browserFixture();
      const pending = await at.begin(browser.context);
      expect(await run(await openHostile(host), 'tryEverything', pending.redirectUri)).toEqual(NOTHING);
      expect(pending.unexpected).toEqual([]);
      await finishes(at, pending);
    });

    longTest('posts a form to the callback: refused with 405, and the sign-in finishes', async () => {
      await using at = await browserFixture();
      const pending = await at.begin(browser.context);
      const page = await openHostile(host);
      const answered = page.waitForResponse((response) => response.url() === pending.redirectUri);
      await run(page, 'postForm', pending.redirectUri);
      expect((await answered).status()).toBe(405);
      expect(pending.unexpected).toEqual([]);
      await finishes(at, pending);
    });

    longTest('§9: cannot frame the result page, read it or detect it', async () => {
      await using visited = await waiting();
      const tab = await browser.context.newPage();
      await tab.goto(`${visited.listener.redirectUri}?code=the-code&state=right`);
      const result = tab.url().replace('#', '');
      expect(await run(await openHostile(host), 'tryEverything', result)).toEqual(NOTHING);
    });
  });

  test.each(some(FORGERIES, 1))(
    'opens a window with %s: the window says that the sign-in still waits, and it does',
    async (_what, query, reason) => {
      await using at = await browserFixture();
      const pending = await at.begin(browser.context);
      const page = await openHostile(HOSTILE_HOST);
      const popup = page.waitForEvent('popup');
      await run(page, 'openWindow', pending.redirectUri + query);
      const opened = await popup;
      await opened.getByRole('heading', { name: 'Still waiting' }).waitFor();
      expect(await opened.title()).toBe('Still waiting · fitbit-login');
      // The opener policy cuts the tie in both directions.
      expect(await page.evaluate('popup.closed')).toBe(true);
      expect(await opened.evaluate('window.opener')).toBeNull();
      expect(pending.unexpected).toEqual([reason]);
      await finishes(at, pending);
    },
  );

  test('whose name is rebound to this machine (DNS rebinding) is refused by its Host header', async () => {
    const before = await hostileSite();
    const { port } = before;
    const page = await openHostile(HOSTILE_HOST, port);
    await before[Symbol.asyncDispose]();
    await using at = await browserFixture();
    const pending = await at.begin(browser.context, { redirectUris: [`http://127.0.0.1:${port}/callback`] });
    expect(await run(page, 'tryEverything', `http://${HOSTILE_HOST}:${port}/callback`)).toMatchObject({
      'fetch with CORS': 'status 421',
      'fetch with CORS and a preflight': 'status 421',
      'HEAD without CORS': 'status 421',
      'POST without CORS': 'status 421',
    });
    expect((await page.goto(`http://${HOSTILE_HOST}:${port}/callback${FORGED}`))?.status()).toBe(421);
    expect(pending.unexpected).toEqual([]);
    await finishes(at, pending);
  });
});

/** The person, who has seen nothing of all this, presses Allow. */
async function finishes({ sandbox }: BrowserFixture, { page, done }: PendingSignIn): Promise<void> {
  await page.getByRole('button', { name: 'Allow' }).click();
  expect((await done).userId).toBe('WALK01');
  expect(sandbox.state().counts.exchanges).toBe(1);
}
