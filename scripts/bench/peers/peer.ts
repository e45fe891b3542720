import type { Command } from '../command.ts';
import type { Login } from '../waiting.ts';

/** Another program that does some of what ours does. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /** Prints the access token of the benchmark, which was stored before and still works. @param node the path of Node */
  readonly token?: (node: string) => Command;
  /** Signs in by a redirect to loopback. @param node the path of Node */
  readonly login?: (node: string) => Login;
  /** Waits on loopback, and cannot sign in. @param node the path of Node */
  readonly server?: (node: string) => Login;
  /** The folder that its package was installed into, alone. */
  readonly folder?: string;
}

/** A peer that may be on this machine. */
export interface Candidate {
  readonly name: string;
  /** The command that installs it, where the benchmark does not do so itself. */
  readonly install: string;
  /** Makes it ready. `undefined` where it is not there. */
  readonly find: (place: Place) => Promise<Omit<Peer, 'name'> | undefined>;
}

/** What a peer is made ready with. */
export interface Place {
  /** An empty directory, for what the peers store. */
  readonly directory: string;
  /** Keeps installed packages from one run to the next. */
  readonly folder: string;
  /** The environment of everything that is measured. */
  readonly environment: NodeJS.ProcessEnv;
  /** The origin of the provider that they sign in at. */
  readonly provider: string;
}

/** A peer that could not be measured here, and what would change that. */
export interface Missing {
  readonly name: string;
  readonly install: string;
}
