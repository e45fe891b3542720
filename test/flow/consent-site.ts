import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Waiting, waiting } from './server-visitor.ts';

/** A provider's page on another site, which leads back by a link, or by itself. */
export interface ConsentSite extends AsyncDisposable {
  /** `/`: the link; `/at-once`: by itself. */
  address(path: '/' | '/at-once', redirectUri: string): string;
}

export async function consentSite(): Promise<ConsentSite> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://site');
    const back = searchParams.get('back') ?? '';
    if (pathname === '/at-once') return void response.writeHead(303, { location: back }).end();
    if (pathname !== '/') return void response.writeHead(404).end();
    response.setHeader('content-type', 'text/html');
    response.end(`<title>Consent</title><a href="${back.replaceAll('&', '&amp;')}">Allow</a>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: (path, redirectUri) => {
      // 127.0.0.1 and localhost are two sites, whatever their ports.
      const host = new URL(redirectUri).hostname === '127.0.0.1' ? 'localhost' : '127.0.0.1';
      return `http://${host}:${port}${path}?back=${encodeURIComponent(`${redirectUri}?code=the-code&state=right`)}`;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A bound sign-in at `host` whose visitors' users cannot be looked up, so that the cookie decides. */
export async function startedAt(site: ConsentSite, host: string, path: '/' | '/at-once' = '/'): Promise<Waiting> {
  const visited: Waiting = await waiting({
    redirectUris: [`http://${host}:0/callback`],
    begin: () => site.address(path, visited.listener.redirectUri),
    peerOf: async () => 'unknown',
  });
  return visited;
}
