import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { decideAtSandbox } from './providers.ts';
import { LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

const { id: clientId, secret } = SANDBOX_CLIENTS.personal;
/** Of another app than the sign-in that is there: a person's second one with the same app ends the first. */
const environment = { FITBIT_CLIENT_ID: clientId, FITBIT_CLIENT_SECRET: secret };

async function begin(at: SignedIn, profile: string, ...more: readonly string[]) {
  const args = ['login', '--begin', '--json', '--sandbox', at.sandbox.origin, '--profile', profile, ...more];
  const { code, stdout, stderr } = await at.run(args, { environment });
  if (code !== 0) throw new Error(stderr);
  const begun = JSON.parse(stdout);
  const url = new URL(begun.url ?? '');
  at.sandbox.register({ id: url.searchParams.get('client_id') ?? '', redirectUris: [begun.redirect_uri ?? ''] });
  return { ...begun, url, stdout };
}
const finish = (at: SignedIn, input: string, ...more: readonly string[]) =>
  at.run(['login', '--finish', '--json', ...more], { input, environment });
const codeOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout).error?.code;
const profileAt = async (at: SignedIn, name: string) =>
  JSON.parse(await readFile(join(at.home, 'profiles', `${name}.json`), 'utf8'));

test('a sign-in in two calls: the first prints all but the verifier and stores it 0600, the second finds the profile', async () => {
  await using at = await signedIn();
  const before = await at.stored();
  const { stdout, ...begun } = await begin(at, 'p17');
  expect(begun).toMatchObject({
    profile: 'p17',
    provider: 'fitbit',
    client_id: clientId,
    redirect_uri: 'http://127.0.0.1:8976/callback',
    state: begun.url.searchParams.get('state'),
    respond_within_seconds: 600,
    expires_at: new Date(at.runtimeOptions.now().getTime() + 3_600_000).toISOString(),
  });
  const { pending_login: pending, ...rest } = await profileAt(at, 'p17');
  expect(stdout).not.toContain(pending.code_verifier);
  expect(rest).not.toHaveProperty('access_token');
  expect((await stat(join(at.home, 'profiles/p17.json'))).mode & 0o777).toBe(0o600);
  expect((await at.run(['profiles'])).stdout).toMatch(/p17 .*Waiting for a response since/);

  const response = await decideAtSandbox(begun.url);
  const { code, stdout: done } = await finish(at, response.href);
  expect({ code, done: JSON.parse(done) }).toMatchObject({ code: 0, done: { profile: 'p17', user_id: 'WALK01' } });
  expect(await profileAt(at, 'p17')).toMatchObject({ client_id: clientId, access_token: expect.any(String) });
  expect(await profileAt(at, 'p17')).not.toHaveProperty('pending_login');
  // Repeated: nothing is sent, since a second use makes providers end the grant.
  const sent = at.sent.length;
  expect(codeOf(await finish(at, response.href))).toBe('SIGN_IN_FAILED');
  expect(at.sent).toHaveLength(sent);
  expect(at.sandbox.isLive((await profileAt(at, 'p17')).refresh_token)).toBe(true);
  expect(await at.stored()).toEqual(before);
});

test('an existing sign-in works until the second call replaces it', async () => {
  await using at = await signedIn();
  const before = await at.stored();
  const begun = await begin(at, 'default');
  expect(await at.stored()).toMatchObject(before);
  at.pass(LIFETIME);
  expect((await at.run(['token'])).code).toBe(0);
  expect((await at.run(['status'])).stdout).toContain('sign-in URL expired');
  const again = await begin(at, 'default');
  expect(codeOf(await finish(at, (await decideAtSandbox(begun.url)).href, '--profile', 'default'))).toBe(
    'SIGN_IN_FAILED',
  );
  expect((await finish(at, (await decideAtSandbox(again.url)).href)).code).toBe(0);
  expect((await at.stored()).client_id).toBe(clientId);
});

