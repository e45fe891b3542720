import { createServer } from 'node:http';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../src/server/listen.ts';
import type { Next } from '../../src/server/site/routes.ts';
import { longTest, some } from '../extent.ts';
import { clientFile } from '../flow/google.ts';
import { ENDED, MANY, MISSING, SETUP_WRONG, WELL } from '../flow/site-views.ts';
import { type VisitedOptions, type VisitedSite, visitedSite } from '../flow/site-visitor.ts';
import { HOSTILE_HOST, launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { tabTo } from './keyboard.ts';

describe.skipIf(skipWithoutBrowser).each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('the local pages %s', (_how, javaScriptEnabled) => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch({ javaScriptEnabled });
  });
  afterAll(() => browser[Symbol.asyncDispose]());
  // What does not depend on the script is tried without it by `npm run test:all`.
  const also = javaScriptEnabled ? test : longTest;
  const scripted = javaScriptEnabled ? longTest : () => {};

  const opened = async (visited: VisitedSite): Promise<Page> => {
    const page = await browser.context.newPage();
    await page.goto(visited.site.url);
    return page;
  };

  also('the key leaves the address bar and the history', async () => {
    await using visited = await visitedSite();
    const page = await opened(visited);
    expect(page.url()).toBe(visited.site.pageUrl('status'));
    const devtools = await page.context().newCDPSession(page);
    const { entries } = await devtools.send('Page.getNavigationHistory');
    const visits = entries.map(({ url }) => url).join(' ');
    expect(visits).toContain('/status');
    expect(visits).not.toContain('key');
  });

  also('a button acts, its result is in the card and has the focus; a reload does not act again', async () => {
    await using visited = await visitedSite();
    const page = await opened(visited);
    await page.getByRole('button', { name: 'Check now WALK01' }).click();
    const notice = page.locator('#profile-default #notice').filter({ hasText: 'Done: check.' });
    await notice.waitFor();
    expect(await page.locator(':focus').getAttribute('id')).toBe('notice');
    expect(await page.evaluate('getComputedStyle(notice).outlineStyle')).toBe('none');
    await page.reload();
    await notice.waitFor();
    expect(visited.handlers.acted).toEqual([['check', 'default']]);
  });

  longTest('signing out asks first, in place', async () => {
    await using visited = await visitedSite();
    visited.handlers.status = { profiles: [{ ...WELL, signOut: { ends: 'Google ends it on all computers.' } }] };
    const page = await opened(visited);
    await page.getByText('Sign out…').click();
    await page.getByText(/on all computers/).waitFor();
    expect(visited.handlers.acted).toEqual([]);
    await page.getByRole('button', { name: 'Delete only here WALK01' }).click();
    await page.getByText('Done: forget.').waitFor();
    expect(visited.handlers.acted).toEqual([['forget', 'default']]);
  });

  longTest(
    'the form, filled in wrongly and then corrected, leads to the provider and its redirects in the same tab',
    async () => {
      await using provider = await chainOfSites();
      await using visited = await visitedSite({
        only: 'setup',
        submit: firstWrong({ kind: 'redirect', url: provider.url, host: 'www.fitbit.com' }),
      });
      const page = await opened(visited);
      await page.getByRole('radio', { name: 'Fitbit' }).check();
      await page.getByLabel('Client ID').filter({ visible: true }).fill('23ABCD');
      await page.getByLabel('Client secret').filter({ visible: true }).fill('wrong');
      await page.getByRole('button', { name: 'Continue to Fitbit' }).click();
      await page.getByRole('alert').filter({ hasText: 'no spaces' }).waitFor();
      const secret = page.getByLabel('Client secret').filter({ visible: true });
      expect((await page.locator(':focus').getAttribute('type')) === 'password').toBe(true);
      expect(await page.getByLabel('Client ID').filter({ visible: true }).inputValue()).toBe('23ABCD');
      expect(await secret.inputValue()).toBe('');
      await secret.fill('right');
      await page.getByRole('button', { name: 'Continue to Fitbit' }).click();
      await page.getByRole('heading', { name: 'Consent' }).waitFor();
      expect(new URL(page.url()).hostname).toBe(HOSTILE_HOST);
      expect(visited.handlers.submitted.map(({ clientSecret }) => clientSecret)).toEqual(['wrong', 'right']);
    },
  );

  // 127.0.0.1 is the same site whatever the port; localhost is another one, so that the strict cookie takes a detour.
  test.each(some(['127.0.0.1', 'localhost'], javaScriptEnabled ? 1 : 0))(
    'from a result page on %s, the status page is one click away',
    async (host) => {
      await using visited = await visitedSite();
      await using listener = await listen({
        redirectUris: [`http://${host}:0/callback`],
        validate: () => ({ kind: 'accepted', response: '' }),
      });
      const button = { label: 'Back to your sign-ins', url: visited.site.pageUrl('status') };
      void listener.callback.then((pending) => pending.respond({ tone: 'success', title: 'Signed in', button }));
      const page = await opened(visited);
      await page.goto(`${listener.redirectUri}?code=x&state=y`);
      await page.getByRole('link', { name: 'Back to your sign-ins' }).click();
      await page.getByRole('heading', { name: /1 of 2 needs you/ }).waitFor();
    },
  );

  longTest('a second tab of the same browser is in, another browser is not', async () => {
    await using visited = await visitedSite();
    await opened(visited);
    const second = await browser.context.newPage();
    await second.goto(visited.site.pageUrl('status'));
    await second.getByRole('heading', { name: /needs you/ }).waitFor();
    await using other = await launch({ javaScriptEnabled });
    const foreign = await other.context.newPage();
    expect((await foreign.goto(visited.site.pageUrl('status')))?.status()).toBe(403);
    expect((await foreign.goto(visited.site.url))?.status()).toBe(403);
    await foreign.getByText('run the command again').waitFor();
  });

  also('keyboard only: from the top of the page to a button, to signing out, and to the goodbye', async () => {
    await using visited = await visitedSite();
    visited.handlers.status = { profiles: [WELL] };
    const page = await opened(visited);
    await tabTo(page, '#profile-default-check');
    await page.keyboard.press('Enter');
    await page.getByText('Done: check.').waitFor();
    await tabTo(page, '#profile-default-sure > summary');
    await page.keyboard.press('Enter');
    await tabTo(page, 'button[name=sign-out]');
    await page.keyboard.press('Space');
    await page.getByText('Done: sign-out.').waitFor();
    await tabTo(page, 'footer button');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /has stopped/ }).waitFor();
    expect(await visited.site.ended).toBe('stopped');
  });

  test.runIf(!javaScriptEnabled)('what needs the script is absent; a reload shows what changed', async () => {
    await using visited = await visitedSite();
    visited.handlers.status = { profiles: MANY };
    const page = await opened(visited);
    expect(await page.getByRole('searchbox').count()).toBe(0);
    visited.handlers.status = { profiles: [{ ...WELL, account: 'RUN002' }] };
    await page.reload();
    await page.getByRole('heading', { name: 'RUN002' }).waitFor();
    await page.goto(visited.site.pageUrl('setup'));
    expect(await page.getByRole('button', { name: /Copy/ }).count()).toBe(0);
    expect(await page.getByText('Drop the downloaded file anywhere').isVisible()).toBe(false);
    await page.getByLabel(/Paste the contents/).fill('{"a":1}');
    await page.getByRole('button', { name: 'Continue to Google' }).click();
    await expect.poll(() => visited.handlers.submitted.at(0)?.clientFile).toBe('{"a":1}');
  });

  scripted('it changes by itself; focus and folds stay, and it says when the program has ended', async () => {
    await using visited = await visitedSite();
    const page = await opened(visited);
    await page.locator('#profile-work-more > summary').click();
    await page.getByRole('button', { name: 'Check now WALK01' }).focus();
    visited.handlers.status = { profiles: [{ ...WELL, words: 'Renewed just now' }, MISSING] };
    await page.getByText('Renewed just now').waitFor();
    expect(await page.locator(':focus').getAttribute('id')).toBe('profile-default-check');
    expect(await page.locator('#profile-work-more').evaluate((node) => node.hasAttribute('open'))).toBe(true);
    expect(visited.handlers.acted).toEqual([]);
    await visited.site.close();
    await page.getByRole('alert').filter({ hasText: 'has stopped' }).waitFor();
  });

  scripted('many profiles are filtered as you type; a result opens the row it was about', async () => {
    await using visited = await visitedSite();
    visited.handlers.status = { profiles: [...MANY, ENDED] };
    const page = await opened(visited);
    await page.getByRole('searchbox').fill('study-07');
    await expect.poll(() => page.locator('.row:visible').count()).toBe(1);
    await page.locator('.row:visible > summary').click();
    await page.getByRole('button', { name: /^Check now/ }).click();
    await page.locator('#profile-study-07[open] #notice').waitFor();
  });

  test.runIf(javaScriptEnabled)(
    'a file dropped anywhere is read here, shown by its project, and ticks its step',
    async () => {
      await using visited = await visitedSite({ only: 'setup' });
      const page = await opened(visited);
      await drop(page, 'not a client file');
      await page.getByRole('alert').filter({ hasText: 'client file' }).waitFor();
      await drop(page, clientFile('installed'));
      await page.getByText('Desktop app · project a-notebook').waitFor();
      expect(await page.getByText('Drop the downloaded file anywhere').isVisible()).toBe(false);
      expect(await page.getByRole('checkbox', { name: 'Drop the file on this page' }).isChecked()).toBe(true);
      const link = page.getByRole('link', { name: /Publish the app/ });
      expect(await link.getAttribute('href')).toContain('project=a-notebook');
      await page.getByRole('checkbox', { name: 'Turn on the Google Health API' }).check();
      await page.getByRole('button', { name: 'Continue to Google' }).click();
      await expect.poll(() => visited.handlers.submitted.at(0)?.clientFile).toBe(clientFile('installed'));
      await page.waitForLoadState();
      await page.reload();
      expect(await page.getByRole('checkbox', { name: 'Turn on the Google Health API' }).isChecked()).toBe(true);
    },
  );

  scripted('scopes are copied as a list, and a client ID is recognised as it is typed', async () => {
    await using visited = await visitedSite({ only: 'setup' });
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await opened(visited);
    await page.getByText('Change…').first().click();
    await page.getByRole('checkbox', { name: 'Nutrition' }).check();
    await page.getByText('Done').first().click();
    await page.getByText('Activity, heart and body, sleep, profile, nutrition').waitFor();
    await page.getByRole('button', { name: 'Copy list' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(copied.split('\n')).toHaveLength(5);
    await page.getByText('Enter by hand').click();
    await page.getByLabel('Client ID').filter({ visible: true }).pressSequentially('1-a.apps.googleusercontent.co');
    expect(await page.getByText('Google client').isVisible()).toBe(false);
    await page.getByLabel('Client ID').filter({ visible: true }).press('m');
    await page.getByText('Google client').waitFor();
  });
});

function drop(page: Page, content: string): Promise<unknown> {
  return page.evaluate(`{
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([${JSON.stringify(content)}], 'client_secret.json'));
    for (const kind of ['dragenter', 'dragover', 'drop'])
      document.querySelector('h1').dispatchEvent(new DragEvent(kind, { dataTransfer, cancelable: true, bubbles: true }));
  }`);
}

/** A form that comes back with its errors first. */
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
    else response.writeHead(302, { location: `http://${HOSTILE_HOST}:${port}/consent` }).end();
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
