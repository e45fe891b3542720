import { describe, expect, test } from 'vitest';
import type { AccessOptions } from '../../src/auth/access-token.ts';
import { doctor } from '../../src/auth/doctor.ts';
import { exportProfile } from '../../src/auth/export.ts';
import { importProfile } from '../../src/auth/import.ts';
import { type LoginOptions, login } from '../../src/auth/login.ts';
import { type MigrateOptions, migrate } from '../../src/auth/migrate.ts';
import { assertOptions, assertRuntimeOptions, OPTIONS, scopeList } from '../../src/auth/options.ts';
import { openProfile } from '../../src/auth/profile-handle.ts';
import type { RuntimeOptions } from '../../src/auth/runtime.ts';
import { consent, startSandbox } from '../../src/auth/sandbox.ts';
import type { SetupOptions } from '../../src/auth/setup.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { Secret } from '../../src/secret.ts';

// An option that the types know and the checks do not would be refused: such a pair does not compile.
OPTIONS.login satisfies Readonly<Record<keyof LoginOptions, unknown>>;
OPTIONS.setup satisfies Readonly<Record<keyof SetupOptions, unknown>>;
OPTIONS.migrate satisfies Readonly<Record<keyof MigrateOptions, unknown>>;
OPTIONS.accessToken satisfies Readonly<Record<keyof AccessOptions, unknown>>;
OPTIONS.exportProfile satisfies Readonly<Record<keyof Parameters<typeof exportProfile>[0], unknown>>;
OPTIONS.importProfile satisfies Readonly<Record<keyof NonNullable<Parameters<typeof importProfile>[1]>, unknown>>;
OPTIONS.doctor satisfies Readonly<Record<keyof NonNullable<Parameters<typeof doctor>[0]>, unknown>>;
OPTIONS.startSandbox satisfies Readonly<Record<keyof SandboxOptions, unknown>>;

/** What a program in plain JavaScript can do: call with anything. */
const untyped = (call: unknown, ...args: readonly unknown[]): Promise<unknown> =>
  (async () => (typeof call === 'function' ? call(...args) : undefined))();

describe('options of the wrong type are an AuthError USAGE that names them', () => {
  test.each([
    ['login', login, [{ scopes: 5 }], 'scopes'],
    ['login with no scope in the text', login, [{ scopes: ' , ' }], 'scopes'],
    ['login with a scope that is no string', login, [{ scopes: ['sleep', 5] }], 'scopes'],
    [
      'login with one redirect URI as text',
      login,
      [{ redirectUris: 'http://127.0.0.1:8976/callback' }],
      'redirectUris',
    ],
    ['login with a time-out as text', login, [{ timeoutMs: '5000' }], 'timeoutMs'],
    ['login with an endless time-out', login, [{ timeoutMs: Number.POSITIVE_INFINITY }], 'timeoutMs'],
    ['login with a controller as its signal', login, [{ signal: new AbortController() }], 'signal'],
    ['login with a misspelt option', login, [{ scope: 'sleep' }], 'scope'],
    ['login with null', login, [null], 'login()'],
    ['login with text', login, ['me'], 'login()'],
    ['login with a wrong dependency', login, [{}, { fetch: 'x' }], 'fetch'],
    ['migrate', migrate, [{ to: 5 }], 'to'],
    ['exportProfile', exportProfile, [{ format: 5 }], 'format'],
    ['exportProfile without options', exportProfile, [], 'exportProfile()'],
    ['importProfile', importProfile, [{}], 'content'],
    ['doctor', doctor, [{ online: 'yes' }], 'online'],
    ['startSandbox', startSandbox, [{ port: '8977' }], 'port'],
    ['consent', consent, ['not an address'], 'consent page'],
    ['openProfile', openProfile, [5], 'name'],
    ['openProfile with a wrong dependency', openProfile, ['me', { now: 5 }], 'now'],
    ['a path that is none', openProfile('me').fetch, [5], 'path'],
    ['headers that cannot be', openProfile('me').fetch, ['/', { headers: { 'a b': 'c' } }], 'headers'],
  ])('%s', async (_what, call, args, named) => {
    await expect(untyped(call, ...args)).rejects.toMatchObject({
      name: 'AuthError',
      code: 'USAGE',
      message: expect.stringContaining(named),
    });
  });

  test('and never repeats their values, which may be secrets', () => {
    const secret = Buffer.from('hunter2');
    expect(() => assertOptions('login', { clientSecret: secret })).toThrow(
      /^"clientSecret" .* a string or a Secret\.$/,
    );
    expect(() => assertOptions('login', { clientSecret: { value: 'hunter2' } })).not.toThrow(/hunter2/);
  });

  test('valid options pass, and undefined counts as absent', () => {
    assertOptions('login', { clientSecret: new Secret('x'), scopes: 'sleep', profile: undefined, sandbox: true });
    assertOptions('login', { scopes: ['sleep'], signal: AbortSignal.timeout(1), clientFile: Buffer.from('x') });
    const runtime: RuntimeOptions = { environment: {}, now: () => new Date() };
    assertRuntimeOptions(runtime);
  });
});

test.each([
  ['sleep', ['sleep']],
  ['sleep, activity', ['sleep', 'activity']],
  ['sleep activity', ['sleep', 'activity']],
  [
    ['sleep', 'heartrate,weight'],
    ['sleep', 'heartrate', 'weight'],
  ],
])('scopes may be passed as %j', (given, expected) => {
  expect(scopeList(given)).toEqual(expected);
});
