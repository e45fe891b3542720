import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { some } from '../extent.ts';
import { GOOGLE } from './google.ts';
import { LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

/** A command that notes its last argument, its input and its secret variables, and what it noted. */
async function notifier(at: SignedIn, then = '') {
  const [script, notes] = [join(at.home, 'notify me.sh'), join(at.home, 'notes')];
  await writeFile(script, `#!/bin/sh\n{ printf '%s\\n' "$2"; cat; env | grep SECRET; } >> '${notes}'\n${then}\n`);
  await chmod(script, 0o700);
  await writeFile(notes, '');
  return {
    environment: { FITBIT_LOGIN_NOTIFY: `'${script}' first:word`, FITBIT_CLIENT_SECRET: 'marked-client-secret' },
    noted: async () => {
      const lines = (await readFile(notes, 'utf8')).split('\n').filter(Boolean);
      const facts = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
      return { lines, events: facts.map(({ event }) => event), facts };
    },
  };
}

async function kill(at: SignedIn): Promise<void> {
  at.sandbox.faults.add({ at: 'token', kind: 'status', status: 400, errorType: 'invalid_grant' });
  at.pass(LIFETIME);
}

test('a dead grant is notified once, by the command that finds it, after its output, without a secret', async () => {
  await using at = await signedIn();
  const { environment, noted } = await notifier(at);
  expect((await at.run(['token'], { environment })).code).toBe(0);
  expect((await noted()).events).toEqual([]);
  await kill(at);
  const stored = await at.stored();
  const runs = await Promise.all([1, 2, 3, 4].map(() => at.run(['token'], { environment })));
  expect(runs.map(({ code }) => code)).toEqual([3, 3, 3, 3]);
  for (const command of [['token'], ['status'], ['status', '--all'], ['refresh', '--all']])
    expect((await at.run(command, { environment })).code).toBe(
      command[1] === '--all' && command[0] === 'status' ? 0 : 3,
    );
  const { events, lines, facts } = await noted();
  expect(events).toEqual(['dead']);
  expect(lines[0]).toMatch(/^default: signed out of Fitbit.*fitbit-login login/);
  expect(facts[0]).toMatchObject({ profile: 'default', provider: 'fitbit', user_id: 'WALK01', message: lines[0] });
  for (const secret of [stored.access_token, stored.refresh_token, 'marked'])
    expect(lines.join()).not.toContain(secret);
  // Another death after another sign-in is another change.
  at.sandbox.faults.clear();
  await at.signIn();
  await kill(at);
  await at.run(['token'], { environment });
  expect((await noted()).events).toEqual(['dead', 'dead']);
});

test('an expiry is notified once, from two days before, although each refresh repeats it in whole seconds', async () => {
  await using at = await signedIn();
  const [clientId, clientSecret] = ['100000000009-week.apps.googleusercontent.com', 'marked-secret-of-an-app'];
  at.sandbox.register({ id: clientId, secret: clientSecret, type: 'desktop', publishing: 'testing' });
  await at.signIn({ ...GOOGLE, clientId, clientSecret });
  const { environment, noted } = await notifier(at);
  at.pass(5 * 86_400 - 60);
  await at.run(['refresh', '--all'], { environment });
  expect((await noted()).events).toEqual([]);
  at.pass(120);
  for (let time = 0; time < 3; time += 1) {
    await at.run(['refresh', '--all'], { environment });
    at.pass(3_600.4);
  }
  expect((await noted()).events).toEqual(['ending']);
});

test('lost scopes are notified once for each change; those unticked at sign-in are not', async () => {
  await using at = await signedIn();
  const { environment, noted } = await notifier(at);
  await at.tamper({ requested_scope: `${(await at.stored()).scope} nutrition-x` });
  for (let time = 0; time < 2; time += 1) await at.run(['status'], { environment });
  expect((await noted()).facts).toMatchObject([{ event: 'scopes-lost', missing_scope: ['nutrition-x'] }]);
  await at.tamper({ requested_scope: `${(await at.stored()).scope} nutrition-x other` });
  await at.run(['status'], { environment });
  expect((await noted()).events).toEqual(['scopes-lost', 'scopes-lost']);
});

const FAILURES = [
  ['ends with 7', 'exit 7', /FITBIT_LOGIN_NOTIFY failed: it ended with 7/],
  ['takes too long', 'exec sleep 60', /FITBIT_LOGIN_NOTIFY failed: it took more than 5 seconds/],
] as const;

test.each(some(FAILURES, 1))(
  'a notifier that %s is reported once and changes no exit code',
  async (_name, then, why) => {
    await using at = await signedIn();
    const { environment } = await notifier(at, then);
    await kill(at);
    const first = await at.run(['token'], { environment });
    expect(first).toMatchObject({ code: 3, stderr: expect.stringMatching(why) });
    expect((await at.run(['token'], { environment })).stderr).not.toMatch(/NOTIFY/);
  },
);

test('a missing notifier, or an unclosed quote, is reported; without the variable nothing is stored', async () => {
  await using at = await signedIn();
  await kill(at);
  await at.run(['token']);
  expect(await at.stored()).not.toHaveProperty('notified');
  const run = (FITBIT_LOGIN_NOTIFY: string) => at.run(['status'], { environment: { FITBIT_LOGIN_NOTIFY } });
  expect(await run('/nowhere/notify')).toMatchObject({ code: 3, stderr: expect.stringContaining('not found') });
  await at.tamper({ notified: undefined });
  expect(await run("'open")).toMatchObject({ code: 3, stderr: expect.stringContaining('unclosed quote') });
});
