import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type MigrateOptions, type MigrationPlan, migrate } from '../../src/auth/index.ts';
import { consent } from '../../src/sandbox/consent.ts';
import { DESKTOP, GOOGLE } from './google.ts';
import { failure, type SignedIn, signedIn } from './signed-in.ts';

const DESKTOP_APP = { clientId: DESKTOP.id, clientSecret: DESKTOP.secret };

const profileOf = async (at: SignedIn, name: string) =>
  JSON.parse(await readFile(join(at.home, 'profiles', `${name}.json`), 'utf8'));

/** A migration through the library; consent is given. */
function move(at: SignedIn, options: MigrateOptions = {}, environment: Readonly<Record<string, string>> = {}) {
  return migrate(
    { ...DESKTOP_APP, ...options },
    {
      ...at.runtimeOptions,
      environment: { ...at.runtimeOptions.environment, ...environment },
      openBrowser: async (url) => void (await consent(url)),
    },
  );
}

/** The command; consent is given. */
function run(at: SignedIn, ...more: readonly string[]) {
  const environment = { FITBIT_CLIENT_SECRET: DESKTOP.secret };
  return at.run(['migrate', '--client-id', DESKTOP.id, '--no-browser', ...more], { environment, allow: true });
}

describe('the plan', () => {
  test('maps every scope to its successor, once, and says what has none', async () => {
    await using at = await signedIn();
    const plans: MigrationPlan[] = [];
    const { signIn } = await move(at, { onPlan: (plan) => plans.push(plan) });
    const [plan] = plans;
    expect(plan).toMatchObject({
      from: 'default',
      to: 'default-google',
      userId: 'WALK01',
      withoutSuccessor: ['social'],
    });
    expect(plan?.scopes).toHaveLength(14);
    expect(plan?.scopes).toContainEqual({ from: 'heartrate', to: 'health_metrics_and_measurements.readonly' });
    expect(signIn.scopes).toHaveLength(9);
    expect(new Set(signIn.scopes).size).toBe(9);
    expect(signIn.missingScopes).toEqual([]);
  });

  test('of what was granted, not of what was asked for', async () => {
    await using at = await signedIn({ scopes: ['activity', 'cardio_fitness', 'sleep'] });
    await at.tamper({ scope: 'sleep' });
    const { plan, signIn } = await move(at);
    expect(plan.scopes).toEqual([{ from: 'sleep', to: 'sleep.readonly' }]);
    expect(signIn.scopes).toHaveLength(1);
  });

  test('with no successor at all, the usual scopes are asked for', async () => {
    await using at = await signedIn({ scopes: ['social'] });
    expect((await move(at)).signIn.scopes.length).toBeGreaterThan(1);
  });
});

describe('the new sign-in', () => {
  test('is stored next to the old one, which is unchanged; the user IDs are compared', async () => {
    await using at = await signedIn();
    const before = await at.text();
    const { sameAccount, signIn } = await move(at);
    expect(sameAccount).toBe(true);
    expect(signIn).toMatchObject({ profile: 'default-google', provider: 'google-health', legacyUserId: 'WALK01' });
    expect(await at.text()).toBe(before);
    expect(await at.run(['token'])).toMatchObject({ code: 0 });
    expect(await at.run(['token', '--profile', 'default-google'])).toMatchObject({ code: 0 });
  });

  test('never takes the Fitbit app, or its secret, out of the environment', async () => {
    await using at = await signedIn();
    const { client_id, client_secret } = await profileOf(at, 'default');
    const environment = { FITBIT_CLIENT_ID: String(client_id), FITBIT_CLIENT_SECRET: String(client_secret) };
    await move(at, {}, environment);
    expect(await profileOf(at, 'default-google')).toMatchObject({
      client_id: DESKTOP.id,
      client_secret: DESKTOP.secret,
    });
    // No app is named at all: the sandbox has one of its own, and it is not Fitbit's.
    const runtimeOptions = { ...at.runtimeOptions, openBrowser: async (url: string) => void (await consent(url)) };
    for (const given of [environment, { FITBIT_CLIENT_SECRET: String(client_secret) }]) {
      const more = { environment: { ...at.runtimeOptions.environment, ...given } };
      await migrate({ to: 'fresh', clientId: DESKTOP.id }, { ...runtimeOptions, ...more }).catch(() => {});
      const sent = at.sent
        .filter(({ url }) => url.pathname === '/token')
        .map(({ form }) => [...form.values()].join(' '));
      expect(sent.join('\n')).not.toContain(client_secret);
    }
  });

  test.each([
    ['default', 'the old one itself'],
    ['partner', 'another sign-in at Fitbit'],
  ])('does not replace %s, %s', async (to) => {
    await using at = await signedIn();
    await at.signIn({ profile: 'partner' });
    const before = await readFile(join(at.home, 'profiles', `${to}.json`), 'utf8');
    expect(await failure(move(at, { to }))).toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('--to NAME'),
    });
    expect(await readFile(join(at.home, 'profiles', `${to}.json`), 'utf8')).toBe(before);
  });

  test('may replace an earlier one with Google: migrate runs again', async () => {
    await using at = await signedIn();
    await move(at);
    expect(await move(at)).toMatchObject({ sameAccount: true });
  });

  test('nothing to migrate without a sign-in or with a Google one; both hints say what to do instead', async () => {
    await using at = await signedIn();
    await at.signIn({ ...GOOGLE, profile: 'google' });
    expect(await failure(move(at, { profile: 'nobody' }))).toMatchObject({
      code: 'NOT_SIGNED_IN',
      hint: expect.stringContaining('`fitbit-login login'),
    });
    expect(await failure(move(at, { profile: 'google' }))).toMatchObject({ code: 'USAGE' });
  });

  test('without a Google app, the hint explains how to create one', async () => {
    await using at = await signedIn();
    await at.tamper({ sandbox: undefined });
    const error = await failure(migrate({ browser: false }, at.runtimeOptions));
    expect(error).toMatchObject({ code: 'NOT_CONFIGURED' });
    expect(error).toMatchObject({
      hint: expect.stringMatching(/console\.cloud\.google\.com[\s\S]*`fitbit-login migrate --client-secret-file FILE`/),
    });
  });
});

