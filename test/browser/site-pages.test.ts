import AxeSource from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SetupView, StatusView } from '../../src/server/pages/site-view.ts';
import { startSite } from '../../src/server/site.ts';
import { DAMAGED, DEAD, FRESH, MANY, NOW, SETUP, SETUP_WRONG, STALE } from '../flow/site-views.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';

const LOOKS = [
  { width: 360, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
] as const;

const SETUPS: Readonly<Record<string, SetupView>> = {
  'first use': SETUP,
  'with every error': SETUP_WRONG,
  'filled in, of one provider': {
    ...SETUP,
    clientId: '23ABCD',
    hasSecret: true,
    provider: 'fitbit',
    providers: SETUP.providers.slice(0, 1),
  },
};

const STATUSES: Readonly<Record<string, StatusView>> = {
  'nobody yet': { profiles: [] },
  'all well': { profiles: [FRESH] },
  'every trouble, long names': { profiles: [FRESH, STALE, DEAD, DAMAGED] },
  'twelve profiles': { profiles: MANY },
};

describe.skipIf(skipWithoutBrowser)('a page that everybody can read', () => {
  let browser: RunningBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launch();
    page = await browser.context.newPage();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test.each(Object.entries(SETUPS))(
    'setup, %s: axe-core finds nothing, at any width, in any theme',
    async (_name, view) => {
      await using site = await startSite({ setup: { ...idle, view: async () => view }, now: () => NOW });
      await page.goto(site.url);
      await isReadable(page);
    },
  );

  test.each(Object.entries(STATUSES))(
    'status, %s: axe-core finds nothing, at any width, in any theme',
    async (_name, view) => {
      await using site = await startSite({
        setup: idle,
        status: {
          view: async () => view,
          act: async () => ({ kind: 'page', notice: { tone: 'failure', text: 'Fitbit did not answer.' } }),
          subscribe: () => () => {},
        },
        now: () => NOW,
      });
      await page.goto(site.url);
      await page.getByRole('button', { name: 'Add an account' }).click();
      await page.getByText('Fitbit did not answer.').waitFor();
      await page.evaluate(UNFOLD);
      await isReadable(page);
    },
  );

  test('the pages beside them: axe-core finds nothing', async () => {
    await using site = await startSite({ setup: idle, now: () => NOW });
    await page.goto(`${new URL(site.url).origin}/`);
    await isReadable(page);
    await page.goto(site.url);
    await page.getByRole('button', { name: 'Stop fitbit-login' }).click();
    await page.getByRole('heading', { name: 'fitbit-login has stopped' }).waitFor();
    await isReadable(page);
  });
});

const idle = {
  view: async () => SETUP,
  submit: async () => ({ kind: 'page' }) as const,
  sandbox: async () => ({ kind: 'page' }) as const,
};

/** In every look: nothing for axe-core to find, nothing wider than the window. */
async function isReadable(page: Page): Promise<void> {
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0);
    await page.evaluate(AxeSource.source);
    expect(await page.evaluate(AXE)).toEqual([]);
  }
}

const AXE = `axe.run().then(({ violations }) =>
  violations.map(({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => html + failureSummary)]))`;

const UNFOLD = `for (const part of document.querySelectorAll('details')) part.open = true`;
