import type { FastifyBaseLogger } from 'fastify';
import { AuthError, errnoOf } from '../errors.ts';
import { sandboxApp } from './app.ts';
import { type Context, type SandboxClock, type SandboxState, stateOf } from './context.ts';
import { type Fault, Faults, type Place } from './faults.ts';
import { FitbitTokens } from './fitbit-tokens.ts';
import { GoogleTokens } from './google-tokens.ts';
import { type Person, type Registration, Registry, SANDBOX_PEOPLE, type SandboxClient } from './registry.ts';
import { Counters } from './tokens.ts';

const HOST = '127.0.0.1';

export interface SandboxOptions {
  /** The port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number;
  /** Apps beside {@link SANDBOX_CLIENTS}; one with the id of these adds its redirect URIs to it. Default none. */
  readonly clients?: readonly Registration[];
  /** Who can sign in. Default {@link SANDBOX_PEOPLE}. */
  readonly people?: readonly Person[];
  /**
   * The `iss` (RFC 9207) of Google callbacks and ID tokens. Default: the sandbox's origin, which stands for
   * `https://accounts.google.com`; `null` leaves it out of callbacks, as Google often does. The fault `drop-iss` does so
   * for single ones.
   */
  readonly issuer?: string | null;
  /** The current time. Default: the system's clock. */
  readonly now?: () => Date;
  /**
   * Gets a line for each request: method, path without query, status. Default none.
   * @internal
   */
  readonly logger?: FastifyBaseLogger;
}

/** A running simulator of Fitbit's and Google's authorization servers, and of a little of their APIs. */
export interface Sandbox extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, with Fitbit's and Google's paths. */
  readonly origin: string;
  /** Every app that is registered now. */
  readonly clients: readonly SandboxClient[];
  readonly clock: SandboxClock;
  readonly faults: {
    /**
     * A retired Fitbit is `{ at: 'fitbit', kind: 'status', status: 410 }`; a Google account without a finished set-up is
     * `{ at: 'google', kind: 'setup-unfinished' }`.
     * @throws AuthError `USAGE` for an impossible fault
     */
    add(fault: Fault): void;
    /** Removes the faults that were posted for one place, or all. */
    clear(at?: Place): void;
    list(): readonly Fault[];
  };
  /** Adds an app, or redirect URIs to one. @throws AuthError `USAGE` for an impossible app */
  register(registration: Registration): SandboxClient;
  /** True if the service that issued this token would grant a refresh now. Changes nothing. */
  isLive(refreshToken: string): boolean;
  state(): SandboxState;
  /** Ends every connection, even without a response, and forgets everything. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox on 127.0.0.1. It keeps everything in memory and writes nothing to disk.
 * @throws AuthError `PORT_BUSY` or `LISTEN_FAILED` if it cannot listen, `USAGE` for impossible clients or people
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, clients = [], people = SANDBOX_PEOPLE, issuer, now = () => new Date(), logger } = options;
  const closing = new AbortController();
  let offsetMs = 0;
  const clock: SandboxClock = {
    now: () => new Date(now().getTime() + offsetMs),
    step: (ms) => {
      offsetMs += ms;
    },
  };
  const counters = new Counters();
  const registry = new Registry(clients, people);
  const context: Context = {
    registry,
    clock,
    faults: new Faults(closing.signal),
    counters,
    fitbit: new FitbitTokens(clock.now, counters),
    google: new GoogleTokens(clock.now, counters),
    issuer,
  };
  const app = sandboxApp(context, logger);

  const origin = await app.listen({ host: HOST, port }).catch((cause: unknown) => {
    const busy = errnoOf(cause) === 'EADDRINUSE';
    throw busy
      ? new AuthError('PORT_BUSY', `${HOST}:${port} is in use by another program.`, {
          cause,
          hint: 'Give the sandbox another port, or 0 for any free one.',
        })
      : new AuthError('LISTEN_FAILED', `The sandbox cannot listen on ${HOST}.`, { cause });
  });
  const close = async () => {
    closing.abort();
    await app.close();
  };

  return {
    origin,
    get clients() {
      return registry.clients;
    },
    clock,
    faults: context.faults,
    register: (registration) => registry.register(registration),
    isLive: (refreshToken) => context.fitbit.isLive(refreshToken) || context.google.isLive(refreshToken),
    state: () => stateOf(context),
    close,
    [Symbol.asyncDispose]: close,
  };
}
