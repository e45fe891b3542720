import { createServer, type RequestListener, type Server } from 'node:http';
import { BindError, type BindFailure } from './bind.ts';
import { bindErrorCode, isAbsent, listenAt } from './listening.ts';
import { explainBindError } from './port-in-use.ts';
import { atPort, type RedirectUri } from './redirect-uri.ts';

/** The servers that listen for one redirect URI: one, or two for `localhost`. */
export interface Binding {
  /** With its real port. */
  readonly redirect: RedirectUri;
  readonly servers: readonly Server[];
  /** Those of its addresses that this machine does not have: `localhost` then can only mean the other one. */
  readonly absent: readonly string[];
}

export interface BindOptions {
  /** The id of this process, so that one that holds the port itself is not told to end it. Default: unknown. */
  readonly pid?: number | undefined;
}

/** What a stranger's socket may cost. None of these limits touches a request that is held open while it is answered. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  /** A browser's preconnected sockets count from their first moment, so that this is also how long they may idle. */
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
} as const;

// Beyond this, strangers' sockets would use up the descriptors that the exchange and the save need.
const MAX_CONNECTIONS = 128;

/** How often a port that is free on one stack is looked for on the other. */
const PORT_ATTEMPTS = 8;

/**
 * Binds the first redirect URI that can be bound, on every address that it may lead to.
 * @throws AuthError `PORT_BUSY` when none can be and the port of one is taken; `LISTEN_FAILED` when all fail for other reasons
 */
export async function bindFirst(
  redirects: readonly RedirectUri[],
  handle: RequestListener,
  options: BindOptions = {},
): Promise<Binding> {
  const failures: BindFailure[] = [];
  for (const redirect of redirects) {
    const bound = await bind(redirect, handle);
    if ('servers' in bound) return bound;
    failures.push(bound);
  }
  throw await explainBindError(new BindError(failures), options);
}

async function bind(redirect: RedirectUri, handle: RequestListener): Promise<Binding | BindFailure> {
  for (let attempt = 1; ; attempt += 1) {
    const bound = await bindOnce(redirect, handle);
    const portTakenOnOtherStack = 'code' in bound && bound.code === 'EADDRINUSE' && redirect.port === 0;
    if (!portTakenOnOtherStack || attempt === PORT_ATTEMPTS) return bound;
  }
}

async function bindOnce(redirect: RedirectUri, handle: RequestListener): Promise<Binding | BindFailure> {
  const servers: Server[] = [];
  const absent: BindFailure[] = [];
  let { port } = redirect;
  for (const address of redirect.addresses) {
    const server = createServer(LIMITS, handle);
    server.maxConnections = MAX_CONNECTIONS;
    try {
      port = await listenAt(server, address, port);
      servers.push(server);
    } catch (cause) {
      const failure = { redirect, address, code: bindErrorCode(cause), cause };
      if (isAbsent(failure.code)) {
        absent.push(failure);
        continue;
      }
      await Promise.all(servers.map((bound) => new Promise((resolve) => bound.close(resolve))));
      return failure;
    }
  }
  const [none] = absent;
  if (none !== undefined && servers.length === 0) return none;
  return { redirect: atPort(redirect, port), servers, absent: absent.map(({ address }) => address) };
}