describe('the old sign-in, after the move', () => {
  test('is kept unless revocation was requested: the notice names both commands and what a revocation ends', async () => {
    await using at = await signedIn();
    const { code, stdout, stderr } = await run(at, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      profile: 'default-google',
      migrated_from: 'default',
      same_account: true,
      without_successor: ['social'],
      old_revoked: false,
    });
    expect(stderr).toContain('social has no successor');
    expect(stderr).toMatch(/fitbit-login logout --profile default,.*fitbit-login logout --profile default --local/);
    expect(stderr).toMatch(/sign-ins with this app.*all computers/);
    expect(at.sandbox.isLive((await at.stored()).refresh_token)).toBe(true);
  });

  test('--revoke revokes and deletes it once the new one is stored and is of the same person', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    expect(await run(at, '--revoke')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/revoked and deleted.*sign-ins with this app.*all computers/),
    });
    expect(at.sandbox.isLive(refresh_token)).toBe(false);
    expect(await at.run(['status'])).toMatchObject({ code: 3 });
    expect(await at.run(['status', '--profile', 'default-google'])).toMatchObject({ code: 0 });
  });

  test('of a different account: a warning, and both are kept, with --revoke or without', async () => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    const { code, stdout, stderr } = await run(at, '--revoke', '--login-hint', 'sleeper@example.com', '--json');
    expect(code).toBe(0);
    expect(stderr).toMatch(/different account.*"default" was WALK01.*was SLEEP2/);
    expect(JSON.parse(stdout)).toMatchObject({ same_account: false, old_revoked: false });
    expect(at.sandbox.isLive(refresh_token)).toBe(true);
  });

  test.each([
    ['Google does not say who it is', 'stepper@example.com', {}],
    ['the old account is unknown', 'walker@example.com', { user_id: undefined }],
  ])('%s: kept', async (_name, hint, changes) => {
    await using at = await signedIn();
    const { refresh_token } = await at.stored();
    await at.tamper(changes);
    const { code, stdout, stderr } = await run(at, '--revoke', '--login-hint', hint, '--json');
    expect(code).toBe(0);
    expect(stderr).toContain("Can't confirm");
    expect(JSON.parse(stdout)).toMatchObject({ same_account: null, old_revoked: false });
    expect(at.sandbox.isLive(refresh_token)).toBe(true);
  });

  test('stays if Fitbit is retired (410); the migration is complete, and the notice says how to delete it', async () => {
    await using at = await signedIn();
    at.sandbox.faults.add({ at: 'fitbit', kind: 'status', status: 410 });
    const before = await at.text();
    const { code, stderr } = await run(at, '--revoke');
    expect(code).toBe(0);
    expect(stderr).toContain('410');
    expect(stderr).toContain('fitbit-login logout --local --profile default');
    expect(await at.text()).toBe(before);
  });

  test('an unfinished migration changes nothing', async () => {
    await using at = await signedIn();
    const before = await at.text();
    const deny = {
      ...at.runtimeOptions,
      openBrowser: async (url: string) => void (await consent(url, { allow: false })),
    };
    expect(await failure(migrate(DESKTOP_APP, deny))).toMatchObject({ code: 'DENIED' });
    expect(await at.text()).toBe(before);
    await expect(profileOf(at, 'default-google')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('files exported with --keep are named when it is revoked', async () => {
    await using at = await signedIn();
    const kept = join(at.home, 'kept.env');
    await writeFile(kept, '');
    await at.run(['export', '--format', 'dotenv', '--output', kept, '--keep']);
    expect((await run(at, '--revoke')).stderr).toContain(`${kept} still holds its last tokens`);
  });
});
