import type { Server } from 'node:net';

/** What the system answers where a machine has no such address: IPv6 switched off, not built in, or an interface that is down. */
const ABSENT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Listens at one address, exclusively: no other process can share the port (RFC 8252 appendix B).
 *
 * Who listens on all addresses already (`0.0.0.0`, `[::]`) makes this fail on Linux. On macOS and Windows the more exact address may be
 * taken beside it, and gets what comes for it: the redirect arrives here either way, so that nothing more is looked for.
 *
 * @returns the real port
 * @throws the system's error, see {@link bindErrorCode}
 */
export function listenAt(server: Server, host: string, port: number): Promise<number> {
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

/** The system's own name for what went wrong: `EADDRINUSE`. */
export function bindErrorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'an unknown error';
}

export function isAbsent(code: string): boolean {
  return ABSENT.has(code);
}
