import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import promises, { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Check, type CheckId, type CheckState, type DoctorOptions, doctor } from '../../src/auth/doctor.ts';
import { createRuntime } from '../../src/auth/runtime.ts';
import type { Environment } from '../../src/environment.ts';
import { AuthError } from '../../src/errors.ts';
import { authority, skipWithoutOpenssl } from '../flow/authority.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const ANY_PORT = ['http://127.0.0.1:0/callback'];
const STORED = {
  version: 1,
  provider: 'fitbit',
  client_id: '23ABCD',
  redirect_uris: ANY_PORT,
  requested_scope: 'sleep',
  access_token: 'marked-access-token',
  refresh_token: 'marked-refresh-token',
  token_type: 'Bearer',
  scope: 'sleep',
  obtained_at: '2026-11-24T11:00:00.000Z',
  expires_at: '2026-11-24T19:00:00.000Z',
};

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'doctor-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** A profile in a home, as a sign-in left it. */
async function plant(home: string, fields: object = {}): Promise<string> {
  await mkdir(join(home, 'profiles'), { recursive: true, mode: 0o700 });
  const file = join(home, 'profiles/default.json');
  await writeFile(file, JSON.stringify({ ...STORED, ...fields }), { mode: 0o600 });
  return file;
}

interface Given extends DoctorOptions {
  readonly home?: string;
  readonly environment?: Environment;
  readonly now?: Date;
  readonly response?: () => Promise<Response>;
}

async function checks({ home, environment, now = NOW, response, ...options }: Given = {}) {
  const found = await doctor(
    { redirectUris: ANY_PORT, ...options },
    {
      environment: {
        FITBIT_LOGIN_HOME: home ?? (await newHome()),
        FITBIT_CLIENT_ID: '23ABCD',
        BROWSER: 'true',
        PATH: process.env.PATH,
        ...environment,
      },
      now: () => now,
      fetch: response ?? (() => Promise.reject(new Error('The network must not be used.'))),
    },
  );
  for (const check of found.checks) expect(check.todo === undefined, check.id).toBe(check.state === 'ok');
  expect(JSON.stringify(found)).not.toContain('marked');
  return new Map<CheckId, Check>(found.checks.map((check) => [check.id, check]));
}

const textOf = (check: Check | undefined) => `${check?.found} ${check?.means} ${check?.todo ?? ''}`;

