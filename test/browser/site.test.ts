import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Next } from '../../src/server/site.ts';
import { SIGNED_IN, waiting } from '../flow/server-visitor.ts';
import { FRESH, SETUP_WRONG, STALE } from '../flow/site-views.ts';
import { type VisitedOptions, type VisitedSite, visitedSite } from '../flow/site-visitor.ts';
import { launch, type RunningBrowser, STRANGER, skipWithoutBrowser } from './browser.ts';

describe.skipIf(skipWithoutBrowser).each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('the local pages %s', (_how, javaScriptEnabled) => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch({ javaScriptEnabled });
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  const opened = async (visited: VisitedSite): Promise<Page> => {
    const page = await browser.context.newPage();
    await page.goto(visited.site.url);
    return page;
  };

  test('the key leaves the address bar and the history', async () => {
    await using visited = await visitedSite();
    const page = await opened(visited);
    expect(page.url()).toBe(visited.site.pageUrl('status'));
    const devtools = await page.context().newCDPSession(page);
    const { entries } = await devtools.send('Page.getNavigationHistory');
    // What the test itself typed is remembered there, too.
    const visits = entries.map(({ url }) => url).join(' ');
    expect(visits).toContain('/status');
    expect(visits).not.toContain('key');
  });

  test('a button acts, its result is on the page, and a reload does not act again', async () => {
    await using visited = await visitedSite();
    const page = await opened(visited);
    await page.getByRole('button', { name: 'Refresh now default' }).click();
    await page.getByText('Done: refresh.').waitFor();
    await page.reload();
    await page.getByText('Done: refresh.').waitFor();
    expect(visited.desk.acted).toEqual([['refresh', 'default']]);
  });

  test('signing out asks first', async () => {
    await using visited = await visitedSite();
    const page = await opened(visited);
    await page.getByText('Sign out… default').click();
    expect(visited.desk.acted).toEqual([]);
    await page.getByRole('button', { name: 'Yes, sign out default' }).click();
    await page.getByText('Done: sign-out.').waitFor();
    expect(visited.desk.acted).toEqual([['sign-out', 'default']]);
  });

  test('the form, filled in wrongly and then mended, goes on to the provider and its redirects in the same tab', async () => {
    await using provider = await chainOfSites();
    await using visited = await visitedSite({
      only: 'setup',
      submit: firstWrong({ kind: 'redirect', url: provider.url }),
    });
    const page = await opened(visited);
    await page.getByLabel('Client id').fill('23ABCD');
    await page.getByLabel('Client secret').fill('wrong');
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByRole('heading', { name: '5 things have to be mended' }).waitFor();
    expect(await page.locator(':focus').getAttribute('id')).toBe('errors');
    expect(await page.getByLabel('Client id').inputValue()).toBe('23ABCD');
    expect(await page.getByLabel('Client secret').inputValue()).toBe('');
    await page.getByLabel('Client secret').fill('right');
    await page.getByRole('button', { name: 'Go on to sign in' }).click();
    await page.getByRole('heading', { name: 'Consent' }).waitFor();
    expect(new URL(page.url()).hostname).toBe(STRANGER);
    expect(visited.desk.submitted.map(({ clientSecret }) => clientSecret)).toEqual(['wrong', 'right']);
    expect(visited.desk.submitted[1]?.scopes.get('fitbit')).toEqual(['activity', 'heartrate', 'sleep']);
  });

  // 127.0.0.1 is the same site whatever the port; localhost is another one, so that the strict cookie takes a detour.
  test.each(['127.0.0.1', 'localhost'])(
    'from a result page on %s the way back to the status page is one click',
    async (host) => {
      await using visited = await visitedSite();
      const button = { label: 'Back to the status page', url: visited.site.pageUrl('status') };
      await using signIn = await waiting({
        redirectUris: [`http://${host}:0/callback`],
        onCallback: (pending) => void pending.respond({ ...SIGNED_IN, button }),
      });
      const page = await opened(visited);
      await page.goto(`${signIn.listener.redirectUri}?code=x&state=right`);
      await page.getByRole('link', { name: 'Back to the status page' }).click();
      await page.getByRole('heading', { name: 'Your sign-ins' }).waitFor();
    },
  );

  test('a second tab of the same browser is in, another browser is not', async () => {
    await using visited = await visitedSite();
    await opened(visited);
    const second = await browser.context.newPage();
    await second.goto(visited.site.pageUrl('status'));
    await second.getByRole('heading', { name: 'Your sign-ins' }).waitFor();
    await using other = await launch({ javaScriptEnabled });
    const stranger = await other.context.newPage();
    expect((await stranger.goto(visited.site.pageUrl('status')))?.status()).toBe(403);
    expect((await stranger.goto(visited.site.url))?.status()).toBe(403);
    await stranger.getByText('run the command again').waitFor();
  });

  test('keyboard only: from the top of the page to a button, and to the goodbye', async () => {
    await using visited = await visitedSite();
    const page = await opened(visited);
    await tabTo(page, 'Refresh now default');
    await page.keyboard.press('Enter');
    await page.getByText('Done: refresh.').waitFor();
    expect(await page.locator(':focus').getAttribute('id')).toBe('notice');
    await tabTo(page, 'Sign out… default');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Yes, sign out default');
    await page.keyboard.press('Space');
    await page.getByText('Done: sign-out.').waitFor();
    await tabTo(page, 'Stop fitbit-login');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'fitbit-login has stopped' }).waitFor();
    expect(await visited.site.ended).toBe('stopped');
  });

  test.runIf(!javaScriptEnabled)('a link brings the page up to date', async () => {
    await using visited = await visitedSite();
    const page = await opened(visited);
    visited.desk.status = { profiles: [{ ...FRESH, account: 'RUN002' }] };
    await page.getByRole('link', { name: 'Refresh this page' }).click();
    await page.getByText('RUN002').waitFor();
    expect(await page.getByRole('button', { name: 'Copy' }).count()).toBe(0);
  });

  test.runIf(javaScriptEnabled)(
    'it changes by itself when another process refreshes; focus and folds stay',
    async () => {
      await using visited = await visitedSite();
      const page = await opened(visited);
      await page.getByText('History and file work').click();
      await page.getByRole('button', { name: 'Ask the provider default' }).focus();
      visited.desk.status = {
        profiles: [
          { ...FRESH, account: 'RUN002' },
          { ...STALE, tone: 'success', state: 'Mended' },
        ],
      };
      visited.desk.change();
      await page.getByText('RUN002').waitFor();
      await page.getByText('Mended').waitFor();
      await page.getByText('The page was brought up to date.').waitFor({ state: 'attached' });
      expect(await page.locator(':focus').getAttribute('id')).toBe('profile-default-check');
      expect(await page.locator('#profile-work-more').evaluate((node) => node.hasAttribute('open'))).toBe(false);
      expect(visited.desk.acted).toEqual([]);
    },
  );

  test.runIf(javaScriptEnabled)('it says so when the program has ended', async () => {
    await using visited = await visitedSite();
    const joined = once(visited.desk.events, 'joined');
    const page = await opened(visited);
    await joined;
    await visited.site.close();
    await page.getByText('The connection to fitbit-login is lost.').waitFor();
  });

  test.runIf(javaScriptEnabled)('the provider is recognised as the id is typed, and its scopes are shown', async () => {
    await using visited = await visitedSite({ only: 'setup' });
    const page = await opened(visited);
    const said = page.locator('#recognised');
    await page.getByLabel('Client id').pressSequentially('23ABC');
    expect(await said.textContent()).toBe('');
    await page.getByLabel('Client id').pressSequentially('D');
    expect(await said.textContent()).toBe('This is a client id of Fitbit.');
    expect(await page.getByText('GPS tracks of exercises').isVisible()).toBe(true);
    await page.getByLabel('Client id').fill('1-a.apps.googleusercontent.com');
    expect(await said.textContent()).toBe('This is a client id of Google Health.');
    expect(await page.getByText('GPS tracks of exercises').isVisible()).toBe(false);
    expect(await page.getByText('Activity and fitness').isVisible()).toBe(true);
  });

  test.runIf(javaScriptEnabled)('a redirect URI is copied, a file is chosen and dropped', async () => {
    await using visited = await visitedSite({ only: 'setup' });
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await opened(visited);
    await page.getByRole('button', { name: 'Copy http://localhost' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('http://localhost:8976/callback');
    const field = page.locator('#clientFile');
    const file = { name: 'client.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') };
    await page.locator('input[type="file"]').setInputFiles(file);
    await expect.poll(() => field.inputValue()).toBe('{"a":1}');
    await page.evaluate(`{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['{"b":2}'], 'b.json'));
      clientFile.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true, bubbles: true }));
    }`);
    await expect.poll(() => field.inputValue()).toBe('{"b":2}');
  });
});

/** Presses Tab until the named control has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.locator(':focus').textContent())?.trim() === name) return;
  }
  throw new Error(`Tab never came to ${name}.`);
}

/** A form that is answered with every error first. */
function firstWrong(next: Next): NonNullable<VisitedOptions['submit']> {
  let submissions = 0;
  return async () => {
    submissions += 1;
    return submissions === 1 ? { kind: 'again', view: SETUP_WRONG } : next;
  };
}

/** A provider whose authorize address leads over another host to its consent page, as the real ones do. */
async function chainOfSites(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(({ url, headers }, response) => {
    const port = headers.host?.split(':')[1] ?? '';
    if (url === '/consent') response.setHeader('content-type', 'text/html').end('<!doctype html><h1>Consent</h1>');
    else response.writeHead(302, { location: `http://${STRANGER}:${port}/consent` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The provider has no port.');
  return {
    url: `http://localhost:${address.port}/authorize`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}
