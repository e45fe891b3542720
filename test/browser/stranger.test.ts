import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../src/loopback/listener.ts';
import type { View } from '../../src/loopback/pages/view.ts';
import { launch, type RunningBrowser, STRANGER, skipWithoutBrowser } from './browser.ts';
import { desk } from './desk.ts';
import { ORIGINS, type StrangersSite, strangersSite } from './stranger.ts';

/** What a page tries with the callback's address, and what it learns. */
interface Attack {
  readonly name: string;
  /** Runs in the page, with the redirect URI; resolves when the attempt is over. */
  readonly attempt: (target: string) => Promise<string>;
  readonly learns: string;
}

const FORGED = '?code=forged&state=forged';

const ATTACKS: readonly Attack[] = [
  {
    name: 'fetch with CORS',
    attempt: (target) =>
      fetch(`${target}?code=forged`).then(
        (answer) => `status ${answer.status}`,
        () => 'an error',
      ),
    learns: 'an error',
  },
  {
    name: 'fetch with CORS, credentials and a preflight',
    attempt: (target) =>
      fetch(target, { credentials: 'include', headers: { 'x-forged': '1' } }).then(
        (answer) => `status ${answer.status}`,
        () => 'an error',
      ),
    learns: 'an error',
  },
  {
    name: 'fetch without CORS',
    attempt: (target) =>
      fetch(`${target}?error=access_denied`, { mode: 'no-cors' }).then(
        (answer) => answer.type,
        () => 'an error',
      ),
    learns: 'an error',
  },
  {
    name: 'POST without CORS',
    attempt: (target) =>
      fetch(target, { method: 'POST', mode: 'no-cors', body: 'error=access_denied' }).then(
        (answer) => answer.type,
        () => 'an error',
      ),
    learns: 'an error',
  },
  {
    name: 'an image',
    attempt: (target) =>
      new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve('loaded');
        image.onerror = () => resolve('an error');
        image.src = `${target}?code=forged&state=forged`;
      }),
    learns: 'an error',
  },
  {
    name: 'a script',
    attempt: (target) =>
      new Promise((resolve) => {
        const script = document.createElement('script');
        script.onload = () => resolve('loaded');
        script.onerror = () => resolve('an error');
        script.src = `${target}?error=access_denied`;
        document.head.append(script);
      }),
    learns: 'an error',
  },
  {
    name: 'a frame',
    attempt: (target) =>
      new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = () => resolve(frame.contentDocument === null ? 'nothing' : 'a document');
        frame.src = `${target}?code=forged&state=forged`;
        document.body.append(frame);
      }),
    learns: 'nothing',
  },
  {
    name: 'a web socket',
    attempt: (target) =>
      new Promise((resolve) => {
        const socket = new WebSocket(target.replace('http', 'ws'));
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('an error');
      }),
    learns: 'an error',
  },
  {
    name: 'an event source',
    attempt: (target) =>
      new Promise((resolve) => {
        const source = new EventSource(`${target}?error=access_denied`);
        source.onopen = () => resolve('open');
        source.onerror = () => {
          source.close();
          resolve('an error');
        };
      }),
    learns: 'an error',
  },
];

