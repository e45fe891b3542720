import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../../src/auth/index.ts';
import { longTest, some } from '../extent.ts';
import { waiting } from '../flow/server-visitor.ts';
import { launch, type RunningBrowser, skipWithoutBrowser } from './browser.ts';
import { browserFixture } from './browser-fixture.ts';

describe.skipIf(skipWithoutBrowser)('after the callback', () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test.for(some(['Allow', 'Deny'], 1))(
    '§10: after %s neither address bar nor history holds the code or the state',
    async (button) => {
      await using at = await browserFixture();
      const { page, redirectUri, done } = await at.begin(browser.context);
      const answer = page.waitForRequest((request) => request.url().startsWith(redirectUri));
      await page.getByRole('button', { name: button }).click();
      const { searchParams } = new URL((await answer).url());
      const answered = ['code', 'error'].flatMap((name) => searchParams.get(name) ?? []);
      expect(answered).toHaveLength(1);
      await done.catch(() => {});
      await page.locator('h1', { hasText: /signed in|declined/i }).waitFor();

      expect(page.url()).toMatch(/\/result\/[0-9a-f]{32}#?$/);
      const visited = JSON.stringify(await history(page));
      for (const secret of answered) expect(visited).not.toContain(secret);
      expect(visited).not.toContain(`${redirectUri}?`);
      await page.evaluate('history.back()');
      await page.waitForURL(`${at.sandbox.origin}/**`);
      for (const secret of answered) expect(page.url()).not.toContain(secret);
    },
  );

  test('§9: the result page loads nothing else and sends no referrer', async () => {
    await using at = await browserFixture();
    const { page, redirectUri, done } = await at.begin(browser.context);
    const asked: string[] = [];
    const referrers: (string | undefined)[] = [];
    page.on('request', (request) => {
      asked.push(new URL(request.url()).origin);
      if (request.url().startsWith(redirectUri)) referrers.push(request.headers().referer);
    });
    await page.getByRole('button', { name: 'Allow' }).click();
    await done;
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    await page.waitForLoadState('networkidle');
    const here = new URL(redirectUri).origin;
    // The decision, the callback, the result.
    expect(asked.filter((origin) => origin !== 'null')).toEqual([at.sandbox.origin, here, here]);
    expect(await page.evaluate('document.styleSheets.length')).toBe(1);
    expect(await page.evaluate('getComputedStyle(document.querySelector("header")).display')).toBe('flex');
    expect(await page.locator('a[href], iframe, form, script[src]').count()).toBe(0);
  });

  longTest('reload, back and forward show the result again, without another request to the provider', async () => {
    await using visited = await waiting();
    const page = await browser.context.newPage();
    const heading = page.getByRole('heading', { name: /signed in/i });
    await page.goto('about:blank');
    await page.goto(`${visited.listener.redirectUri}?code=the-code&state=right#_=_`);
    await heading.waitFor();
    await page.reload();
    await heading.waitFor();
    await page.goBack();
    await page.goForward();
    await heading.waitFor();
    expect(page.url()).not.toMatch(/the-code|_=_/);
    await page.goto(`${visited.listener.redirectUri}?code=the-code&state=right`);
    await heading.waitFor();
    expect(visited.asked).toHaveLength(1);
  });

  longTest('the browser itself: the program exits although connections to it stay open', async () => {
    await using sandbox = await startSandbox();
    const home = await mkdtemp(join(tmpdir(), 'program-'));
    const page = await browser.context.newPage();
    // The test command has built dist/ already.
    const program = spawn(
      process.execPath,
      [
        'dist/bin.cjs',
        'login',
        '--no-browser',
        '--sandbox',
        sandbox.origin,
        '--redirect-uri',
        'http://127.0.0.1:0/callback',
      ],
      { env: { ...process.env, FITBIT_LOGIN_HOME: home }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    try {
      const exited = once(program, 'exit');
      const url = await printedAddress(program.stderr);
      const redirectUri = url.searchParams.get('redirect_uri') ?? '';
      sandbox.register({ id: url.searchParams.get('client_id') ?? '', redirectUris: [redirectUri] });
      const idle = connect(Number(new URL(redirectUri).port), '127.0.0.1').on('error', () => {});
      await once(idle, 'connect');
      await page.goto(url.href);
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('heading', { name: /signed in/i }).waitFor();
      expect(await exited).toEqual([0, null]);
    } finally {
      program.kill();
      await rm(home, { recursive: true, force: true });
    }
  });
});

/** What the tab's back and forward buttons lead to, and what was typed to get there. */
async function history(page: Page): Promise<readonly unknown[]> {
  const devtools = await page.context().newCDPSession(page);
  const { entries } = await devtools.send('Page.getNavigationHistory');
  return entries;
}

async function printedAddress(stderr: NodeJS.ReadableStream): Promise<URL> {
  for await (const line of createInterface({ input: stderr })) if (URL.canParse(line)) return new URL(line);
  throw new Error('The program printed no address.');
}
