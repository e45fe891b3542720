import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, delimiter, join, resolve } from 'node:path';
import process from 'node:process';
import * as v from 'valibot';
import type { NodeRuntime } from '../node-runtime.ts';
import { copyProgram } from '../torture/program.ts';
import { expiry } from './expiry.ts';
import type { Figure } from './figure.ts';
import { install } from './install.ts';
import { listening } from './listening.ts';
import { manyProfiles } from './many-profiles.ts';
import { memory } from './memory.ts';
import { DEBIAN_PEERS } from './peers/debian.ts';
import { NPM_PEERS } from './peers/npm.ts';
import { OWN_PEERS } from './peers/own.ts';
import type { Missing, Peer, Place } from './peers/peer.ts';
import { startStandIn } from './peers/provider.ts';
import type { Row, Size } from './row.ts';
import { signIn } from './sign-in.ts';
import { statusAll } from './status-all.ts';
import { token } from './token.ts';

/** The table, in the order in which it is printed. */
export const ROWS: readonly Row[] = [token, listening, signIn, expiry, manyProfiles, statusAll, memory, install];

const Manifest = v.object({ bin: v.object({ 'fitbit-login': v.string() }) });

/** What would open a browser window. It is found first, and opens none. */
const LAUNCHERS = ['xdg-open', 'x-www-browser', 'www-browser', 'open'];

export interface BenchmarkOptions {
  readonly size: Size;
  /**
   * Where it works, and where it keeps the peers' packages from one run to the next. It has to be on a disk: in memory,
   * storing something durably costs nothing.
   */
  readonly folder: string;
  /** How often to measure. Default: what the row says. */
  readonly rounds?: number | undefined;
  /** Whether peers are measured as well. Default `true`. */
  readonly peers?: boolean;
  /**
   * Whether what is measured gets this process's environment. Default `false`: only what everybody has. With NODE_EXTRA_CA_CERTS,
   * for one, every process of Node 20 starts more slowly, and by that everything seems closer to `node -e 0`.
   */
  readonly inherits?: boolean;
}

/** The built program, and the peers, ready to be measured. */
export interface Benchmark extends AsyncDisposable {
  /** The peers that are not there. */
  readonly missing: readonly Missing[];
  run(row: Row, node: NodeRuntime): Promise<readonly Figure[]>;
}

/** Makes everything ready, in a directory that goes with it. The program has to be built. */
export async function openBenchmark({
  size,
  folder: given,
  rounds,
  peers: wanted = true,
  inherits = false,
}: BenchmarkOptions): Promise<Benchmark> {
  const folder = resolve(given);
  await mkdir(folder, { recursive: true });
  const root = await mkdtemp(join(folder, 'run-'));
  const program = await programIn(join(root, 'program'));
  const environment = { ...(inherits ? process.env : {}), ...(await quietEnvironment(root)) };
  const standIn = await startStandIn();
  const directory = join(root, 'peers');
  await mkdir(directory);
  const place: Place = { directory, folder: join(folder, 'peers'), environment, provider: standIn.origin };
  const { found, missing } = wanted ? await findPeers(place) : { found: [], missing: [] };
  return {
    missing,
    run: async (row, node) => {
      const own = await mkdtemp(join(root, `${row.name}-`));
      const rig = {
        size,
        rounds: rounds ?? row.rounds[size],
        node,
        program,
        directory: own,
        peers: found,
        environment,
      };
      const measured = await row.measure(rig);
      return measured.map((figure) => ({ row: row.name, node: node.version, ...figure }));
    },
    [Symbol.asyncDispose]: async () => {
      await standIn[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A copy of the built program in a directory of its own. @returns its file */
async function programIn(directory: string): Promise<string> {
  await copyProgram(directory);
  const manifest = v.parse(Manifest, JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')));
  return join(directory, basename(manifest.bin['fitbit-login']));
}

async function findPeers(
  place: Place,
): Promise<{ readonly found: readonly Peer[]; readonly missing: readonly Missing[] }> {
  const found: Peer[] = [];
  const missing: Missing[] = [];
  for (const { name, install, find } of [...DEBIAN_PEERS, ...OWN_PEERS, ...NPM_PEERS]) {
    const peer = await find(place);
    if (peer === undefined) missing.push({ name, install });
    else found.push({ name, ...peer });
  }
  return { found, missing };
}

/** Only what a program needs, and launchers that open nothing. */
async function quietEnvironment(root: string): Promise<NodeJS.ProcessEnv> {
  const [launchers, home, temporary] = [join(root, 'launchers'), join(root, 'home'), join(root, 'tmp')];
  await Promise.all([mkdir(launchers), mkdir(home), mkdir(temporary)]);
  for (const name of LAUNCHERS) {
    await writeFile(join(launchers, name), '#!/bin/sh\nexit 0\n');
    await chmod(join(launchers, name), 0o755);
  }
  const path = [launchers, process.env.PATH].join(delimiter);
  return { PATH: path, HOME: home, TMPDIR: temporary, BROWSER: 'true' };
}
