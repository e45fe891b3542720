import { readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { refreshAll } from '../../src/auth/index.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import type { LockedProfile } from '../../src/store/store.ts';
import { longTest } from '../extent.ts';
import { GOOGLE } from './google.ts';
import { LIFETIME, type SignedIn, type SignedInOptions, signedIn } from './signed-in.ts';

const outcomesOf = async (at: SignedIn, ...more: string[]) => {
  const { code, stdout } = await at.run(['refresh', '--all', '--json', ...more]);
  const rows: readonly { profile: string; outcome: string; error?: { code: string } }[] = JSON.parse(stdout);
  return { code, outcomes: Object.fromEntries(rows.map((row) => [row.profile, row.error?.code ?? row.outcome])) };
};

/** Three profiles: two of Fitbit, one of Google. */
async function three(options: SignedInOptions = {}): Promise<SignedIn> {
  const at = await signedIn(options);
  // With another app: a person's second sign-in with the same one ends the first.
  const { id: clientId, secret: clientSecret } = SANDBOX_CLIENTS.personal;
  await at.signIn({ profile: 'other', clientId, clientSecret });
  await at.signIn({ ...GOOGLE, profile: 'google' });
  return at;
}

const refreshed = { default: 'refreshed', google: 'refreshed', other: 'refreshed' };

test('refresh --all refreshes what is due, once; --min-ttl decides what is due', async () => {
  await using at = await three();
  expect(await outcomesOf(at)).toEqual({
    code: 0,
    outcomes: { default: 'valid', google: 'valid', other: 'valid' },
  });
  at.pass(LIFETIME - 900);
  expect(await outcomesOf(at)).toEqual({ code: 0, outcomes: refreshed });
  expect((await outcomesOf(at)).outcomes).toMatchObject({ default: 'valid', google: 'valid' });
  expect((await outcomesOf(at, '--min-ttl', '28000')).outcomes).toMatchObject({
    default: 'valid',
    google: 'refreshed',
  });
  expect((await at.run(['refresh', '--all'])).stdout).toMatch(
    /^✓ {2}default {2}valid; the token expires .*\(in 8 hours\)$/m,
  );
});

/** Copies of the profile. */
async function copies(at: SignedIn, count: number): Promise<void> {
  const text = await at.text();
  for (let index = 0; index < count; index += 1) await writeFile(join(dirname(at.file), `copy-${index}.json`), text);
}

test('a long rate limit leaves only its provider’s profiles to the next run, with the reset time', async () => {
  await using at = await three();
  await copies(at, 30);
  at.pass(LIFETIME);
  at.sandbox.faults.add({ at: 'fitbit-token', kind: 'status', status: 429, resetSeconds: 600 });
  const before = at.sent.length;
  const { code, stdout } = await at.run(['refresh', '--all', '--json']);
  const rows: readonly Record<string, unknown>[] = JSON.parse(stdout);
  const rowsOf = (outcome: string) => rows.filter((row) => row.outcome === outcome);
  expect({ code, refreshed: rowsOf('refreshed').map(({ profile }) => profile) }).toEqual({
    code: 5,
    refreshed: ['google'],
  });
  expect(rowsOf('failed').length + rowsOf('left').length).toBe(32);
  // As many as are at work at once when the first one learns of it.
  expect(rowsOf('failed').length).toBeLessThanOrEqual(8);
  expect(at.sent.length - before).toBe(rowsOf('failed').length + 1);
  const resets_at = new Date(at.runtimeOptions.now().getTime() + 600_000).toISOString();
  for (const { error } of rowsOf('left'))
    expect(error).toMatchObject({ code: 'RATE_LIMITED', exit_code: 5, resets_at });
  expect((await at.run(['refresh', '--all'])).stdout).toMatch(/copy-\d+ +Left for the next run: .*\(in 10 minutes\)/);
});

longTest('a rate limit that resets soon delays only its provider, and all are refreshed', async () => {
  let [limited, isGoogleDone] = [0, false];
  await using at = await three({
    through: (send) => async (url, init) => {
      if (url.endsWith('/oauth2/token') && !isGoogleDone) {
        limited += 1;
        return new Response('{}', { status: 429, headers: { 'retry-after': '1' } });
      }
      const response = await send(url, init);
      isGoogleDone ||= !url.endsWith('/oauth2/token');
      return response;
    },
  });
  await copies(at, 30);
  at.pass(LIFETIME);
  const { code, outcomes } = await outcomesOf(at);
  expect({ code, different: [...new Set(Object.values(outcomes))] }).toEqual({ code: 0, different: ['refreshed'] });
  expect(limited).toBeGreaterThan(0);
  expect(limited).toBeLessThanOrEqual(8);
});

test('the exit code is that of the most urgent failure: damage, configuration, a dead grant, the network', async () => {
  await using at = await three();
  at.pass(LIFETIME);
  at.sandbox.faults.add({ at: 'google-token', kind: 'dead-grant' });
  expect(await outcomesOf(at)).toEqual({ code: 3, outcomes: { ...refreshed, google: 'GRANT_DEAD' } });
  expect((await outcomesOf(at)).outcomes).toMatchObject({ default: 'valid', google: 'GRANT_DEAD' });
  at.pass(LIFETIME);
  at.sandbox.faults.add({ at: 'token', kind: 'status', status: 410 });
  expect(await outcomesOf(at)).toMatchObject({ code: 2, outcomes: { default: 'RETIRED', google: 'GRANT_DEAD' } });
  await writeFile(join(dirname(at.file), 'damaged.json'), '{');
  expect(await outcomesOf(at)).toMatchObject({ code: 6, outcomes: { damaged: 'STORE_DAMAGED' } });
});

test('a kept file that is missing or outdated is rewritten even while the token is valid', async () => {
  await using at = await signedIn();
  const kept = join(at.home, 'kept.json');
  expect((await at.run(['export', '--output', kept, '--keep'])).code).toBe(0);
  await unlink(kept);
  expect((await outcomesOf(at)).outcomes).toEqual({ default: 'valid' });
  expect(await readFile(kept, 'utf8')).toContain((await at.stored()).access_token);
  at.pass(LIFETIME);
  await outcomesOf(at);
  expect(await readFile(kept, 'utf8')).toContain((await at.stored()).access_token);
});

test('conflicting options are refused, and having no profile is not an error', async () => {
  await using at = await signedIn();
  expect((await at.run(['refresh', '--all', '--profile', 'x'])).code).toBe(2);
  expect((await at.run(['refresh', '--min-ttl', '60'])).code).toBe(2);
  await unlink(at.file);
  expect(await outcomesOf(at)).toEqual({ code: 0, outcomes: {} });
});

test('a profile without a sign-in is listed and costs nothing', async () => {
  await using at = await signedIn();
  await at.tamper(
    Object.fromEntries(
      [
        'access_token',
        'refresh_token',
        'token_type',
        'scope',
        'user_id',
        'signed_in_at',
        'obtained_at',
        'expires_at',
      ].map((name) => [name, undefined]),
    ),
  );
  expect(await outcomesOf(at)).toEqual({ code: 0, outcomes: { default: 'not-signed-in' } });
});

test('ten of them at once: each profile is refreshed once, and all say so', async () => {
  await using at = await three();
  at.pass(LIFETIME);
  const before = at.sandbox.state().counts.refreshes;
  const all = await Promise.all(Array.from({ length: 10 }, () => refreshAll({}, at.runtimeOptions)));
  expect(at.sandbox.state().counts.refreshes - before).toBe(3);
  for (const outcomes of all) expect(outcomes.some(({ outcome }) => outcome === 'failed')).toBe(false);
});

test('a locked profile delays no other, and is read again at the end', async () => {
  await using at = await signedIn();
  at.pass(LIFETIME);
  const { store } = at.runtime();
  const expired = await store.read('default');
  if (expired?.tokens === undefined) throw new Error('It is not signed in.');
  const fresh = { ...expired, tokens: { ...expired.tokens, expiresAt: undefined } };
  const held: LockedProfile[] = [];
  for (const name of Array.from({ length: 30 }, (_, index) => `p${index}`)) {
    const locked = await store.lock(name);
    await locked.checkpoint(expired);
    held.push(locked);
  }
  const refreshing = refreshAll({}, at.runtimeOptions);
  while (at.sandbox.state().counts.refreshes === 0) await delay(10);
  for (const locked of held) {
    await locked.commit(fresh);
    await locked[Symbol.asyncDispose]();
  }
  const outcomes = (await refreshing).map(({ outcome }) => outcome);
  expect(outcomes).toHaveLength(31);
  expect(outcomes.filter((outcome) => outcome === 'failed')).toEqual([]);
  expect(at.sandbox.state().counts.refreshes).toBe(1);
});
