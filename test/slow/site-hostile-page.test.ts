import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOSTILE_HOST, launch, type RunningBrowser, skipWithoutBrowser } from '../browser/browser.ts';
import { type HostileSite, hostileSite, run, WEB_PAGES } from '../browser/hostile-page.ts';
import { OPENED, type VisitedSite, visitedSite } from '../flow/site-visitor.ts';

describe.skipIf(skipWithoutBrowser)(
  'the local pages, while the person has a hostile page open in the same browser',
  () => {
    let browser: RunningBrowser;
    let hostile: HostileSite;
    beforeAll(async () => {
      [browser, hostile] = await Promise.all([launch(), hostileSite()]);
    });
    afterAll(async () => {
      await browser[Symbol.asyncDispose]();
      await hostile[Symbol.asyncDispose]();
    });

    const opened = async (visited: VisitedSite): Promise<Page> => {
      const page = await browser.context.newPage();
      await page.goto(visited.site.url);
      await page.getByRole('heading', { name: /needs you/ }).waitFor();
      return page;
    };
    const openHostile = async (host: string, port = hostile.port): Promise<Page> => {
      const page = await browser.context.newPage();
      await page.goto(`http://${host}:${port}/`);
      return page;
    };

    describe.each(WEB_PAGES)('a web page of %s', (_whose, host) => {
      // One for all: whatever is tried, it is untouched afterwards.
      let visited: VisitedSite;
      let own: Page;
      beforeAll(async () => {
        visited = await visitedSite();
        own = await opened(visited);
      });
      afterAll(async () => {
        await own.close();
        await visited[Symbol.asyncDispose]();
      });

      // Even where it has learned the path, which it cannot.
      test.each(['status', 'setup', 'live', 'stop'])(
        'tries everything but a visit with /…/%s: learns nothing, and nothing is done',
        async (page) => {
          const hostile = await openHostile(host);
          const learned = await run(hostile, 'tryEverything', visited.origin + visited.path(page));
          await hostile.close();
          expect(new Set(Object.values(learned ?? {}))).toEqual(new Set(['nothing']));
          await isUntouched(visited, own);
        },
      );

      test.each(['status', 'setup', 'sandbox', 'stop'])(
        'posts a form to /…/%s: it is refused, and nothing is done',
        async (page) => {
          const target = visited.origin + visited.path(page);
          const hostile = await openHostile(host);
          const answered = hostile.waitForResponse((response) => response.url() === target);
          await run(hostile, 'postForm', target);
          expect((await answered).status()).toBe(403);
          await hostile.close();
          await isUntouched(visited, own);
        },
      );

      test('opens a window: it is cut off from it, and can neither read it nor press a button', async () => {
        const hostile = await openHostile(host);
        const popup = hostile.waitForEvent('popup');
        await run(hostile, 'openWindow', visited.origin + visited.path('status'));
        await (await popup).getByRole('heading', { name: /needs you/ }).waitFor();
        expect(await hostile.evaluate('popup.closed')).toBe(true);
        await isUntouched(visited, own);
      });
    });

    test('another user’s server on another port is not sent the cookie', async () => {
      await using visited = await visitedSite();
      await opened(visited);
      const page = await browser.context.newPage();
      const asked = page.waitForRequest(`http://127.0.0.1:${hostile.port}/`);
      await page.goto(`http://127.0.0.1:${hostile.port}/`);
      expect(await (await asked).allHeaders()).not.toHaveProperty('cookie');
    });

    test('DNS rebinding: a name rebound to this machine is refused by its Host header, and gets no cookie', async () => {
      const before = await hostileSite();
      const { port } = before;
      const page = await openHostile(HOSTILE_HOST, port);
      await before[Symbol.asyncDispose]();
      await using visited = await visitedSite({ port });
      const own = await opened(visited);
      const target = `http://${HOSTILE_HOST}:${port}${visited.path('status')}`;
      expect(await run(page, 'tryEverything', target)).toMatchObject({
        'fetch with CORS': 'status 421',
        'POST without CORS': 'status 421',
        'HEAD without CORS': 'status 421',
        'an event source': 'nothing',
      });
      expect((await page.goto(target))?.status()).toBe(421);
      await isUntouched(visited, own);
    });
  },
);

/** Nothing was pressed, and the person's own page still works. */
async function isUntouched({ handlers, send, path }: VisitedSite, own: Page): Promise<void> {
  expect([handlers.acted, handlers.submitted, handlers.sandboxes]).toEqual([[], [], 0]);
  expect((await send('GET', path('status'), OPENED)).status).toBe(403);
  await own.reload();
  await own.getByRole('heading', { name: /needs you/ }).waitFor();
}
