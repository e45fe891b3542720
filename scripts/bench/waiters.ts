import { join } from 'node:path';
import type { Contestant } from './contest.ts';
import type { Peer } from './peers/peer.ts';
import { programCommand, type Rig } from './row.ts';
import type { Login } from './waiting.ts';

const BARE_SERVER = join(import.meta.dirname, 'peers/server.cjs');

/** Our own `login`, at a sandbox. */
export function programLogin(rig: Rig, home: string, sandboxOrigin: string): Login {
  const options = ['--sandbox', sandboxOrigin, '--redirect-uri', 'http://127.0.0.1:0/callback'];
  return { command: () => programCommand(rig, home, 'login', ...options) };
}

/** Everything that waits on loopback: a server of Node's own that does nothing else, our program, the peers. */
export function waiters<M>(rig: Rig, ours: Login, measure: (login: Login) => Promise<M>): readonly Contestant<M>[] {
  const { node, environment, peers } = rig;
  const bare: Login = { command: () => ({ file: node.path, args: [BARE_SERVER], env: environment }) };
  return [
    { role: 'against', name: 'bare node:http', measure: () => measure(bare) },
    { role: 'ours', name: 'login', measure: () => measure(ours) },
    ...peers.flatMap((peer) => contestant(peer, peer.login ?? peer.server, rig, measure)),
  ];
}

/** The peers that sign in. */
export function signers<M>(rig: Rig, measure: (login: Login) => Promise<M>): readonly Contestant<M>[] {
  return rig.peers.flatMap((peer) => contestant(peer, peer.login, rig, measure));
}

function contestant<M>(
  { name, version }: Peer,
  start: Peer['login'],
  { node }: Rig,
  measure: (login: Login) => Promise<M>,
): readonly Contestant<M>[] {
  const login = start?.(node.path);
  return login === undefined ? [] : [{ role: 'peer', name, version, measure: () => measure(login) }];
}
