import type { Environment } from '../environment.ts';
import type { Send } from './bounded-fetch.ts';
import { certificateError, isCertificateFault, presentedAt } from './certificate.ts';
import { faultCode } from './fault.ts';
import { plainSend } from './plain-send.ts';
import { type ForwardProxy, proxyFor } from './proxy.ts';

export interface EnvironmentFetchOptions {
  /** To reach a proxy and be let through, in milliseconds. Default 8,000: less than an answer may take, so that a silent proxy is told from a silent server. */
  readonly connectMs?: number;
  /** The clock that certificates were judged by. Default: the system's. */
  readonly now?: () => Date;
}

/** To look at a refused certificate, in milliseconds. */
const LOOK_MS = 2_000;

/**
 * Sends as an environment says: through the proxy that it names for the address, else by Node's own client. undici, which
 * knows proxies, is loaded only where one is in force.
 *
 * What it rejects with is an AuthError where a proxy or a certificate is at fault; else whatever it was sent by rejects with.
 *
 * @throws AuthError `NETWORK_BLOCKED` for a proxy that wants a password or refuses, and for a certificate that nobody known here
 *   signed; `UNAVAILABLE` for a proxy that cannot be reached and for any other certificate that is refused; `USAGE` as `proxyFor`.
 */
export function environmentFetch(environment: Environment, options: EnvironmentFetchOptions = {}): Send {
  const { connectMs = 8_000, now = () => new Date() } = options;
  return async (url, init) => {
    const proxy = proxyFor(url, environment);
    const send = await sender(proxy, connectMs);
    try {
      return await send(url, init);
    } catch (thrown) {
      const code = faultCode(thrown);
      if (!isCertificateFault(code)) throw thrown;
      const signal = AbortSignal.any([AbortSignal.timeout(LOOK_MS), ...(init?.signal ? [init.signal] : [])]);
      const presented = await (proxy === undefined ? presentedAt(url, signal) : presentedBehind(proxy, url, signal));
      const { host: owner } = new URL(url);
      throw certificateError({ owner, code, presented, now: now(), extraCa: environment.NODE_EXTRA_CA_CERTS });
    }
  };
}

async function sender(proxy: ForwardProxy | undefined, connectMs: number): Promise<Send> {
  if (proxy === undefined) return plainSend;
  // Touched first, Node's own fetch makes an agent of its own; else it would take undici's, which is of another version.
  new Headers();
  return (await import('./proxied-fetch.ts')).proxiedFetch(proxy, connectMs);
}

async function presentedBehind(proxy: ForwardProxy, url: string, signal: AbortSignal) {
  const { tunnelTo } = await import('./proxied-fetch.ts');
  const tunnel = await tunnelTo(url, proxy, signal).catch(() => undefined);
  return tunnel && presentedAt(url, signal, tunnel);
}
