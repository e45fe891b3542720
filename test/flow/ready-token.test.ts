import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readyToken } from '../../src/auth/ready-token.ts';
import { Secret } from '../../src/secret.ts';
import { encodeProfile } from '../../src/store/codec.ts';
import type { Tokens } from '../../src/store/profile.ts';

const NOON = new Date('2026-01-31T12:00:00Z');
const hours = (count: number) => new Date(NOON.getTime() + count * 3_600_000);

/** A home whose token ended at noon. */
function home() {
  const directory = mkdtempSync(join(tmpdir(), 'ready-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const [file, lock] = ['default.json', '.default.lock'].map((name) => join(directory, 'profiles', name));
  mkdirSync(join(directory, 'profiles'), { mode: 0o700 });
  const store = (token: string, tokens: Partial<Tokens>) =>
    writeFileSync(
      file ?? '',
      encodeProfile({
        provider: 'google-health',
        client: { id: '1-x.apps.googleusercontent.com' },
        redirectUris: [],
        requestedScopes: [],
        tokens: { accessToken: new Secret(token), tokenType: 'Bearer', scopes: [], obtainedAt: hours(-8), ...tokens },
      }),
      { mode: 0o600 },
    );
  store('marked-old', { expiresAt: NOON });
  return {
    store,
    lock: () => mkdirSync(lock ?? ''),
    unlock: () => rmdirSync(lock ?? ''),
    /** @param then done right after each look at the file */
    ready: async (then: () => void = () => {}) => {
      const now = () => {
        then();
        return NOON;
      };
      return (await readyToken({ environment: { FITBIT_LOGIN_HOME: directory }, now }))?.reveal();
    },
  };
}

describe('the token that is ready', () => {
  test('is the stored one if it is valid', async () => {
    const at = home();
    at.store('marked-new', { expiresAt: hours(8) });
    expect(await at.ready()).toBe('marked-new');
  });

  test('is the one that another process stores, even between two reads', async () => {
    const at = home();
    at.lock();
    let looks = 0;
    const token = await at.ready(() => {
      looks += 1;
      if (looks !== 1) return;
      at.store('marked-new', { expiresAt: hours(8) });
      at.unlock();
    });
    expect([token, looks]).toEqual(['marked-new', 2]);
  });

  test.each<readonly [string, Partial<Tokens>, boolean]>([
    ['has expired, and no other process refreshes it', { expiresAt: NOON }, false],
    ['works, but the sign-in ends tomorrow', { expiresAt: hours(8), refreshExpiresAt: hours(24) }, false],
    [
      'is valid, but the sign-in expires tomorrow, while another process refreshes',
      { expiresAt: hours(8), refreshExpiresAt: hours(24) },
      true,
    ],
  ])('is none after one read if it %s', async (_name, tokens, isLocked) => {
    const at = home();
    at.store('marked-it', tokens);
    if (isLocked) at.lock();
    let looks = 0;
    const token = await at.ready(() => {
      looks += 1;
    });
    expect([token, looks]).toEqual([undefined, 1]);
  });

  test('is none if another process takes long to refresh', async () => {
    const at = home();
    at.lock();
    expect(await at.ready()).toBeUndefined();
  });
});
