import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { some } from '../extent.ts';
import { APP, type ProgramFixture, programFixture, robotBrowser } from './program.ts';

const NOTHING = { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '' };
const ID_ONLY = { FITBIT_CLIENT_ID: APP.id, FITBIT_CLIENT_SECRET: '' };

const FILES: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['the secret alone', `${APP.secret}\n`, ID_ONLY],
  ['the secret in quotes', `"${APP.secret}"\n`, ID_ONLY],
  ['dotenv', `export FITBIT_CLIENT_ID="${APP.id}"\r\nFITBIT_CLIENT_SECRET='${APP.secret}' # mine\r\n`, NOTHING],
  ['the notebook’s JSON', JSON.stringify({ client_id: APP.id, client_secret: APP.secret, access_token: 'x' }), NOTHING],
];

const REFUSED = [
  ['damaged JSON', '{"client_secret":"marked-secret"', 'truncated'],
  ['nothing', '', 'empty'],
  ['prose', 'the secret is marked-secret', 'not one word'],
] as const;

describe('the app registration', () => {
  let at: ProgramFixture;
  beforeAll(async () => {
    at = await programFixture(await robotBrowser('allow'));
  });
  beforeEach(() => rm(dirname(at.file), { recursive: true, force: true }));
  afterAll(() => at[Symbol.asyncDispose]());

  // A server app: the sandbox takes the code only with the right secret.
  test.each(some(FILES, 1))('comes from a file: %s', async (_name, content, environment) => {
    const file = join(at.home, 'client.txt');
    await writeFile(file, content);
    expect((await at.run(at.login('--client-secret-file', file), { environment })).exit).toBe(0);
    expect(JSON.parse(await at.stored())).toMatchObject({ client_id: APP.id, client_secret: APP.secret });
  });

  test.each(some(FILES, 1))('comes from standard input: %s', async (_name, input, environment) => {
    expect((await at.run(at.login('--client-secret-file', '-'), { environment, input })).exit).toBe(0);
    expect(JSON.parse(await at.stored())).toMatchObject({ client_id: APP.id, client_secret: APP.secret });
  });

  test('comes from the environment, and later from the profile', async () => {
    expect((await at.run(at.login())).exit).toBe(0);
    expect((await at.run(at.login(), { environment: NOTHING })).exit).toBe(0);
    expect(at.sandbox.state().users.WALK01?.exchanges).toBeGreaterThan(1);
  });

  test('comes from an option and a file with only the secret', async () => {
    const environment = { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: APP.secret };
    expect((await at.run(at.login('--client-id', APP.id), { environment })).exit).toBe(0);
  });

  test.each(some(REFUSED, 1))(
    'is refused from standard input, and its content is not repeated: %s',
    async (_name, input, why) => {
      const { exit, stdout, stderr } = await at.run(at.login('--client-secret-file', '-'), { input });
      expect([exit, stdout]).toEqual([2, '']);
      expect(stderr).toContain(why);
      expect(stderr).not.toContain('marked');
    },
  );
});
