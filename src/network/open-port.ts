import { connect } from 'node:net';

const PATIENCE_MS = 2_000;

/** Whether somebody takes connections at this origin. Nothing is sent there. */
export function takesConnections(origin: string): Promise<boolean> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 80) });
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.setTimeout(PATIENCE_MS, () => resolve(false));
  }).finally(() => socket.destroy());
}
