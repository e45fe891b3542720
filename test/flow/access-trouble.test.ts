import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { access } from '../../src/auth/access-token.ts';
import { accessToken } from '../../src/auth/index.ts';
import { createRuntime } from '../../src/auth/runtime.ts';
import type { Fetch } from '../../src/environment.ts';
import type { AuthError } from '../../src/errors.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { fileStore } from '../../src/store/file-store.ts';
import type { LockOptions, ProfileStore } from '../../src/store/store.ts';
import { failure, LIFETIME, type SignedIn, signedIn } from './signed-in.ts';

type Trouble = Pick<Fault, 'kind' | 'status' | 'errorType' | 'resetSeconds'>;

/** What says for certain that nothing was granted: the file is then as it was, to the byte. */
const REFUSALS: readonly (readonly [string, Trouble, AuthError['code'], number])[] = [
  ['a wrong client secret', { kind: 'status', status: 401 }, 'CLIENT_REJECTED', 2],
  ['410: retired', { kind: 'status', status: 410 }, 'RETIRED', 2],
  ['429 with a far reset', { kind: 'status', status: 429, resetSeconds: 1_234 }, 'RATE_LIMITED', 5],
  ['a request that it does not understand', { kind: 'status', status: 400 }, 'REQUEST_REJECTED', 2],
  ['a scope', { kind: 'status', status: 400, errorType: 'invalid_scope' }, 'SCOPE_REJECTED', 2],
];

/** What leaves open whether there is a new pair: the tokens stay, and the refresh is marked as one to repeat. */
const FAILURES: readonly (readonly [string, Trouble, AuthError['code']])[] = [
  ['409', { kind: 'status', status: 409 }, 'UNAVAILABLE'],
  ['500', { kind: 'status', status: 500 }, 'UNAVAILABLE'],
  ['502', { kind: 'status', status: 502 }, 'UNAVAILABLE'],
  ['503', { kind: 'status', status: 503 }, 'UNAVAILABLE'],
  ['a cut connection', { kind: 'reset' }, 'UNAVAILABLE'],
  ['a lost answer', { kind: 'lost-answer' }, 'UNAVAILABLE'],
  ['a page of some hotel', { kind: 'html' }, 'ANSWER_INVALID'],
  ['a redirect', { kind: 'redirect' }, 'ANSWER_INVALID'],
  ['half an answer', { kind: 'truncated-json' }, 'ANSWER_INVALID'],
  ['no access token', { kind: 'missing-access-token' }, 'ANSWER_INVALID'],
  ['a token of another kind', { kind: 'token-type-other' }, 'ANSWER_INVALID'],
];

