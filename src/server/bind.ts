import type { FastifyInstance } from 'fastify';
import { type BindFailure, bindFailure, explainBind, isAbsent } from './port-in-use.ts';
import { atPort, type RedirectUri } from './redirect-uri.ts';

/** The apps that listen for one redirect URI: one, or two for `localhost`. */
interface Bound {
  /** With its real port. */
  readonly redirect: RedirectUri;
  /** Those of its addresses that this machine does not have: `localhost` then can only mean the other one. */
  readonly absent: readonly string[];
  /** Frees the port and ends every socket at once, busy ones too. May be called again. */
  close(): Promise<void>;
}

/** How often a port that is free on one stack is looked for on the other. */
const PORT_ATTEMPTS = 8;

type Build = (redirect: RedirectUri) => Promise<FastifyInstance>;

/**
 * Binds the first redirect URI that can be bound, with an app of its own on every address that it may lead to.
 * @param pid the id of this process, which an error must not suggest to stop
 * @throws AuthError `PORT_BUSY` if the port of one is taken, else `LISTEN_FAILED`
 */
export async function bindFirst(redirects: readonly RedirectUri[], build: Build, pid?: number): Promise<Bound> {
  const failures: BindFailure[] = [];
  for (const redirect of redirects) {
    for (let attempt = 1; ; attempt += 1) {
      const bound = await bind(redirect, build);
      if ('close' in bound) return bound;
      const portTakenOnOtherStack = bound.code === 'EADDRINUSE' && redirect.port === 0;
      if (portTakenOnOtherStack && attempt < PORT_ATTEMPTS) continue;
      failures.push(bound);
      break;
    }
  }
  throw await explainBind(failures, { pid });
}

async function bind(redirect: RedirectUri, build: Build): Promise<Bound | BindFailure> {
  const apps: FastifyInstance[] = [];
  const absent: BindFailure[] = [];
  let bound = redirect;
  let closing: Promise<unknown> | undefined;
  const close = async () => {
    closing ??= Promise.all(apps.map((app) => app.close()));
    await closing;
  };
  for (const address of redirect.addresses) {
    const app = await build(redirect);
    apps.push(app);
    try {
      bound = atPort(bound, await listenAt(app, address, bound.port));
    } catch (cause) {
      const failure = bindFailure(redirect, address, cause);
      if (isAbsent(failure)) absent.push(failure);
      if (isAbsent(failure) && absent.length < redirect.addresses.length) continue;
      await close();
      return isAbsent(failure) ? (absent[0] ?? failure) : failure;
    }
  }
  return { redirect: bound, absent: absent.map(({ address }) => address), close };
}

/**
 * Listens at one literal address, exclusively: no other process can share the port (RFC 8252 appendix B). A name would not do:
 * Fastify looks `localhost` up and ignores it when the second stack is taken.
 * @returns the real port
 */
async function listenAt(app: FastifyInstance, host: string, port: number): Promise<number> {
  const url = await app.listen({ host, port, exclusive: true });
  // From now on only a failed accept, such as one for want of descriptors: that visitor is lost, the wait is not.
  app.server.on('error', () => {});
  return port === 0 ? Number(new URL(url).port) : port;
}
