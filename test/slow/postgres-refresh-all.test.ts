import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { encodeProfile } from '../../src/store/codec.ts';
import { openEncryption } from '../../src/store/encryption.ts';
import type { Profile } from '../../src/store/profile.ts';
import { hasPostgres } from '../flow/postgres-server.ts';
import { MACHINES, machinesOf } from './machines.ts';

const PROFILES = 2_000;
const HOUR_MS = 3_600_000;

test.skipIf(!hasPostgres)(
  'refresh --all on 4 machines at once: each profile is refreshed once',
  { timeout: 600_000 },
  async () => {
    // A provider of our own that counts what it gets: at the sandbox, 2,000 people would have to sign in first.
    await using m = await machinesOf(['A0']);
    await using provider = await countingProvider();
    const encryption = await openEncryption(m.database.keyFile, {});
    const plant = async (count: number) => {
      provider.refreshed.clear();
      const names = Array.from({ length: count }, (_, index) => `p${index}`);
      const [obtainedAt, expiresAt] = [new Date(Date.now() - HOUR_MS), new Date()];
      const profileOf = (name: string): Profile => ({
        provider: 'custom',
        issuer: provider.origin,
        client: { id: 'study' },
        redirectUris: ['http://127.0.0.1:8976/callback'],
        requestedScopes: ['openid'],
        tokens: {
          accessToken: new Secret(`marked-access-${name}`),
          refreshToken: new Secret(name),
          tokenType: 'Bearer',
          scopes: ['openid'],
          obtainedAt,
          expiresAt,
        },
      });
      const encrypted = names.map((name) => encryption.encrypt(name, encodeProfile(profileOf(name))));
      await m.database.query('DELETE FROM fitbit_login.profiles');
      await m.database.query(
        'INSERT INTO fitbit_login.profiles (name, generation, encrypted) SELECT name, 0, jwe FROM unnest($1::text[], $2::text[]) AS planted (name, jwe)',
        [names, await Promise.all(encrypted)],
      );
    };
    for (const [machines, count] of [
      [1, PROFILES / MACHINES],
      [MACHINES, PROFILES],
    ] as const) {
      await plant(count);
      const began = performance.now();
      const workers = Array.from({ length: machines }, (_, machine) =>
        m.start(machine, ['refresh', '--all', '--json']),
      );
      const ends = await Promise.all(workers.map(({ ended }) => ended));
      const seconds = (performance.now() - began) / 1000;
      expect(ends.filter(({ exit }) => exit !== 0)).toEqual([]);
      expect(provider.refreshed.size).toBe(count);
      expect([...provider.refreshed.values()].filter((times) => times !== 1)).toEqual([]);
      console.info(
        `refresh --all, ${count} profiles on ${machines} machines: ${(count / seconds).toFixed(0)} a second`,
      );
    }
  },
);

/** A provider that grants every refresh, and counts how often it was asked for which. */
async function countingProvider() {
  const refreshed = new Map<string, number>();
  const provider = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { host } = request.headers;
    response.setHeader('content-type', 'application/json');
    if (request.url?.startsWith('/.well-known/')) {
      const origin = `http://${host}`;
      const endpoints = { authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token` };
      response.end(
        JSON.stringify({
          issuer: origin,
          ...endpoints,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
        }),
      );
      return;
    }
    const token = new URLSearchParams(body).get('refresh_token') ?? '';
    refreshed.set(token, (refreshed.get(token) ?? 0) + 1);
    response.end(
      JSON.stringify({
        access_token: `marked-new-${token}`,
        refresh_token: `${token}x`,
        token_type: 'Bearer',
        expires_in: 3_600,
      }),
    );
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const address = provider.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    refreshed,
    [Symbol.asyncDispose]: async () => {
      provider.closeAllConnections();
      await new Promise((resolve) => provider.close(resolve));
    },
  };
}
