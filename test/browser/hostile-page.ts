import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Page } from 'playwright-core';
import { HOSTILE_HOST } from './browser.ts';

/** Whose page it may be, and the host that it is at. */
export const WEB_PAGES = [
  ['another site', HOSTILE_HOST],
  ['another name of this machine', 'localhost'],
  ['another port of this machine', '127.0.0.1'],
] as const;

export interface HostileSite extends AsyncDisposable {
  readonly port: number;
}

/** A web site of one page, which tries with an address what pages can try: hostile-page.html. */
export async function hostileSite(): Promise<HostileSite> {
  const html = await readFile(new URL('hostile-page.html', import.meta.url));
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

/** Runs one of the functions of hostile-page.html in the page. */
export function run(page: Page, does: 'tryEverything' | 'postForm' | 'openWindow', target: string): Promise<unknown> {
  return page.evaluate(`${does}(${JSON.stringify(target)})`);
}
