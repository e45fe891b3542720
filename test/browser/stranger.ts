import { createServer } from 'node:http';
import { STRANGER } from './browser.ts';

/** Where a web page that the person has open can come from. */
export const ORIGINS = {
  'another site': STRANGER,
  'another name of this machine': 'localhost',
  'another port of this machine': '127.0.0.1',
} as const;

export interface StrangersSite extends AsyncDisposable {
  readonly port: number;
}

/** A web site with one empty page, which lets its visitors run whatever they like. */
export async function strangersSite(): Promise<StrangersSite> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>A page</title>');
  });
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
