import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessToken, refresh } from '../../src/auth/index.ts';
import { asAuthError, type ErrorCode, type ExitCode } from '../../src/errors.ts';
import type { FaultKind } from '../../src/sandbox/faults.ts';
import { some } from '../extent.ts';
import { GOOGLE, GOOGLE_LIFETIME } from './google.ts';
import { failure, type Ran, type SignedIn, signedIn } from './signed-in.ts';

type Row = readonly [fault: FaultKind | 'gone', code: ErrorCode, exit: ExitCode, cure: RegExp];

const API_ROWS: readonly Row[] = [
  [
    'account-not-linked',
    'ACCOUNT_UNREADABLE',
    3,
    /choose another\. Otherwise open https:\/\/fitbit\.google\.com\/auth\/signup /,
  ],
  ['setup-unfinished', 'ACCOUNT_UNREADABLE', 3, /on the phone/],
  ['resource-permission-denied', 'ACCOUNT_UNREADABLE', 3, /myaccount\.google\.com\/connections.*sign in again/],
  ['legacy-login', 'ACCOUNT_UNREADABLE', 3, /Move it to Google/],
  ['service-disabled', 'CLIENT_REJECTED', 2, /health\.googleapis\.com\?project=100000000001,/],
  ['scope-insufficient', 'SCOPE_MISSING', 3, /[Ss]ign in again.*\.readonly/],
  ['permission-denied', 'USAGE', 2, /documentation/],
  ['unknown-path', 'USAGE', 2, /path and its version/],
  ['rate-limited', 'RATE_LIMITED', 5, /300 requests a minute/],
  ['rate-limited-unspecified', 'RATE_LIMITED', 5, /300 requests a minute/],
  ['unavailable', 'UNAVAILABLE', 5, /later/],
  ['gone', 'RETIRED', 2, /fitbit-login migrate/],
];

const TOKEN_ROWS: readonly Row[] = [
  ['client-secret-missing', 'CLIENT_REJECTED', 2, /--client-secret-file/],
  ['client-secret-wrong', 'CLIENT_REJECTED', 2, /client secret/],
  ['client-unknown', 'CLIENT_REJECTED', 2, /client ID/],
  ['deleted-client', 'CLIENT_REJECTED', 2, /Restore it/],
  ['disabled-client', 'CLIENT_REJECTED', 2, /Enable it/],
  ['invalid-rapt', 'GRANT_DEAD', 3, /login/],
  ['admin-policy-enforced', 'ACCOUNT_NOT_ALLOWED', 2, /another account/],
  ['org-internal', 'ACCOUNT_NOT_ALLOWED', 2, /another account/],
  ['access-denied', 'ACCOUNT_NOT_ALLOWED', 2, /another account/],
  ['dead-grant', 'GRANT_DEAD', 3, /login/],
  ['gone', 'RETIRED', 2, /fitbit-login migrate/],
];

let at: SignedIn;
let before: string;
/** What `exec` makes. */
let ran: string;

beforeAll(async () => {
  at = await signedIn(GOOGLE);
  before = await at.text();
  ran = join(at.home, 'ran');
});
afterAll(() => at[Symbol.asyncDispose]());
beforeEach(async () => {
  at.sandbox.faults.clear();
  await writeFile(at.file, before);
  await rm(ran, { force: true });
});

/** The commands as they are typed. */
const TYPED = {
  token: () => ['token', '--json'],
  refresh: () => ['refresh', '--json'],
  exec: () => ['exec', '--', 'touch', ran],
  api: () => ['api', '/v4/users/me/identity', '--json'],
  'status --check': () => ['status', '--check', '--json'],
} as const satisfies Record<string, () => readonly string[]>;
type Typed = keyof typeof TYPED;

/** The `login` command; consent is given. */
const login = (): Promise<Ran> =>
  at.run(['login', '--sandbox', at.sandbox.origin, '--profile', 'default', '--no-browser', '--json'], { allow: true });

/** Adds a fault by name; `gone` is a service that was retired. */
function refuse(place: 'google-identity' | 'google-api' | 'google-token', fault: Row[0]): void {
  at.sandbox.faults.add({ at: place, ...(fault === 'gone' ? { kind: 'status', status: 410 } : { kind: fault }) });
}

function expectRefusal(
  { code: exited, stdout, stderr }: Ran,
  [, code, exit, cure]: Row,
  command: Typed | 'login',
): void {
  const said = stdout + stderr;
  expect(exited).toBe(exit);
  expect(said).toMatch(cure);
  if (command !== 'exec') expect(said).toMatch(new RegExp(`"code": ?"${code}"`));
}

const toApi = () => at.sent.filter(({ url }) => url.pathname.startsWith('/v4/')).length;
const tokens = async () => {
  const { access_token, refresh_token } = await at.stored();
  return { access_token, refresh_token };
};

/** `npm test` meets each row with the first command alone, if any, and the first row with all of them. */
const every = <Command>(commands: readonly Command[], index: number, atLeast = 0) =>
  some(commands, index === 0 ? commands.length : atLeast);
const numbered = (rows: readonly Row[]) => rows.map((row, index) => ({ fault: row[0], row, index }));