describe('only invalid_grant ends a sign-in:', () => {
  test.each(REFUSALS)('refused for %s, the file is unchanged', async (_name, trouble, code, exit) => {
    await using at = await signedIn();
    const before = await at.text();
    at.pass(LIFETIME);
    at.sandbox.faults.add({ at: 'token', ...trouble });
    const { code: ended, stdout, stderr } = await at.run(['token', '--json']);
    expect(ended).toBe(exit);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code, kept: expect.stringMatching(/kept/) } });
    expect(stderr).toBe('');
    expect(await at.text()).toBe(before);
    expect(at.sent).toHaveLength(1);

    at.sandbox.faults.clear();
    expect(await at.run(['token'])).toMatchObject({ code: 0 });
  });

  test.each(FAILURES)('failed with %s, the tokens stay, and the next call works', async (_name, trouble, code) => {
    await using at = await signedIn();
    const before = await at.stored();
    at.pass(LIFETIME);
    at.sandbox.faults.add({ at: 'token', ...trouble });
    const error = await failure(access(at.runtime(), { name: 'default' }));
    expect(error).toMatchObject({ code, exitCode: 5, preserved: expect.stringMatching(/kept/) });
    expect(at.sent.length).toBeGreaterThan(1);
    expect(await at.stored()).toEqual({ ...before, refresh_started_at: at.runtimeOptions.now().toISOString() });

    at.sandbox.faults.clear();
    await accessToken({}, at.runtimeOptions);
    expect(at.sandbox.isLive((await at.stored()).refresh_token)).toBe(true);
    expect(at.sandbox.state().counts).toMatchObject({ refreshes: 1, invalidGrants: 0 });
  });

  test('connection refused: no token can have been issued, so the file is unchanged', async () => {
    await using at = await signedIn();
    const before = await at.text();
    at.pass(LIFETIME);
    await at.sandbox.close();
    const error = await failure(access(at.runtime(), { name: 'default' }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', exitCode: 5, details: { never_sent: true } });
    expect(await at.text()).toBe(before);
  });

  test('transient failures are waited out: 503, 409, a lost response, a near reset; then the token', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    for (const trouble of [
      { kind: 'status', status: 503 },
      { kind: 'status', status: 409 },
      { kind: 'lost-answer' },
      { kind: 'status', status: 429, resetSeconds: 0 },
    ] satisfies Trouble[]) {
      at.sandbox.faults.add({ at: 'token', ...trouble, times: 1 });
    }
    const { tokens } = await access(at.runtime(), { name: 'default' });
    expect((await at.stored()).access_token).toBe(tokens.accessToken.reveal());
    expect(at.sent).toHaveLength(5);
    expect(at.sandbox.state().counts).toMatchObject({ refreshes: 1, repeats: 1, invalidGrants: 0 });
  });

  test('the messages say when the limit resets, and what replaces the service', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    at.sandbox.faults.add({ at: 'token', kind: 'status', status: 429, resetSeconds: 1_234, times: 1 });
    expect((await at.run(['token'])).stderr).toContain('resets in 1234 seconds');
    at.sandbox.faults.add({ at: 'token', kind: 'status', status: 410, times: 1 });
    expect((await at.run(['token'])).stderr).toMatch(/retired this service[\s\S]*Google Health/);
  });

  test('a rate limit without a reset time is not waited for', async () => {
    let asked = 0;
    const limited: Fetch = async () => {
      asked += 1;
      return new Response(null, { status: 429 });
    };
    await using at = await signedIn({ through: () => limited });
    const error = await failure(access(at.runtime(), { name: 'default', minTtlSeconds: LIFETIME }));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', exitCode: 5 });
    expect(asked).toBe(1);
  });

  test('Ctrl-C between two tries ends it with the failure that there was', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    at.sandbox.faults.add({ at: 'token', kind: 'status', status: 503 });
    const stop = new AbortController();
    const runtime = createRuntime(at.runtimeOptions);
    const error = await failure(
      access(
        {
          ...runtime,
          fetch: async (url, init) => {
            const response = await runtime.fetch(url, init);
            stop.abort();
            return response;
          },
        },
        { name: 'default', signal: stop.signal },
      ),
    );
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(at.sent).toHaveLength(1);
  });
});

/** Holds the profile's lock, as another process does that changes it. */
function held(at: SignedIn): Promise<AsyncDisposable> {
  return fileStore({ directory: dirname(at.file) }).lock('default');
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('while another process has the profile', () => {
  test('a token that is fresh needs no lock', async () => {
    await using at = await signedIn();
    await using _holder = await held(at);
    expect(await at.run(['token'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('a waiting process says what it waits for, and prints the token once the lock is free', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    const holder = await held(at);
    const { promise: reached, resolve: reach } = deferred();
    const running = at.run(['token'], { onTalk: reach });
    await reached;
    expect(at.sent).toEqual([]);
    await holder[Symbol.asyncDispose]();
    const { code, stdout, stderr } = await running;
    expect([code, stdout]).toEqual([0, `${(await at.stored()).access_token}\n`]);
    expect(stderr).toMatch(/^! Another fitbit-login .*30 seconds/);
  });

  test('gives up after 30 seconds with exit 6, before anything is sent', async () => {
    await using at = await signedIn();
    const before = await at.text();
    at.pass(LIFETIME);
    await using _holder = await held(at);
    const runtime = at.runtime();
    const { lock } = runtime.store;
    const store = {
      ...runtime.store,
      lock: (name: string, options: LockOptions) => lock(name, { ...options, timeoutMs: 50 }),
    } as ProfileStore;
    const error = await failure(access({ ...runtime, store }, { name: 'default' }));
    expect(error).toMatchObject({ code: 'LOCKED', exitCode: 6 });
    expect(String(error)).toContain('profile "default"');
    expect(at.sent).toEqual([]);
    expect(await at.text()).toBe(before);
  });

  test('Ctrl-C ends the wait with 130', async () => {
    await using at = await signedIn();
    at.pass(LIFETIME);
    await using _holder = await held(at);
    const stop = new AbortController();
    const running = at.run(['token', '--json'], { signal: stop.signal, onTalk: () => stop.abort() });
    expect(await running).toMatchObject({ code: 130, stdout: expect.stringContaining('INTERRUPTED') });
    expect(at.sent).toEqual([]);
  });
});
