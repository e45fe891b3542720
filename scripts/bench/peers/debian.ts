import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCESS_TOKEN } from '../home.ts';
import type { Candidate } from './peer.ts';

const CLIENT = 'bench';

/** Debian's own Python sees Debian's own packages; another that comes first on the path may not. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

/** The peers that Debian packages. */
export const DEBIAN_PEERS: readonly Candidate[] = [
  {
    name: 'gh auth token',
    install: 'apt-get install gh',
    find: async ({ directory, environment }) => {
      const version = output('gh', ['--version'])?.match(/\d+\.\d+\.\d+/)?.[0];
      if (version === undefined) return undefined;
      const env = { ...environment, GH_CONFIG_DIR: join(directory, 'gh') };
      await mkdir(env.GH_CONFIG_DIR);
      const host = `github.com:\n    user: bench\n    oauth_token: ${ACCESS_TOKEN}\n    git_protocol: https\n`;
      await writeFile(join(env.GH_CONFIG_DIR, 'hosts.yml'), host, { mode: 0o600 });
      return { version, token: () => ({ file: 'gh', args: ['auth', 'token'], env }) };
    },
  },
  {
    name: 'git-credential-oauth',
    install: 'apt-get install git-credential-oauth',
    find: async ({ directory, environment, provider }) => {
      if (output('git-credential-oauth', ['--help']) === undefined) return undefined;
      // It does not tell its version.
      const installed = output('dpkg-query', ['-W', 'git-credential-oauth']) ?? '';
      const version = /\t(?:\d+:)?([\d.]+)/.exec(installed)?.[1] ?? 'unknown';
      const configuration = join(directory, 'git-credential-oauth.config');
      const endpoints = `oauthClientId = ${CLIENT}\n  oauthAuthURL = /authorize\n  oauthTokenURL = /token\n`;
      await writeFile(configuration, `[credential "${provider}"]\n  ${endpoints}`);
      const command = {
        file: 'git-credential-oauth',
        args: ['get'],
        env: { ...environment, GIT_CONFIG_GLOBAL: configuration },
        input: `protocol=http\nhost=${new URL(provider).host}\n\n`,
      };
      return { version, login: () => ({ command: () => command }) };
    },
  },
  {
    name: 'rclone authorize',
    install: 'apt-get install rclone',
    find: async ({ directory, environment, provider }) => {
      const version = output('rclone', ['version'])?.match(/v(\d+\.\d+\.\d+)/)?.[1];
      if (version === undefined) return undefined;
      const command = {
        file: 'rclone',
        args: ['authorize', 'drive', CLIENT, CLIENT, '--auth-no-open-browser'],
        env: {
          ...environment,
          RCLONE_CONFIG: join(directory, 'rclone.conf'),
          RCLONE_DRIVE_AUTH_URL: `${provider}/authorize`,
          RCLONE_DRIVE_TOKEN_URL: `${provider}/token`,
        },
      };
      return { version, login: () => ({ command: () => command, address: rcloneAddress }) };
    },
  },
  {
    name: 'google-auth-oauthlib',
    install: 'apt-get install python3-google-auth-oauthlib',
    find: async ({ directory, environment, provider }) => {
      const ask = 'from importlib.metadata import version; print(version("google-auth-oauthlib"))';
      const python = PYTHONS.find((path) => output(path, ['-c', ask]) !== undefined);
      if (python === undefined) return undefined;
      const stored = join(directory, 'google-auth-oauthlib.json');
      const tokens = { access_token: ACCESS_TOKEN, refresh_token: CLIENT, client_id: CLIENT, client_secret: CLIENT };
      await writeFile(stored, JSON.stringify(tokens), { mode: 0o600 });
      const run = (name: string, argument: string) => ({
        file: python,
        args: [join(import.meta.dirname, name), argument],
        env: environment,
      });
      return {
        version: output(python, ['-c', ask])?.trim() ?? '',
        token: () => run('google-auth-oauthlib-token.py', stored),
        login: () => ({ command: () => run('google-auth-oauthlib-login.py', provider) }),
      };
    },
  },
];

/** rclone prints an address of its own, which redirects to the provider's. */
function rcloneAddress(printed: string): string | undefined {
  const own = /http\S+\/auth\?state=\S+(?=\s)/.exec(printed)?.[0];
  if (own === undefined) return undefined;
  const address = new URL(own);
  address.searchParams.set('redirect_uri', new URL('/', own).href);
  return address.href;
}

function output(file: string, args: readonly string[]): string | undefined {
  const { status, error, stdout } = spawnSync(file, args, { encoding: 'utf8' });
  return error === undefined && status === 0 ? stdout : undefined;
}