describe.each(numbered(API_ROWS))('Google Health’s API refuses a good token: $fault', ({ fault, row, index }) => {
  const [, code, exit, cure] = row;

  test.each(every(['login'], index))(
    '%s still stores the tokens, shows the fix if there is one, and exits 0',
    async () => {
      await rm(at.file);
      refuse('google-identity', fault);
      const { code: exited, stdout } = await login();
      const { obstacle, session } = JSON.parse(stdout);
      expect({ exited, session }).toEqual({ exited: 0, session: 'valid' });
      if (['ACCOUNT_UNREADABLE', 'CLIENT_REJECTED', 'SCOPE_MISSING'].includes(code)) expect(obstacle).toMatch(cure);
      else expect(obstacle).toContain('did not say whose account');
      expect(obstacle).toContain('sign-in itself is complete');
      expect((await at.stored()).access_token).toMatch(/^ya29/);
    },
  );

  test.each(every<Typed>(['status --check', 'api'], index, 1))(
    `%s: ${code}, exit ${exit}, with the fix, and the tokens stay`,
    async (command) => {
      refuse('google-identity', fault);
      expectRefusal(await at.run(TYPED[command]()), row, command);
      expect(await at.text()).toBe(before);
    },
  );

  test.each(every<Typed>(['token', 'refresh', 'exec'], index))(
    '%s works and sends nothing to the API',
    async (command) => {
      refuse('google-identity', fault);
      refuse('google-api', fault);
      await at.tamper({ expires_at: at.runtimeOptions.now().toISOString() });
      const sent = { all: at.sent.length, api: toApi() };
      expect(await at.run(TYPED[command]())).toMatchObject({ code: 0 });
      expect({ all: at.sent.length, api: toApi() }).toEqual({ all: sent.all + 1, api: sent.api });
      expect(existsSync(ran)).toBe(command === 'exec');
    },
  );
});

describe.each(numbered(TOKEN_ROWS))('Google’s token endpoint refuses: $fault', ({ fault, row, index }) => {
  const [, code, exit] = row;

  test.each(every(['login'], index))('%s stores nothing', async () => {
    refuse('google-token', fault);
    // At an exchange, a grant that is dead is a code that was not accepted.
    expectRefusal(await login(), fault === 'dead-grant' ? [fault, 'SIGN_IN_FAILED', 4, /login/] : row, 'login');
    expect(await at.text()).toBe(before);
  });

  test.each(every<Typed>(['refresh', 'token', 'exec', 'api', 'status --check'], index, 1))(
    `%s: ${code}, exit ${exit}, with the fix, and the tokens stay`,
    async (command) => {
      refuse('google-token', fault);
      const stored = await tokens();
      await at.tamper({ expires_at: at.runtimeOptions.now().toISOString() });
      const sent = toApi();
      expectRefusal(await at.run(TYPED[command]()), row, command);
      expect(await tokens()).toEqual(stored);
      expect({ api: toApi(), ran: existsSync(ran) }).toEqual({ api: sent, ran: false });
    },
  );
});

test.each([['status'], ['status', '--all'], ['profiles'], ['scopes']])(
  '%s %s works and sends Google nothing',
  async (...argv) => {
    refuse('google-token', 'dead-grant');
    refuse('google-identity', 'setup-unfinished');
    const sent = at.sent.length;
    expect(await at.run(argv.filter(Boolean))).toMatchObject({ code: 0 });
    expect(at.sent).toHaveLength(sent);
  },
);

test('a client without its secret, at a refresh: the message names --client-secret-file', async () => {
  await at.tamper({ client_secret: undefined });
  at.sandbox.faults.add({ at: 'google-token', kind: 'client-secret-unsent' });
  expect(await failure(refresh({}, at.runtimeOptions))).toMatchObject({
    code: 'CLIENT_REJECTED',
    hint: expect.stringContaining('--client-secret-file'),
  });
});

describe('an expired sign-in', () => {
  const refusal = async () => asAuthError(await failure(accessToken({}, at.runtimeOptions))).message;

  test('shows its age, when it last worked, the stored expiry and what Google said', async () => {
    await at.tamper({
      signed_in_at: '2026-02-19T12:00:00.000Z',
      refresh_expires_at: '2026-02-26T12:00:00.000Z',
      obtained_at: '2026-02-25T12:00:00.000Z',
      expires_at: '2026-02-25T13:00:00.000Z',
    });
    at.sandbox.faults.add({ at: 'google-token', kind: 'dead-grant' });
    const message = await refusal();
    expect(message).toContain('"Token has been expired or revoked."');
    expect(message).toMatch(/10 days old/);
    for (const day of ['19 Feb 2026', '25 Feb 2026', '26 Feb 2026']) expect(message).toContain(day);
    // The next command sends nothing, and says the same.
    expect(await refusal()).toBe(message);
  });
});

test('an expiry that every refresh repeats as seven days from now does not slide', async () => {
  await using limited = await signedIn(GOOGLE);
  limited.sandbox.faults.add({ at: 'google-token', kind: 'time-limited' });
  await limited.signIn(GOOGLE);
  const { refresh_expires_at: end } = await limited.stored();
  for (let day = 0; day < 10; day += 1) {
    limited.pass(86_400);
    await refresh({}, limited.runtimeOptions);
    expect(await limited.stored()).toMatchObject({ refresh_expires_at: end });
  }
  limited.pass(GOOGLE_LIFETIME);
});
