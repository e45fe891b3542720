import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  findDownload,
  readClientFile,
  readDownload,
  setupErrors,
  setupView,
  validateSetupForm,
} from '../../src/auth/setup-form.ts';
import { AuthError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import type { SetupForm } from '../../src/server/pages/setup.ts';
import type { Profile } from '../../src/store/profile.ts';

const GOOGLE_ID = '1-a.apps.googleusercontent.com';
const FORM: SetupForm = {
  action: 'continue',
  provider: 'fitbit',
  clientId: '23ABCD',
  clientSecret: 'marked-secret',
  clientFile: '',
  clientFileName: '',
  scopes: new Map([
    ['fitbit', ['sleep']],
    ['google-health', ['sleep.readonly']],
  ]),
  redirectUri: '',
};
const CONTENT = JSON.stringify({
  installed: { client_id: GOOGLE_ID, client_secret: 'marked-file-secret', project_id: 'my-notebook' },
});
const FILE = readClientFile(CONTENT, 'client_secret_1-a.apps.googleusercontent.com.json');

test('a downloaded file is shown by its type and project, without its secret', () => {
  expect(FILE.known).toMatchObject({ title: 'Desktop app · project my-notebook', project: 'my-notebook' });
  expect(JSON.stringify(FILE)).not.toContain('marked');
  expect(() => readClientFile('{"client_id": "marked', 'x.json')).toThrow(AuthError);
  expect(() => readClientFile('only-a-secret', 'x.txt')).toThrow(AuthError);
});

test.each<[string, Partial<SetupForm>, typeof FILE | undefined, unknown]>([
  ['entered by hand', {}, undefined, { provider: 'fitbit', registration: { clientId: '23ABCD', scopes: ['sleep'] } }],
  [
    'a file',
    { provider: 'google-health', clientId: '', clientSecret: '' },
    FILE,
    { provider: 'google-health', registration: { clientId: GOOGLE_ID, scopes: ['sleep.readonly'] } },
  ],
  [
    'an ID of the other provider: its scopes count',
    { provider: 'google-health' },
    undefined,
    { provider: 'fitbit', registration: { scopes: ['sleep'] } },
  ],
])('%s', (_what, form, file, expected) => {
  expect(validateSetupForm({ ...FORM, ...form }, file)).toMatchObject(expected as object);
});

test('an entered secret is wrapped, an empty one ignored', () => {
  const secretOf = (form: Partial<SetupForm>) => {
    const result = validateSetupForm({ ...FORM, ...form }, undefined);
    return 'registration' in result ? result.registration.clientSecret : result;
  };
  expect(secretOf({})).toBeInstanceOf(Secret);
  expect(secretOf({ clientSecret: '' })).toBeUndefined();
});

test.each<[string, Partial<SetupForm>, readonly string[]]>([
  ['no client', { clientId: '' }, ['clientId']],
  ['no file', { clientId: '', provider: 'google-health' }, ['form']],
  ['an ID with a space', { clientId: '23 marked' }, ['clientId']],
  ['an ID with a letter beyond ASCII', { clientId: '23ÀBCD' }, ['clientId']],
  ['an ID without end', { clientId: 'A'.repeat(256) }, ['clientId']],
  ['a secret with a space', { clientSecret: 'marked secret' }, ['clientSecret']],
  ['no scope', { scopes: new Map() }, ['scopes']],
  [
    'everything at once',
    { clientId: '2 3', clientSecret: 'marked secret', scopes: new Map() },
    ['clientId', 'clientSecret', 'scopes'],
  ],
])('%s: every error, and none repeats what was entered', (_what, form, fields) => {
  const result = validateSetupForm({ ...FORM, ...form }, undefined);
  const errors = 'errors' in result ? result.errors : [];
  expect(errors.map(({ field }) => field)).toEqual(fields);
  expect(JSON.stringify(errors)).not.toContain('marked');
});

test('a rejected secret is explained at the top and at its field; other failures at the top', () => {
  const rejected = setupErrors(
    new AuthError('CLIENT_REJECTED', 'Rejected.', { details: { provider_error: 'invalid_client' } }),
    'google-health',
  );
  expect(rejected.map(({ field }) => field)).toEqual(['form', 'form', 'clientSecret']);
  const busy = setupErrors(new AuthError('PORT_BUSY', 'Taken.'), 'fitbit');
  expect(busy.map(({ field }) => field)).toEqual(['form', 'form', 'redirectUri']);
});

const STORED: Profile = {
  provider: 'fitbit',
  client: { id: '23ABCD', secret: new Secret('marked-secret') },
  redirectUris: ['http://localhost:9000/cb'],
  requestedScopes: ['sleep'],
};

test('the page begins with what is stored, then with what was entered, and never holds a secret', () => {
  const stored = setupView({ stored: STORED, errors: [], failed: false });
  expect(stored).toMatchObject({
    provider: 'fitbit',
    clientId: '23ABCD',
    hasSecret: true,
    redirectUri: 'http://localhost:9000/cb',
  });
  expect(stored.scopes.fitbit.filter(({ ticked }) => ticked).map(({ name }) => name)).toEqual(['sleep']);
  const entered = setupView({
    stored: STORED,
    form: { ...FORM, provider: 'google-health', clientId: GOOGLE_ID },
    errors: [],
    failed: false,
  });
  expect(entered).toMatchObject({ provider: 'google-health', clientId: GOOGLE_ID, hasSecret: false });
  expect(JSON.stringify([stored, entered])).not.toContain('marked');
});

test('with nothing stored Google Health is chosen, with few scopes, all of them read-only', () => {
  const { provider, scopes, isWeb } = setupView({ stored: undefined, errors: [], failed: false });
  expect({ provider, isWeb }).toEqual({ provider: 'google-health', isWeb: false });
  const ticked = scopes['google-health'].filter((scope) => scope.ticked);
  expect(ticked.map(({ label }) => label)).toEqual(['Activity', 'Heart and body', 'Sleep', 'Profile']);
  expect(ticked.every(({ writes }) => !writes)).toBe(true);
});

test('the newest client file in Downloads is found, if it is younger than an hour', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'downloads-'));
  const environment = { XDG_DOWNLOAD_DIR: directory };
  const now = new Date();
  const make = async (name: string, minutes: number) => {
    const path = join(directory, name);
    await writeFile(path, CONTENT);
    await utimes(path, now, new Date(now.getTime() - minutes * 60_000));
  };
  try {
    await make('client_secret_old.json', 61);
    await make('other.json', 1);
    expect(await findDownload(environment, now)).toBeUndefined();
    await make('client_secret_2.json', 5);
    await make('client_secret_1.json', 3);
    const found = await findDownload(environment, now);
    expect(found).toMatchObject({ name: 'client_secret_1.json', minutes: 3 });
    expect(found && (await readDownload(found))).toMatchObject({ clientId: GOOGLE_ID });
    expect(await findDownload({ XDG_DOWNLOAD_DIR: join(directory, 'missing') }, now)).toBeUndefined();
  } finally {
    await rm(directory, { recursive: true });
  }
});
