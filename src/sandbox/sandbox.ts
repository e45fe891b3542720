import type { FastifyBaseLogger } from 'fastify';
import { AuthError } from '../errors.ts';
import { sandboxApp } from './app.ts';
import type { Registration, SandboxClient } from './clients.ts';
import { type SandboxClock, steppable } from './clock.ts';
import { FaultBoard } from './fault-board.ts';
import type { Fault, Place } from './fault-kind.ts';
import { FitbitLedger } from './fitbit/ledger.ts';
import { GoogleLedger } from './google/ledger.ts';
import { type Person, SANDBOX_PEOPLE } from './people.ts';
import { Registry } from './registry.ts';
import { type SandboxState, snapshot } from './snapshot.ts';
import type { World } from './world.ts';

const HOST = '127.0.0.1';

export interface SandboxOptions {
  /** The port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number;
  /** Apps beside {@link SANDBOX_CLIENTS}; one with the id of these adds its redirect URIs to it. Default none. */
  readonly clients?: readonly Registration[];
  /** Who can sign in. Default {@link SANDBOX_PEOPLE}. */
  readonly people?: readonly Person[];
  /**
   * What Google's answers to the redirect URI name as their `iss` (RFC 9207). Default: the sandbox's origin, which
   * stands for `https://accounts.google.com`; `null` leaves it out.
   */
  readonly issuer?: string | null;
  /** The time of day. Default the system's clock. */
  readonly now?: () => Date;
  /**
   * Gets a line for each request: method, path without query, status. Default none.
   * @internal
   */
  readonly logger?: FastifyBaseLogger;
}

/** A running look-alike of Fitbit's and Google's authorization servers, and a little of what is behind them. */
export interface Sandbox extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`: Fitbit's and Google's paths on this origin are the sandbox's. */
  readonly origin: string;
  /** Every app that is registered now. */
  readonly clients: readonly SandboxClient[];
  readonly clock: SandboxClock;
  readonly faults: {
    /**
     * A retired Fitbit is `{ at: 'fitbit', kind: 'status', status: 410 }`.
     * @throws AuthError `USAGE` for a fault that cannot be
     */
    add(fault: Fault): void;
    /** Takes down the faults that were posted for one place, or all. */
    clear(at?: Place): void;
    list(): readonly Fault[];
  };
  /** Adds an app, or redirect URIs to one. @throws AuthError `USAGE` for what cannot be registered */
  register(registration: Registration): SandboxClient;
  /** Whether a refresh with this token would be granted now, by the service that issued it. Changes nothing. */
  isLive(refreshToken: string): boolean;
  state(): SandboxState;
  /** Ends every connection, answered or not. Everything that was issued is forgotten. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox on 127.0.0.1. It keeps everything in memory and writes nothing to disk.
 * @throws AuthError `PORT_BUSY` or `LISTEN_FAILED` where it cannot listen, `USAGE` for clients or people that cannot be
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, clients = [], people = SANDBOX_PEOPLE, issuer, now = () => new Date(), logger } = options;
  const life = new AbortController();
  const clock = steppable(now);
  const registry = new Registry(clients, people);
  const world: World = {
    registry,
    clock,
    faults: new FaultBoard(life.signal),
    fitbit: new FitbitLedger(clock),
    google: new GoogleLedger(clock),
    issuer,
  };
  const app = sandboxApp(world, logger);

  const origin = await app.listen({ host: HOST, port }).catch((cause: unknown) => {
    const busy = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    throw busy
      ? new AuthError('PORT_BUSY', `${HOST}:${port} is held by another program.`, {
          cause,
          hint: 'Give the sandbox another port, or 0 for any free one.',
        })
      : new AuthError('LISTEN_FAILED', `The sandbox cannot listen on ${HOST}.`, { cause });
  });
  const close = async () => {
    life.abort();
    await app.close();
  };

  return {
    origin,
    get clients() {
      return registry.clients;
    },
    clock,
    faults: world.faults,
    register: (registration) => registry.register(registration),
    isLive: (refreshToken) => world.fitbit.isLive(refreshToken) || world.google.isLive(refreshToken),
    state: () => snapshot(world),
    close,
    [Symbol.asyncDispose]: close,
  };
}
