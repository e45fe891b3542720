import type { Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { atPort, type RedirectUri } from './redirect-uri.ts';

/** The apps that listen for one redirect URI: one, or two for `localhost`. */
export interface Bound {
  /** With its real port. */
  readonly redirect: RedirectUri;
  /** Those of its addresses that this machine does not have: `localhost` then can only mean the other one. */
  readonly absent: readonly string[];
  /** Frees the port and ends every socket at once, busy ones too. May be called again. */
  close(): Promise<void>;
}

/** Why a redirect URI could not be bound: its first address that was refused, and the system's own code, such as `EADDRINUSE`. */
export interface BindFailure {
  readonly redirect: RedirectUri;
  readonly address: string;
  readonly code: string;
  readonly cause: unknown;
}

/** None of the redirect URIs could be bound; a reason for each. */
export class BindError extends Error {
  override readonly name = 'BindError';
  readonly failures: readonly BindFailure[];

  constructor(failures: readonly BindFailure[]) {
    super('No redirect URI could be bound.', { cause: failures[0]?.cause });
    this.failures = failures;
  }
}

/** The system's code for a machine without such an address: IPv6 switched off, not built in, or an interface that is down. */
const ABSENT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** How often a port that is free on one stack is looked for on the other. */
const PORT_ATTEMPTS = 8;

/**
 * Binds the first redirect URI that can be bound, with an app of its own on every address that it may lead to.
 * @throws BindError when none can be
 */
export async function bindFirst(
  redirects: readonly RedirectUri[],
  build: (redirect: RedirectUri) => Promise<FastifyInstance>,
): Promise<Bound> {
  const failures: BindFailure[] = [];
  for (const redirect of redirects) {
    const bound = await bind(redirect, build);
    if ('close' in bound) return bound;
    failures.push(bound);
  }
  throw new BindError(failures);
}

async function bind(
  redirect: RedirectUri,
  build: (redirect: RedirectUri) => Promise<FastifyInstance>,
): Promise<Bound | BindFailure> {
  for (let attempt = 1; ; attempt += 1) {
    const bound = await bindOnce(redirect, build);
    const portTakenOnOtherStack = 'code' in bound && bound.code === 'EADDRINUSE' && redirect.port === 0;
    if (!portTakenOnOtherStack || attempt === PORT_ATTEMPTS) return bound;
  }
}

async function bindOnce(
  redirect: RedirectUri,
  build: (redirect: RedirectUri) => Promise<FastifyInstance>,
): Promise<Bound | BindFailure> {
  const apps: FastifyInstance[] = [];
  const absent: BindFailure[] = [];
  let bound = redirect;
  const closeAll = async () => {
    await Promise.all(apps.map((app) => app.close()));
  };
  for (const address of redirect.addresses) {
    const app = await build(redirect);
    apps.push(app);
    try {
      bound = atPort(bound, await listenAt(app, address, bound.port));
    } catch (cause) {
      const failure = { redirect, address, code: bindErrorCode(cause), cause };
      if (!isAbsent(failure.code)) {
        await closeAll();
        return failure;
      }
      absent.push(failure);
    }
  }
  const [first] = absent;
  if (first !== undefined && absent.length === redirect.addresses.length) {
    await closeAll();
    return first;
  }
  let closing: Promise<void> | undefined;
  return {
    redirect: bound,
    absent: absent.map(({ address }) => address),
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

/**
 * Listens at one literal address, exclusively: no other process can share the port (RFC 8252 appendix B). A name would not do:
 * Fastify looks `localhost` up and ignores it when the second stack is taken.
 *
 * @returns the real port
 * @throws the system's error, see {@link bindErrorCode}
 */
async function listenAt(app: FastifyInstance, host: string, port: number): Promise<number> {
  await app.listen({ host, port, exclusive: true });
  // From now on only a failed accept, such as one for want of descriptors: that visitor is lost, the wait is not.
  app.server.on('error', () => {});
  return portOf(app.server, port);
}

function portOf(server: Server, port: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** The system's own name for what went wrong: `EADDRINUSE`. */
export function bindErrorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'an unknown error';
}

export function isAbsent(code: string): boolean {
  return ABSENT.has(code);
}
