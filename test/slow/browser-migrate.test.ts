import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, type RunningBrowser, skipWithoutBrowser } from '../browser/browser.ts';
import { APP, type LocalPages, localPages, open } from '../browser/local-pages.ts';
import { clientFile, DESKTOP } from '../flow/google.ts';

const LONG_TIMEOUT = { timeout: 120_000 };

/** The move with the built program, in a shell that still names the Fitbit app. */
async function moving(at: LocalPages, ...more: readonly string[]) {
  const file = join(at.home, 'client_secret.json');
  await writeFile(file, clientFile('installed', ['http://localhost']));
  return at.start(['migrate', '--client-secret-file', file, '--json', ...more], {
    environment: { FITBIT_CLIENT_ID: APP.id, FITBIT_CLIENT_SECRET: APP.secret },
  });
}

describe.skipIf(skipWithoutBrowser)('the move from Fitbit to Google Health, in a real browser', LONG_TIMEOUT, () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  test('complete: signed in next to the old one, the same account, and the old one revoked', async () => {
    await using at = await localPages();
    await at.signIn({ scopes: ['activity', 'sleep', 'social'] });
    const old = await at.stored();
    const program = await moving(at, '--revoke');
    const page = await open(browser.context, program);
    await page.getByText(DESKTOP.name).first().waitFor();
    expect(await page.getByRole('checkbox').count()).toBe(4);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    await page.getByText('WALK01').first().waitFor({ state: 'attached' });

    const { exit, stdout, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stderr).toContain('social has no successor');
    expect(JSON.parse(stdout)).toMatchObject({ same_account: true, old_revoked: true, legacy_user_id: old.user_id });
    expect(stdout + stderr).not.toContain(APP.secret);
    expect(at.sandbox.isLive(String(old.refresh_token))).toBe(false);
    expect(await at.stored('default-google')).toMatchObject({ provider: 'google-health', client_id: DESKTOP.id });
    expect(await at.run(['token', '--profile', 'default-google'])).toMatchObject({ exit: 0 });
    expect(await at.run(['status'])).toMatchObject({ exit: 3 });
  });

  test('a retired Fitbit points to migrate, a different account is reported, and the old sign-in stays', async () => {
    await using at = await localPages();
    await at.signIn();
    const old = await at.stored();
    at.sandbox.faults.add({ at: 'fitbit', kind: 'status', status: 410 });
    const gone = await at.run(['refresh']);
    expect(gone).toMatchObject({ exit: 2, stderr: expect.stringContaining('fitbit-login migrate') });

    const program = await moving(at, '--revoke');
    const page = await open(browser.context, program);
    await page.getByRole('combobox').selectOption('SLEEP2');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: /signed in/i }).waitFor();
    const { exit, stdout, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stderr).toContain('different account');
    expect(JSON.parse(stdout)).toMatchObject({ same_account: false, old_revoked: false });
    expect(await at.stored()).toEqual(old);
  });
});