test('a healthy machine has no warning, and the network is not used', async () => {
  const found = await checks({ home: await newHome() });
  expect([...found.values()].filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(found.has('provider')).toBe(false);
});

const ENVIRONMENTS: readonly (readonly [CheckId, CheckState, RegExp, Environment])[] = [
  ['registration', 'ok', /23ABCD \(Fitbit\).*no redirect URI has to be registered/, {}],
  ['registration', 'warning', /fitbit-login setup/, { FITBIT_CLIENT_ID: '' }],
  ['registration', 'wrong', /Unrecognised client ID/, { FITBIT_CLIENT_ID: 'nonsense' }],
  ['registration', 'ok', /Google Health/, { FITBIT_CLIENT_ID: '1-a.apps.googleusercontent.com' }],
  ['browser', 'ok', /BROWSER="true"/, {}],
  ['browser', 'ok', /default browser/, { BROWSER: '', DISPLAY: ':0' }],
  ['browser', 'warning', /SSH session/, { BROWSER: '', SSH_TTY: '/dev/pts/0' }],
  ['browser', 'warning', /"\/nowhere\/browser".*"true" is tried instead/, { BROWSER: '/nowhere/browser:true' }],
  ['browser', 'wrong', /"\/nowhere\/browser", which can't be run/, { BROWSER: '/nowhere/browser' }],
  ['browser', 'wrong', /unclosed quote/, { BROWSER: 'firefox "%s' }],
  ['proxy', 'ok', /No proxy/, {}],
  [
    'proxy',
    'ok',
    /HTTPS_PROXY.*http:\/\/proxy\.example:3128, with a password/,
    { HTTPS_PROXY: 'http://me:marked@proxy.example:3128' },
  ],
  ['proxy', 'wrong', /SOCKS/, { HTTPS_PROXY: 'socks5://me:marked@proxy.example:1080' }],
  ['certificates', 'ok', /Node's CAs\./, {}],
  ['certificates', 'ok', /Node's CAs and the system's/, { NODE_OPTIONS: '--no-warnings --use-system-ca' }],
  ['certificates', 'ok', /OpenSSL/, { NODE_OPTIONS: '--use-openssl-ca' }],
  ['certificates', 'wrong', /can't be read \(ENOENT\)/, { NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' }],
  ['certificates', 'wrong', /NODE_TLS_REJECT_UNAUTHORIZED/, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
];
test.each(ENVIRONMENTS)(
  '%s is %s, %s, with %o, and everything else stays as it was',
  async (id, state, words, environment) => {
    const home = await newHome();
    const found = await checks({ home, environment });
    expect(textOf(found.get(id))).toMatch(words);
    expect(found.get(id)?.state).toBe(state);
    const others = [...found.values()].filter((check) => check.id !== id && check.state !== 'ok');
    expect(others).toEqual([]);
  },
);

const PROFILES: readonly (readonly [string, CheckId, CheckState, RegExp, object])[] = [
  ['fresh tokens', 'profile', 'ok', /Signed in\./, {}],
  ['expired tokens', 'profile', 'ok', /refreshes the token/, { expires_at: '2026-11-24T11:30:00.000Z' }],
  [
    'expired tokens that cannot be refreshed',
    'profile',
    'warning',
    /has expired/,
    { expires_at: '2026-11-24T11:30:00.000Z', refresh_token: undefined },
  ],
  ['tokens from the future', 'clock', 'wrong', /12:01:01/, { obtained_at: '2026-11-24T12:01:01.000Z' }],
  ['tokens from the tolerable future', 'clock', 'ok', /The clock says/, { obtained_at: '2026-11-24T12:01:00.000Z' }],
];
test.each(PROFILES)('a profile with %s: %s is %s', async (_what, id, state, words, fields) => {
  const home = await newHome();
  await plant(home, fields);
  const found = await checks({ home });
  expect(textOf(found.get(id))).toMatch(words);
  expect(found.get(id)?.state).toBe(state);
});

describe('files', () => {
  test('a stored profile stays as it was, its times included', async () => {
    const home = await newHome();
    const file = await plant(home);
    const before = [await readFile(file, 'utf8'), (await stat(file)).mtimeMs];
    await checks({ home });
    expect([await readFile(file, 'utf8'), (await stat(file)).mtimeMs]).toEqual(before);
  });

  test('a file instead of the directory is an error', async () => {
    const home = await newHome();
    await writeFile(join(home, 'profiles'), '');
    const found = await checks({ home });
    expect(found.get('directory')).toMatchObject({ state: 'wrong', found: expect.stringContaining('not a directory') });
  });

  test.skipIf(process.platform === 'win32')(
    'what other users can read is a warning with the command that helps',
    async () => {
      const home = await newHome();
      const [directory, file, log] = [join(home, 'profiles'), await plant(home), join(home, 'log/fitbit-login.log')];
      await mkdir(join(home, 'log'));
      await writeFile(log, '');
      for (const path of [directory, file, log]) await chmod(path, 0o755);
      const found = await checks({ home });
      expect(found.get('directory')).toMatchObject({
        state: 'warning',
        todo: expect.stringContaining(`chmod 700 '${directory}'`),
      });
      for (const id of ['profile', 'log'] as const)
        expect(found.get(id)).toMatchObject({ state: 'warning', todo: expect.stringContaining('chmod 600') });
    },
  );

  test.skipIf(process.platform === 'win32')(
    'on a mount that keeps no modes, doctor names another directory instead of chmod, and nothing is refused',
    async () => {
      const home = await newHome();
      const [directory, file] = [join(home, 'profiles'), await plant(home)];
      for (const path of [directory, file]) await chmod(path, 0o755);
      // As FAT does it, which not every kernel can mount: modes are taken and forgotten.
      const fat = { ...(await promises.statfs(home)), type: 0x4d44 };
      const mocks = [
        vi.spyOn(promises, 'statfs').mockResolvedValue(fat),
        vi.spyOn(promises, 'chmod').mockResolvedValue(undefined),
      ];
      syncBuiltinESMExports();
      onTestFinished(() => {
        for (const mock of mocks) mock.mockRestore();
        syncBuiltinESMExports();
      });
      const found = await checks({ home });
      for (const id of ['directory', 'profile'] as const) {
        expect(found.get(id)).toMatchObject({
          state: 'warning',
          todo: expect.stringMatching(/no effect.*FITBIT_LOGIN_HOME/),
        });
      }
      const notices: string[] = [];
      const { store } = createRuntime({
        environment: { FITBIT_LOGIN_HOME: home },
        onNotice: (text) => void notices.push(text),
      });
      await using locked = await store.lock('default');
      await locked.commit({ ...(locked.current ?? expect.fail('It was read.')), loginHint: 'a@b' });
      expect(await store.read('default')).toMatchObject({ loginHint: 'a@b' });
      expect((await stat(directory)).mode & 0o777).toBe(0o755);
      expect(notices.join()).toContain(directory);
    },
  );

  test('a damaged profile is an error, and unchanged', async () => {
    const home = await newHome();
    const file = await plant(home);
    await writeFile(file, '{"version":1,');
    expect((await checks({ home })).get('profile')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining(file),
    });
    expect(await readFile(file, 'utf8')).toBe('{"version":1,');
  });

  test('a link instead of a profile is an error, since it is never written through', async () => {
    const home = await newHome();
    const file = await plant(home);
    await rename(file, join(home, 'real.json'));
    await symlink(join(home, 'real.json'), file);
    expect((await checks({ home })).get('profile')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('symbolic link'),
    });
  });

  test('an invalid profile name is an error, and throws nothing', async () => {
    expect((await checks({ profile: '../x' })).get('profile')?.state).toBe('wrong');
  });
});

test('a port in use is an error, but a warning if another redirect URI is free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const held = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const alone = (await checks({ redirectUris: [held] })).get('port');
  expect(alone).toMatchObject({ state: 'wrong', found: expect.stringContaining(new URL(held).port) });
  if (process.platform === 'linux') expect(alone?.found).toContain(`${process.pid}`);
  const both = (await checks({ redirectUris: [held, ...ANY_PORT] })).get('port');
  expect(both).toMatchObject({ state: 'warning', means: expect.stringContaining(`${ANY_PORT}`) });
});

