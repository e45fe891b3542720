import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Page } from 'playwright-core';
import { STRANGER } from './browser.ts';

/** Whose page it may be, and the host that it is at. */
export const WEB_PAGES = [
  ['another site', STRANGER],
  ['another name of this machine', 'localhost'],
  ['another port of this machine', '127.0.0.1'],
] as const;

export interface StrangersSite extends AsyncDisposable {
  readonly port: number;
}

/** A web site of one page, which tries with an address what pages can try: stranger.html. */
export async function strangersSite(): Promise<StrangersSite> {
  const html = await readFile(new URL('stranger.html', import.meta.url));
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The site has no port.');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Runs one of the functions of stranger.html in the page. */
export function run(page: Page, does: 'tryEverything' | 'postForm' | 'openWindow', target: string): Promise<unknown> {
  return page.evaluate(`${does}(${JSON.stringify(target)})`);
}
