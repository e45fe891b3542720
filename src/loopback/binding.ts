import { createServer, type RequestListener, type Server } from 'node:http';
import { AuthError } from '../errors.ts';
import { atPort, type RedirectUri } from './redirect-uri.ts';

/** The servers that listen for one redirect URI: one, or two for `localhost`. */
export interface Binding {
  /** With its real port. */
  readonly redirect: RedirectUri;
  readonly servers: readonly Server[];
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

const NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Binds the first redirect URI that can be bound, exclusively: no other process can share the port (RFC 8252 appendix B).
 * @throws AuthError `PORT_BUSY` when all are taken; `LISTEN_FAILED` when one fails for another reason and none could be bound.
 */
export async function bindFirst(redirects: readonly RedirectUri[], handle: RequestListener): Promise<Binding> {
  const failures: Failure[] = [];
  for (const redirect of redirects) {
    const bound = await bind(redirect, handle);
    if (!('code' in bound)) return bound;
    failures.push(bound);
  }
  throw judge(failures);
}

interface Failure {
  readonly at: string;
  readonly code: string;
  readonly cause: unknown;
}

async function bind(redirect: RedirectUri, handle: RequestListener): Promise<Binding | Failure> {
  for (let attempt = 1; ; attempt += 1) {
    const bound = await bindOnce(redirect, handle);
    const portTakenOnOtherStack = 'code' in bound && bound.code === 'EADDRINUSE' && redirect.port === 0;
    if (!portTakenOnOtherStack || attempt === PORT_ATTEMPTS) return bound;
  }
}

async function bindOnce(redirect: RedirectUri, handle: RequestListener): Promise<Binding | Failure> {
  const servers: Server[] = [];
  let { port } = redirect;
  for (const address of redirect.addresses) {
    const server = createServer(LIMITS, handle);
    server.maxConnections = MAX_CONNECTIONS;
    try {
      port = await listenAt(server, address, port);
      servers.push(server);
    } catch (cause) {
      const code = codeOf(cause);
      // `localhost` on a machine without IPv6 can only mean the other stack.
      if (servers.length > 0 && NO_IPV6.has(code)) continue;
      await Promise.all(servers.map((bound) => new Promise((resolve) => bound.close(resolve))));
      return { at: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`, code, cause };
    }
  }
  return { redirect: atPort(redirect, port), servers };
}

function listenAt(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      // From now on only a failed accept, such as one for want of descriptors: that visitor is lost, the wait is not.
      server.on('error', () => {});
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function judge(failures: readonly Failure[]): AuthError {
  const other = failures.find(({ code }) => code !== 'EADDRINUSE');
  if (other !== undefined) {
    const why = REASONS[other.code] ?? `the system answered ${other.code}.`;
    return new AuthError('LISTEN_FAILED', `Cannot listen on ${other.at}: ${why}`, {
      cause: other.cause,
      ...(other.code === 'EACCES'
        ? { hint: 'Register a redirect URI with a port above 1023 and give it with `--redirect-uri`.' }
        : {}),
    });
  }
  const tried = failures.map(({ at }) => at).join(', ');
  const message = failures.length === 1 ? `Another program holds ${tried}.` : `Other programs hold all of ${tried}.`;
  return new AuthError('PORT_BUSY', message, { cause: failures[0]?.cause, details: { tried } });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'the system keeps this port for privileged programs.',
  EADDRNOTAVAIL: 'this machine has no such address.',
  EAFNOSUPPORT: 'this machine has no such address.',
};

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'an unknown error';
}
