import AxeSource from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resultPage } from '../../src/server/pages/result.ts';
import { setupPage } from '../../src/server/pages/setup.ts';
import { statusPage } from '../../src/server/pages/status.ts';
import { leavingView, VIEWS } from '../../src/server/pages/texts.ts';
import type { Shell } from '../../src/server/pages/view.ts';
import { some } from '../extent.ts';
import {
  DAMAGED,
  ENDED,
  MANY,
  MISSING,
  SETUP,
  SETUP_FOUND,
  SETUP_REJECTED,
  SETUP_WRONG,
  WELL,
} from '../flow/site-views.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';

const SHELL: Shell = { csrf: 'token', ticks: new Set(['enable']) };
const NOTICE = { tone: 'failure', text: 'Fitbit did not answer.', profile: 'default' } as const;
const ADDRESS = 'http://page.test/';

const PAGES: Readonly<Record<string, string>> = {
  'result, signed in': resultPage({
    tone: 'success',
    title: 'You’re signed in',
    account: { name: 'a.person.with.a.very.long.address@an-even-longer-host.example.org', provider: 'Google Health' },
    lines: [{ icon: 'renew', text: 'Your access renews automatically.' }],
    command: { label: 'Next, get a token', command: 'fitbit-login token --profile a-rather-long-name-of-a-profile' },
    facts: [{ label: 'Stored in', value: '/home/you/.config/fitbit-login/profiles/default.json', code: true }],
    badge: 'Sandbox',
  }),
  'result, failed': resultPage({ ...VIEWS.keyNeeded, button: { label: 'Change the app', url: '#' } }),
  'result, another browser': resultPage(VIEWS.otherBrowser),
  leaving: resultPage(leavingView({ url: 'https://accounts.google.com/', host: 'accounts.google.com' })),
  'setup, first use': setupPage(SETUP, SHELL),
  'setup, file found': setupPage(SETUP_FOUND, SHELL),
  'setup, secret rejected': setupPage(SETUP_REJECTED, SHELL),
  'setup, Fitbit, with errors': setupPage(SETUP_WRONG, SHELL),
  'status, empty': statusPage({ profiles: [] }, SHELL),
  'status, one, with a notice': statusPage({ profiles: [WELL] }, { ...SHELL, notice: NOTICE }),
  'status, problems, long names': statusPage({ profiles: [WELL, MISSING, ENDED] }, SHELL),
  'status, twelve': statusPage({ profiles: [...MANY, DAMAGED, ENDED] }, SHELL),
};

describe.skipIf(skipWithoutBrowser)('every page is readable', () => {
  let browser: RunningBrowser;
  let page: Page;
  let body = '';
  beforeAll(async () => {
    browser = await launch();
    page = await browser.context.newPage();
    await page.route(`${ADDRESS}**`, (route) => route.fulfill({ contentType: 'text/html', body }));
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  // The fullest of each.
  const FIRST = ['result, signed in', 'setup, Fitbit, with errors', 'status, problems, long names'];
  const rows = Object.entries(PAGES).sort(([a], [b]) => FIRST.indexOf(b) - FIRST.indexOf(a));
  test.each(some(rows, FIRST.length))(
    '%s: axe-core finds nothing, nothing is wider than the window',
    async (_name, html) => {
      body = html;
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
      await page.goto(ADDRESS);
      expect(await page.locator('h1').count()).toBe(1);
      await page.evaluate(UNFOLD);
      await page.evaluate(AxeSource.source);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await page.evaluate(AXE)).toEqual([]);
      }
      for (const width of [320, 360, 768]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0);
      }
    },
  );

  test('with forced colours pills, ticks and the terminal keep a border', async () => {
    body = PAGES['status, problems, long names'] ?? '';
    await page.emulateMedia({ forcedColors: 'active' });
    await page.goto(ADDRESS);
    for (const part of ['.pill', '.avatar'])
      expect(await page.evaluate(`getComputedStyle(document.querySelector('${part}')).borderTopWidth`)).toBe('1px');
  });
});

const AXE = `axe.run().then(({ violations }) =>
  violations.map(({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => html + failureSummary)]))`;

const UNFOLD = `for (const part of document.querySelectorAll('details')) part.open = true`;
