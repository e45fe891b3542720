import type { FastifyBaseLogger } from 'fastify';
import { AuthError } from '../errors.ts';
import type { BindOptions } from './binding.ts';
import type { AwaitedCallback, CallbackListener } from './callback-listener.ts';
import { Outcome } from './outcome.ts';
import { parseRedirectUri } from './redirect-uri.ts';
import { Rehearsal, type Visit } from './rehearsal.ts';
import { serve } from './served.ts';

export interface ListenOptions extends AwaitedCallback, BindOptions {
  /** Gets a line for each request, without its query; may be opened once the port is bound. Default: no log. */
  readonly log?: FastifyBaseLogger | (() => Promise<FastifyBaseLogger>) | undefined;
  /** How long a browser may take to ask for the result page after the final answer, in milliseconds. Default 2,000. */
  readonly lingerMs?: number;
  /** The time of day. Default: the system's clock. */
  readonly now?: () => Date;
  /** What the server visits itself by, once, so that the first person to come does not wait for Node to compile. Default: it does not. */
  readonly visit?: Visit | undefined;
}

/** How long a result page that is being written may take to leave when the listener closes. */
const FLUSH_MS = 250;

/**
 * Binds the first of the redirect URIs that is free and answers there until it is closed.
 * @throws AuthError `USAGE` for a redirect URI that is not loopback; `PORT_BUSY` when all are taken; `LISTEN_FAILED`.
 */
export async function listen({
  redirectUris,
  onCallback,
  log,
  lingerMs = 2_000,
  now = () => new Date(),
  pid,
  visit,
}: ListenOptions): Promise<CallbackListener> {
  const redirects = redirectUris.map(parseRedirectUri);
  if (redirects.length === 0) throw new AuthError('USAGE', 'There is no redirect URI to listen for.');

  const outcome = new Outcome({ lingerMs });
  const rehearsal = new Rehearsal();
  const since = now();
  const served = await serve(
    redirects,
    async (redirect, absent) => {
      const [{ callbackApp }, opened] = await Promise.all([
        import('./old-app.ts'),
        typeof log === 'function' ? log() : log,
      ]);
      if (absent.length > 0) opened?.info({ absent }, 'This machine has only one loopback stack.');
      return callbackApp({ redirect, outcome, onCallback, log: opened, rehearsal, now, since });
    },
    { pid },
  );
  if (visit !== undefined) void served.ready.then(() => rehearsal.visit(served.redirect, visit)).catch(() => {});
  const shutDown = async () => {
    // Node's close() takes a socket for idle as soon as its response was ended, though not yet written.
    await outcome.flushed(FLUSH_MS);
    await served.close();
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= shutDown();
    return closing;
  };
  return {
    redirectUri: served.redirect.uri,
    ready: served.ready,
    answered: outcome.answered,
    close,
    [Symbol.asyncDispose]: close,
  };
}
