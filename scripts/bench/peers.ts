import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Command, Login } from './program.ts';
import { ACCESS_TOKEN, type Provider } from './provider.ts';

/** Another program that does part of the job. Each function takes the path of Node. */
export interface Peer {
  readonly name: string;
  /** Prints {@link ACCESS_TOKEN}, stored before and still valid. */
  readonly token?: (node: string) => Command;
  /** Signs in with a redirect to loopback. */
  readonly login?: (node: string) => Login;
  /** Waits on loopback, and cannot sign in. */
  readonly server?: (node: string) => Login;
  /** Where its npm package is installed, alone. */
  readonly folder?: string;
}

/** What everything runs with. */
export interface Setting {
  /** Goes after the run. */
  readonly directory: string;
  /** Stays: npm packages are installed here once. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly provider: Provider;
}

const DRIVERS = join(import.meta.dirname, 'peers');

/** The other programs that are here. npm's are installed; the others have to be there (apt-get install gh rclone …). */
export async function findPeers(
  setting: Setting,
): Promise<{ readonly peers: readonly Peer[]; readonly missing: readonly string[] }> {
  const { directory, folder, environment: env } = setting;
  const provider = setting.provider.origin;
  const stored = join(directory, 'stored.json');
  const tokens = { access_token: ACCESS_TOKEN, refresh_token: 'bench', expiry_date: 4_102_444_800_000 };
  writeFileSync(stored, JSON.stringify({ client_id: 'bench', client_secret: 'bench', ...tokens }), { mode: 0o600 });
  const driver =
    (name: string, ...args: readonly string[]) =>
    (node: string) => ({
      file: node,
      args: [join(DRIVERS, name), ...args],
      env,
    });
  const python = (name: string, argument: string) => () => ({
    file: '/usr/bin/python3',
    args: [join(DRIVERS, name), argument],
    env,
  });

  const peers: Peer[] = [
    { name: 'google-auth-library', token: driver('google-auth-library-token.cjs', stored) },
    { name: 'fastify, one route', server: (node) => ({ command: () => driver('fastify.cjs')(node) }) },
  ];
  const missing: string[] = [];
  const add = (there: boolean, peer: Peer) => (there ? peers.push(peer) : missing.push(peer.name));

  const gh = join(directory, 'gh');
  mkdirSync(gh);
  const host = `github.com:\n    user: bench\n    oauth_token: ${ACCESS_TOKEN}\n    git_protocol: https\n`;
  writeFileSync(join(gh, 'hosts.yml'), host, { mode: 0o600 });
  add(runs('gh', '--version'), {
    name: 'gh auth token',
    token: () => ({ file: 'gh', args: ['auth', 'token'], env: { ...env, GH_CONFIG_DIR: gh } }),
  });

  const git = join(directory, 'git.config');
  const endpoints = 'oauthClientId = bench\n  oauthAuthURL = /authorize\n  oauthTokenURL = /token\n';
  writeFileSync(git, `[credential "${provider}"]\n  ${endpoints}`);
  add(runs('git-credential-oauth', '--help'), {
    name: 'git-credential-oauth',
    login: () => ({
      command: () => ({
        file: 'git-credential-oauth',
        args: ['get'],
        env: { ...env, GIT_CONFIG_GLOBAL: git },
        input: `protocol=http\nhost=${new URL(provider).host}\n\n`,
      }),
    }),
  });

  const rclone = {
    RCLONE_CONFIG: join(directory, 'rclone.conf'),
    RCLONE_DRIVE_AUTH_URL: `${provider}/authorize`,
    RCLONE_DRIVE_TOKEN_URL: `${provider}/token`,
  };
  const args = ['authorize', 'drive', 'bench', 'bench', '--auth-no-open-browser'];
  add(runs('rclone', 'version'), {
    name: 'rclone authorize',
    login: () => ({ command: () => ({ file: 'rclone', args, env: { ...env, ...rclone } }), address: rcloneAddress }),
  });

  add(runs('/usr/bin/python3', '-c', 'import google_auth_oauthlib'), {
    name: 'google-auth-oauthlib',
    token: python('google-auth-oauthlib-token.py', stored),
    login: () => ({ command: python('google-auth-oauthlib-login.py', provider) }),
  });

  const npm = (name: string, file: string | undefined, login: (own: string) => Peer['login']) => {
    const own = installed(folder, name);
    if (own !== undefined && file !== undefined) copyFileSync(join(DRIVERS, file), join(own, file));
    add(own !== undefined, { name, folder: own, login: own === undefined ? undefined : login(own) });
  };
  npm('@google-cloud/local-auth@3', 'local-auth.cjs', (own) => {
    const keys = join(own, 'keys.json');
    const client = { client_id: 'bench', client_secret: 'bench', redirect_uris: ['http://localhost/callback'] };
    writeFileSync(keys, JSON.stringify({ installed: client }));
    return (node) => ({ command: () => ({ file: node, args: [join(own, 'local-auth.cjs'), provider, keys], env }) });
  });
  npm('@azure/msal-node@7', 'msal-node.cjs', (own) => (node) => ({
    command: () => ({ file: node, args: [join(own, 'msal-node.cjs'), provider], env }),
  }));
  npm('oauth-callback@2', 'oauth-callback.mjs', (own) => (node) => ({
    command: async () => ({ file: node, args: [join(own, 'oauth-callback.mjs'), provider, await freePort()], env }),
  }));
  npm('mcp-remote@0.15', undefined, (own) => (node) => ({
    staysUp: true,
    command: async () => {
      const proxy = join(own, 'node_modules/mcp-remote/dist/proxy.js');
      const client = ['--static-oauth-client-info', JSON.stringify({ client_id: 'bench' })];
      // A new directory each time: it would find the tokens of the last run.
      const MCP_REMOTE_CONFIG_DIR = mkdtempSync(join(directory, 'mcp-remote-'));
      const config = { ...env, MCP_REMOTE_CONFIG_DIR };
      return { file: node, args: [proxy, `${provider}/service`, await freePort(), ...client], env: config };
    },
  }));
  return { peers, missing };
}

/** rclone prints an address of its own that redirects to the provider. */
function rcloneAddress(printed: string): string | undefined {
  const own = /http\S+\/auth\?state=\S+(?=\s)/.exec(printed)?.[0];
  if (own === undefined) return undefined;
  const address = new URL(own);
  address.searchParams.set('redirect_uri', new URL('/', own).href);
  return address.href;
}

function runs(file: string, ...args: readonly string[]): boolean {
  return spawnSync(file, args).status === 0;
}

/** The folder of an npm package, installed if it is not there yet. */
function installed(folder: string, spec: string): string | undefined {
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const own = join(folder, 'peers', name.replaceAll('/', '-'));
  if (existsSync(join(own, 'node_modules', name))) return own;
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'package.json'), '{ "private": true }\n');
  try {
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', ...flags, spec], { cwd: own, stdio: 'pipe' });
    return JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')).dependencies?.[name] === undefined
      ? undefined
      : own;
  } catch {
    return undefined;
  }
}

/** A port that was free a moment ago, for programs that cannot take any. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? String(address.port) : '0';
}
