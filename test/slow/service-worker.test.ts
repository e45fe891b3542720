import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
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
      onNotice: ({ kind }) => notices.push(kind),
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
});