test('several wait: each response goes to its own profile; a swapped, forged or stateless one to none', async () => {
  await using at = await signedIn();
  const one = await begin(at, 'one');
  await begin(at, 'two');
  const response = await decideAtSandbox(one.url);
  const code = response.searchParams.get('code') ?? '';
  const swapped = await finish(at, response.href, '--profile', 'two');
  expect(codeOf(swapped)).toBe('SIGN_IN_FAILED');
  expect(swapped.stderr).toContain('the profile "one"');
  for (const forged of [code, `${response.origin}/callback?code=${code}&state=forged`, '?error=access_denied', ''])
    expect((await finish(at, forged)).code).toBe(4);
  expect(codeOf(await finish(at, `?code=${code}`, '--profile', 'absent'))).toBe('SIGN_IN_FAILED');
  const elsewhere = response.href.replace('127.0.0.1:8976', 'evil.example');
  expect(codeOf(await finish(at, elsewhere))).toBe('SIGN_IN_FAILED');
  expect((await at.run(['profiles'])).stdout.match(/Waiting/g)).toHaveLength(2);
  // Inside a mail, cut first and then whole, in one input that a person corrects.
  expect((await finish(at, `Here it is: <${response.href}>. Bye!`)).code).toBe(0);
  expect(await profileAt(at, 'one')).toMatchObject({ user_id: 'WALK01' });
  expect((await at.run(['profiles'])).stdout.match(/Waiting/g)).toHaveLength(1);
});

test('a late, rejected or denied response: the error says what was kept and what to do', async () => {
  await using at = await signedIn();
  const late = await begin(at, 'late', '--expires', '10m');
  at.pass(600);
  expect(codeOf(await finish(at, (await decideAtSandbox(late.url)).href))).toBe('TIMED_OUT');
  const cut = await begin(at, 'cut');
  const response = (await decideAtSandbox(cut.url)).href;
  const rejected = await finish(at, response.replace(/code=[^&]{30}/, 'code='));
  expect(JSON.parse(rejected.stdout).error).toMatchObject({
    code: 'SIGN_IN_FAILED',
    kept: expect.stringContaining('waits'),
  });
  at.sandbox.faults.add({ at: 'token', kind: 'status', status: 410, times: 1 });
  expect(codeOf(await finish(at, response))).toBe('RETIRED');
  expect((await finish(at, response)).code).toBe(0);
  const denied = await begin(at, 'denied');
  expect(codeOf(await finish(at, (await decideAtSandbox(denied.url, { allow: false })).href))).toBe('DENIED');
  expect(await profileAt(at, 'denied')).not.toHaveProperty('pending_login');
});

test('two that finish the same response at once: one signs in, the other sends nothing', async () => {
  await using at = await signedIn();
  const { href } = await decideAtSandbox((await begin(at, 'both')).url);
  const before = at.sandbox.state().counts.exchanges;
  const codes = (await Promise.all([finish(at, href), finish(at, href)])).map(({ code }) => code);
  expect(codes.sort()).toEqual([0, 4]);
  expect(at.sandbox.state().counts).toMatchObject({ exchanges: before + 1, invalidGrants: 0 });
});

test('meaningless options are refused, and so is a sandbox that ends with the command', async () => {
  await using at = await signedIn();
  for (const args of [
    ['--begin', '--sandbox'],
    ['--begin', '--timeout', '5'],
    ['--begin', '--no-browser'],
    ['--begin', '--expires', '0m'],
    ['--expires', '1h'],
    ['--finish', '--scope', 'sleep'],
    ['--finish', '--begin'],
  ])
    expect((await at.run(['login', ...args])).code).toBe(2);
  const waiting = await finish(at, 'x');
  expect(codeOf(waiting)).toBe('SIGN_IN_FAILED');
  expect(await readdir(join(at.home, 'profiles'))).toEqual(['default.json']);
});