describe.skipIf(skipWithoutBrowser)('a web page the person has open', () => {
  let browser: RunningBrowser;
  let site: StrangersSite;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), strangersSite()]);
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  const strangersPage = async (host: string): Promise<Page> => {
    const page = await browser.context.newPage();
    await page.goto(`http://${host}:${site.port}/`);
    return page;
  };

  describe.each(Object.entries(ORIGINS))('of %s', (_from, host) => {
    test('tries everything that is no visit: it learns nothing, is not heard, and the sign-in finishes', async () => {
      await using at = await desk();
      const pending = await at.begin(browser.context);
      const page = await strangersPage(host);
      for (const { name, attempt, learns } of ATTACKS) {
        expect({ name, learns: await page.evaluate(attempt, pending.redirectUri) }).toEqual({ name, learns });
      }
      expect(pending.strays).toEqual([]);
      await pending.page.getByRole('button', { name: 'Allow' }).click();
      expect((await pending.done).userId).toBe('WALK01');
    });

    test('posts a form to the callback: it is not heard, and the sign-in finishes', async () => {
      await using at = await desk();
      const pending = await at.begin(browser.context);
      const page = await strangersPage(host);
      const answered = page.waitForResponse((response) => response.url() === pending.redirectUri);
      await page.evaluate((target) => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: target });
        const input = document.createElement('input');
        Object.assign(input, { name: 'error', value: 'access_denied' });
        form.append(input);
        document.body.append(form);
        form.submit();
      }, pending.redirectUri);
      expect((await answered).status()).toBe(405);
      expect(pending.strays).toEqual([]);
      await pending.page.getByRole('button', { name: 'Allow' }).click();
      expect((await pending.done).userId).toBe('WALK01');
    });

    test('§9: cannot frame the result page, nor read it', async () => {
      const view: View = { tone: 'success', title: 'Signed in', lead: '', facts: [], notes: [], next: [] };
      await using listener = await listen({
        redirectUris: ['http://127.0.0.1:0/callback'],
        onCallback: async () => ({ final: true, view }),
      });
      const tab = await browser.context.newPage();
      await tab.goto(`${listener.redirectUri}?code=the-code`);
      const page = await strangersPage(host);
      for (const { name, attempt, learns } of ATTACKS) {
        expect({ name, learns: await page.evaluate(attempt, tab.url().replace('#', '')) }).toEqual({ name, learns });
      }
    });
  });

  test.each([
    ['a forged code and state', FORGED, 'wrong-state'],
    ['error=access_denied without a state', '?error=access_denied', 'no-state'],
    ['error=access_denied with a forged state', '?error=access_denied&state=forged', 'wrong-state'],
    ['a script in error_description', '?error=x&error_description=<script>document.title=1</script>', 'no-state'],
  ])('opens a window with %s: the window says that the wait goes on, and it does', async (_what, query, reason) => {
    await using at = await desk();
    const pending = await at.begin(browser.context);
    const page = await strangersPage(STRANGER);
    const popup = page.waitForEvent('popup');
    const reference = await page.evaluateHandle((address) => window.open(address), pending.redirectUri + query);
    const opened = await popup;
    await opened.getByRole('heading', { name: 'Still waiting' }).waitFor();
    expect(await opened.title()).toBe('Still waiting · fitbit-login');
    // The opener policy has cut the tie in both directions.
    expect(await reference.evaluate((gone) => gone?.closed)).toBe(true);
    expect(await opened.evaluate(() => window.opener)).toBeNull();
    expect(pending.strays).toEqual([reason]);
    await pending.page.getByRole('button', { name: 'Allow' }).click();
    expect((await pending.done).userId).toBe('WALK01');
  });

  test('whose name leads here of a sudden (DNS rebinding) is of the same origin then, and turned away by its Host', async () => {
    await using at = await desk();
    const pending = await at.begin(browser.context);
    const { port, pathname } = new URL(pending.redirectUri);
    const page = await browser.context.newPage();
    // Its first page comes from its own server, as if the name had led there until now.
    const origin = `http://${STRANGER}:${port}`;
    await page.route(`${origin}/`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>A page</title>' }),
    );
    await page.goto(`${origin}/`);
    for (const query of [FORGED, '?error=access_denied']) {
      const status = await page.evaluate((path) => fetch(path).then((answer) => answer.status), pathname + query);
      expect(status).toBe(421);
    }
    expect((await page.goto(origin + pathname + FORGED))?.status()).toBe(421);
    expect(pending.strays).toEqual([]);
    await pending.page.getByRole('button', { name: 'Allow' }).click();
    expect((await pending.done).userId).toBe('WALK01');
  });
});
