import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { localPages, open } from './local-pages.ts';

const PATIENT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the status page', PATIENT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('changes live while another process refreshes; the focus and what was unfolded stay', async () => {
    await using at = await localPages();
    await at.signIn();
    const page = await open(browser.context, at.start(['status', '--web']));
    const stream = page.waitForRequest('**/events');
    await page.reload();
    await stream;
    const refresh = page.getByRole('button', { name: 'Refresh now default' });
    await refresh.focus();
    await page.locator('summary').filter({ hasText: 'Sign out' }).click();
    await page.locator('summary').filter({ hasText: 'Sign out' }).press('Shift+Tab');

    expect((await at.run(['refresh'])).exit).toBe(0);
    await page.getByText('Access token refreshed').waitFor();
    await page.getByRole('status').filter({ hasText: 'brought up to date' }).waitFor({ state: 'attached' });
    expect(await page.locator('button[value="sign-out"]').isVisible()).toBe(true);
    expect(await page.evaluate('document.activeElement.value')).toBe('sign-in');

    expect((await at.run(['logout'])).exit).toBe(0);
    await page.getByText('Nobody has signed in on this computer yet').waitFor();
  });

  test('a failure of another process is told live, with its reason', async () => {
    await using at = await localPages();
    await at.signIn();
    const page = await open(browser.context, at.start(['status', '--web']));
    await page.getByText('It works').waitFor();
    await at.signIn({ profile: 'elsewhere' });
    expect((await at.run(['refresh'])).exit).toBe(3);
    await page.getByText('Only a new sign-in helps').waitFor();
    await page.getByRole('listitem').filter({ hasText: 'Refresh failed' }).waitFor();
  });

  test('a second tab shows the same, and what is done in one is seen in the other', async () => {
    await using at = await localPages();
    await at.signIn();
    const first = await open(browser.context, at.start(['status', '--web']));
    const second = await browser.context.newPage();
    await second.goto(first.url());
    await second.getByText('It works').waitFor();
    await second.getByRole('button', { name: 'Refresh now default' }).click();
    await second.locator('#notice').waitFor();
    await first.bringToFront();
    await first.getByText('Access token refreshed').waitFor();
  });

  test('Stop ends the program with 0, and a tab that is left says that the connection is lost', async () => {
    await using at = await localPages();
    await at.signIn();
    const program = at.start(['status', '--web']);
    const page = await open(browser.context, program);
    const other = await browser.context.newPage();
    await other.goto(page.url());
    await other.getByText('It works').waitFor();
    await page.getByRole('button', { name: 'Stop fitbit-login' }).click();
    await page.getByRole('heading', { name: 'fitbit-login has stopped' }).waitFor();
    expect(await program.ended).toMatchObject({ exit: 0, stdout: '' });
    await other.bringToFront();
    await other.getByText('The connection to fitbit-login is lost').waitFor();
  });

  // As the command says itself, Ctrl-C is how it ends: nothing is broken off.
  test('Ctrl-C ends the program with 0, although a page is open', async () => {
    await using at = await localPages();
    await at.signIn();
    const program = at.start(['status', '--web']);
    const page = await open(browser.context, program);
    await page.getByText('It works').waitFor();
    program.child.kill('SIGINT');
    expect((await program.ended).exit).toBe(0);
    await page.getByText('The connection to fitbit-login is lost').waitFor();
  });
});
