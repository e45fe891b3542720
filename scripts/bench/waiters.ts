import { join } from 'node:path';
import type { Contestant } from './contest.ts';
import type { Peer } from './peers/peer.ts';
import { programCommand, type Rig } from './row.ts';
import type { Login } from './waiting.ts';

/** A server of Node's own that does nothing else: as it is written today, and as it starts soonest. */
const BARE_SERVERS = { module: 'peers/server.mjs', commonJs: 'peers/server-in-commonjs.cjs' } as const;

/** Our own `login`. @param where at which provider, and as which app */
export function programLogin(rig: Rig, home: string, ...where: readonly string[]): Login {
  return {
    command: () => programCommand(rig, home, 'login', ...where, '--redirect-uri', 'http://127.0.0.1:0/callback'),
  };
}

/** Our own `login` with an app at Fitbit, which is asked nothing before the browser has been there. */
export function fitbitLogin(rig: Rig, home: string): Login {
  return programLogin(rig, home, '--client-id', '23ABCD');
}

/** Everything that waits on loopback: a bare server, our program, the peers. */
export function waiters<M>(rig: Rig, ours: Login, measure: (login: Login) => Promise<M>): readonly Contestant<M>[] {
  const { node, environment, peers } = rig;
  const bare = (server: keyof typeof BARE_SERVERS) => {
    const args = [join(import.meta.dirname, BARE_SERVERS[server])];
    return measure({ command: () => ({ file: node.path, args, env: environment }) });
  };
  return [
    { role: 'against', name: 'bare node:http', measure: () => bare('module') },
    { role: 'ours', name: 'login', measure: () => measure(ours) },
    { role: 'peer', name: 'bare node:http in CommonJS', version: node.version, measure: () => bare('commonJs') },
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
