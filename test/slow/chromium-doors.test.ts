import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { MAX_HEADER_BYTES } from '../../src/server/app.ts';
import { MAX_SOCKETS } from '../../src/server/visitors.ts';
import { launch, skipWithoutBrowser } from '../browser/browser.ts';
import { waiting } from '../flow/server-visitor.ts';

/** A page that puts a worker in front of everything at its port, and the worker. */
const EARLIER: Readonly<Record<string, readonly [string, string]>> = {
  '/': [
    'text/html',
    `<script>navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => { document.title = 'ready'; })</script>`,
  ],
  '/sw.js': [
    'text/javascript',
    `self.addEventListener('install', () => self.skipWaiting());
     self.addEventListener('activate', (event) => event.waitUntil(clients.claim()));
     self.addEventListener('fetch', (event) => event.respondWith(new Response('<title>earlier</title>', { headers: { 'content-type': 'text/html' } })));`,
  ],
};

describe.skipIf(skipWithoutBrowser)('in a real Chromium', () => {
  test('the service worker of an earlier program at the port is unregistered, and the callback then arrives', async () => {
    await using browser = await launch();
    const page = await browser.context.newPage();
    const earlier = createServer((request, response) => {
      const [type, body] = EARLIER[request.url ?? ''] ?? ['text/plain', ''];
      response.writeHead(200, { 'content-type': type, connection: 'close' }).end(body);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => earlier.once('listening', resolve));
    const { port } = earlier.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForFunction(`document.title === 'ready'`);
    await new Promise((resolve) => earlier.close(resolve));

    const notices: string[] = [];
    await using visited = await waiting({
      redirectUris: [`http://127.0.0.1:${port}/callback`],
      onNotice: (notice) => notices.push(notice),
    });
    const callback = `${visited.listener.redirectUri}?code=the-code&state=right`;
    await page.goto(callback);
    expect(await page.title()).toBe('earlier');
    expect(visited.asked).toHaveLength(0);
    // Chromium looks for a new script once the page has been quiet for some seconds.
    for (let tries = 0; notices.length === 0 && tries < 40; tries += 1) await delay(500);
    expect(notices).toEqual(['service-worker']);
    await page.goto(callback);
    expect(await page.title()).toContain('Signed in');
  }, 300_000);

  test('cookies of other programs at this host, as many as it keeps, do not keep the callback out', async () => {
    await using browser = await launch();
    await using visited = await waiting();
    const url = visited.listener.redirectUri;
    await browser.context.addCookies(
      Array.from({ length: 150 }, (_, index) => ({ name: `other${index}`, value: 'a'.repeat(4_000), url })),
    );
    const page = await browser.context.newPage();
    const [request] = await Promise.all([
      page.waitForRequest(/callback/),
      page.goto(`${url}?code=the-code&state=right`),
    ]);
    expect((await request.allHeaders()).cookie?.length).toBeGreaterThan(500_000);
    expect(await page.title()).toContain('Signed in');
  });

  test('headers beyond 1 MiB show the page that says why, and the sign-in still waits', async () => {
    const notices: string[] = [];
    await using browser = await launch();
    await using visited = await waiting({ onNotice: (notice) => notices.push(notice) });
    const callback = `${visited.listener.redirectUri}?code=the-code&state=right`;
    const page = await browser.context.newPage();
    await page.setExtraHTTPHeaders({ 'x-large': 'a'.repeat(MAX_HEADER_BYTES) });
    await page.goto(callback);
    expect(await page.textContent('body')).toContain('cookies');
    expect(notices).toEqual(['headers-too-large']);
    await page.setExtraHTTPHeaders({});
    await page.goto(callback);
    expect(await page.title()).toContain('Signed in');
  });

  test('idle sockets beyond the limit give way to it', async () => {
    await using browser = await launch();
    await using visited = await waiting();
    for (let index = 0; index < MAX_SOCKETS + 20; index += 1) await visited.socket();
    const page = await browser.context.newPage();
    await page.goto(`${visited.listener.redirectUri}?code=the-code&state=right`);
    expect(await page.title()).toContain('Signed in');
  });
});
