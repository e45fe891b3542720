import type { RequestListener } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { type BindOptions, bindFirst } from './binding.ts';
import type { RedirectUri } from './redirect-uri.ts';

/** An app that answers at a loopback address. */
export interface Served {
  /** Where, with the real port. */
  readonly redirect: RedirectUri;
  /** Resolves once the app answers; a visitor who is quicker waits for it. Rejects where it could not be built. */
  readonly ready: Promise<void>;
  /** Frees the port and ends every socket at once, busy ones too. May be called again. */
  close(): Promise<void>;
}

/**
 * Binds the first of the addresses that is free and answers there with the app that is built for it. Resolves as soon as the port is
 * bound: the app is built while a person is on the way.
 * @throws AuthError as {@link bindFirst}.
 */
export async function serve(
  redirects: readonly RedirectUri[],
  /** Is told which of the redirect URI's addresses this machine does not have. */
  build: (redirect: RedirectUri, absent: readonly string[]) => Promise<FastifyInstance>,
  options?: BindOptions,
): Promise<Served> {
  let answerWith: (app: Promise<FastifyInstance>) => void = () => {};
  // The app has to know the port, so that it comes after binding.
  const app = new Promise<FastifyInstance>((resolve) => {
    answerWith = resolve;
  });
  const handle: RequestListener = (request, response) =>
    void app.then(
      ({ routing }) => routing(request, response),
      () => response.destroy(),
    );
  const { redirect, servers, absent } = await bindFirst(redirects, handle, options);
  // Loading takes longer than all that came before: whoever waits for the address has it first.
  answerWith(nextTurn().then(() => build(redirect, absent)));
  const ready = app.then(() => {});
  // Nobody has to look.
  ready.catch(() => {});

  const shutDown = async () => {
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of servers) server.closeAllConnections();
    const built = app.then(
      (running) => running.close(),
      () => {},
    );
    await Promise.all([...closed, built]);
  };
  let closing: Promise<void> | undefined;
  return {
    redirect,
    ready,
    close: () => {
      closing ??= shutDown();
      return closing;
    },
  };
}
