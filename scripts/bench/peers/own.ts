import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCESS_TOKEN } from '../home.ts';
import { versionIn } from './installed.ts';
import type { Candidate } from './peer.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const FAR_FUTURE_MS = 4_102_444_800_000;

/** The peers that the project's own development needs, and has. */
export const OWN_PEERS: readonly Candidate[] = [
  {
    name: 'google-auth-library',
    install: 'npm ci',
    find: async ({ directory, environment }) => {
      const version = await versionIn(PROJECT, 'google-auth-library');
      if (version === undefined) return undefined;
      const stored = join(directory, 'google-auth-library.json');
      const tokens = { access_token: ACCESS_TOKEN, refresh_token: 'bench', expiry_date: FAR_FUTURE_MS };
      await writeFile(stored, JSON.stringify({ client_id: 'bench', client_secret: 'bench', ...tokens }), {
        mode: 0o600,
      });
      const args = [join(import.meta.dirname, 'google-auth-library-token.cjs'), stored];
      return { version, token: (node) => ({ file: node, args, env: environment }) };
    },
  },
  {
    name: 'fastify with one route',
    install: 'npm ci',
    find: async ({ environment }) => {
      const version = await versionIn(PROJECT, 'fastify');
      if (version === undefined) return undefined;
      const args = [join(import.meta.dirname, 'fastify.cjs')];
      return { version, server: (node) => ({ command: () => ({ file: node, args, env: environment }) }) };
    },
  },
];
