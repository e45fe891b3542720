import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type BindOptions, bindFirst } from './binding.ts';
import type { RedirectUri } from './redirect-uri.ts';

/** An app that answers at a loopback address. */
export interface Served {
  /** Where, with the real port. */
  readonly redirect: RedirectUri;
  /** Those of its addresses that this machine does not have. */
  readonly absent: readonly string[];
  /** Frees the port and ends every socket at once, busy ones too. May be called again. */
  close(): Promise<void>;
}

/**
 * Binds the first of the addresses that is free and answers there with the app that is built for it.
 * @throws AuthError as {@link bindFirst}.
 */
export async function serve(
  redirects: readonly RedirectUri[],
  build: (redirect: RedirectUri) => Promise<FastifyInstance>,
  options?: BindOptions,
): Promise<Served> {
  // The app has to know the port, so that it comes after binding: a visitor who is quicker waits for it.
  let open: (handle: RequestListener) => void = () => {};
  const opened = new Promise<RequestListener>((resolve) => {
    open = resolve;
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => (await opened)(request, response);
  const { redirect, servers, absent } = await bindFirst(redirects, handle, options);
  const app = await build(redirect);
  open(app.routing);

  const shutDown = async () => {
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of servers) server.closeAllConnections();
    await Promise.all([...closed, app.close()]);
  };
  let closing: Promise<void> | undefined;
  return {
    redirect,
    absent,
    close: () => {
      closing ??= shutDown();
      return closing;
    },
  };
}
