import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Login } from '../waiting.ts';
import { versionIn } from './installed.ts';
import type { Candidate, Peer, Place } from './peer.ts';

const run = promisify(execFile);

interface NpmPeer {
  readonly name: string;
  /** The range of versions, such as `^3`. */
  readonly range: string;
  /** The program that drives it, which is copied into its folder so that it finds its package there. */
  readonly driver?: string;
  readonly login: (made: Made) => (node: string) => Login;
}

/** Its folder, with everything in it. */
interface Made extends Place {
  readonly own: string;
}

const PEERS: readonly NpmPeer[] = [
  {
    name: '@google-cloud/local-auth',
    range: '^3',
    driver: 'local-auth.cjs',
    login: ({ own, environment, provider }) => {
      const keys = join(own, 'keys.json');
      return (node) => ({
        command: async () => {
          await writeFile(keys, JSON.stringify({ installed: LOCAL_AUTH_CLIENT }));
          return { file: node, args: [join(own, 'local-auth.cjs'), provider, keys], env: environment };
        },
      });
    },
  },
  {
    name: 'oauth-callback',
    range: '^2',
    driver: 'oauth-callback.mjs',
    login: ({ own, environment, provider }) => {
      const args = async () => [join(own, 'oauth-callback.mjs'), provider, String(await freePort())];
      return (node) => ({ command: async () => ({ file: node, args: await args(), env: environment }) });
    },
  },
  {
    name: '@azure/msal-node',
    range: '^7',
    driver: 'msal-node.cjs',
    login: ({ own, environment, provider }) => {
      const args = [join(own, 'msal-node.cjs'), provider];
      return (node) => ({ command: () => ({ file: node, args, env: environment }) });
    },
  },
  {
    name: 'mcp-remote',
    range: '^0.15',
    login: ({ own, environment, provider, directory }) => {
      const program = join(own, 'node_modules/mcp-remote/dist/proxy.js');
      const client = ['--static-oauth-client-info', JSON.stringify({ client_id: 'bench' })];
      return (node) => ({
        // It stands between two others until one of them goes.
        staysUp: true,
        command: async () => ({
          file: node,
          args: [program, `${provider}/service`, String(await freePort()), ...client],
          // It would find the tokens of the last time.
          env: { ...environment, MCP_REMOTE_CONFIG_DIR: await mkdtemp(join(directory, 'mcp-remote-')) },
        }),
      });
    },
  },
];

const LOCAL_AUTH_CLIENT = { client_id: 'bench', client_secret: 'bench', redirect_uris: ['http://localhost/callback'] };

/** The peers that npm packages. They are installed into the benchmark's own folder, each alone, unless they are there. */
export const NPM_PEERS: readonly Candidate[] = PEERS.map(({ name, range, driver, login }) => ({
  name,
  install: `${name} comes by itself as soon as the npm registry answers`,
  find: async (place) => {
    const own = join(place.folder, name.replaceAll('/', '-'));
    const version = (await versionIn(own, name)) ?? (await install(own, name, range));
    if (version === undefined) return undefined;
    if (driver !== undefined) await copyFile(join(import.meta.dirname, driver), join(own, driver));
    return { version, folder: own, login: login({ ...place, own }) } satisfies Omit<Peer, 'name'>;
  },
}));

async function install(folder: string, name: string, range: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${range}`];
  try {
    await run('npm', args, { cwd: folder, shell: platform() === 'win32' });
  } catch {
    return undefined;
  }
  return versionIn(folder, name);
}

/** A port that was free a moment ago, for a peer that cannot be told to take any. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