test('a redirect URI that is not on loopback is refused', async () => {
  await expect(checks({ redirectUris: ['https://example.com/'] })).rejects.toMatchObject({ code: 'USAGE' });
});

describe('--online', () => {
  const answering = (status: number, behindSeconds: number) => async () =>
    new Response(null, { status, headers: { date: new Date(NOW.getTime() + behindSeconds * 1000).toUTCString() } });
  const CASES: readonly (readonly [CheckId, CheckState, RegExp, () => Promise<Response>])[] = [
    ['provider', 'ok', /api\.fitbit\.com/, answering(400, 0)],
    ['provider', 'wrong', /retired/, answering(410, 0)],
    [
      'provider',
      'wrong',
      /no network.*tokens are kept/,
      () => Promise.reject(new AuthError('UNAVAILABLE', 'no network')),
    ],
    ['clock', 'ok', /within a minute/, answering(400, 60)],
    ['clock', 'warning', /61 seconds behind/, answering(400, 61)],
    ['clock', 'wrong', /301 seconds ahead/, answering(410, -301)],
  ];
  test.each(CASES)('%s is %s: %s', async (id, state, words, response) => {
    const found = await checks({ online: true, response });
    expect(textOf(found.get(id))).toMatch(words);
    expect(found.get(id)?.state).toBe(state);
  });
});

test('a clock before the release of this program is an error', async () => {
  expect((await checks({ now: new Date('2020-01-01T00:00:00Z') })).get('clock')?.state).toBe('wrong');
});

describe.skipIf(skipWithoutOpenssl)('the file in NODE_EXTRA_CA_CERTS', () => {
  const pem = skipWithoutOpenssl ? '' : authority('Test Root').cert;
  const lines = pem.trimEnd().split('\n');
  const nonsense = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  test.each([
    ['one certificate', pem, 'ok', /plus 1 from/],
    ['two', pem + pem, 'ok', /plus 2 from/],
    ['one among other things', `# Our root\n${pem}-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n`, 'ok', /plus 1/],
    ['lines as on Windows', lines.join('\r\n'), 'ok', /plus 1/],
    ['one that is cut off', lines.slice(0, -1).join('\n'), 'wrong', /certificate 1 of 1 is damaged/],
    ['a second that is damaged', pem + nonsense, 'wrong', /certificate 2 of 2 is damaged/],
    ['none', 'no certificate\n', 'wrong', /no PEM certificate/],
  ] as const)('with %s', async (_name, text, state, words) => {
    const file = join(await newHome(), 'ca.pem');
    await writeFile(file, text);
    const found = (await checks({ environment: { NODE_EXTRA_CA_CERTS: file } })).get('certificates');
    expect(textOf(found)).toMatch(words);
    expect(found?.state).toBe(state);
    // Node warns of what is damaged; a file without any certificate it takes in silence.
    const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: file };
    const { stderr } = spawnSync(process.execPath, ['--eval', `require('node:tls').createSecureContext()`], { env });
    expect(`${stderr}` !== '').toBe(/damaged/.test(textOf(found)));
  });
});
