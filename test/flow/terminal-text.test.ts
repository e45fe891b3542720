import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importProfile } from '../../src/auth/index.ts';
import { colorsFor, commandsIn, terminalText, toJson } from '../../src/cli/output.ts';
import { messagesOn } from '../../src/cli/stderr.ts';
import { AuthError } from '../../src/errors.ts';
import { readSignIn } from '../../src/formats/read.ts';
import { newAuthorization, validateCallback } from '../../src/oauth/authorization.ts';
import { discover } from '../../src/oauth/discovery.ts';
import { apiError } from '../../src/oauth/errors.ts';
import { introspect } from '../../src/oauth/introspection.ts';
import { exchangeCode, refreshTokens } from '../../src/oauth/token-endpoint.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { generic } from '../../src/providers/generic.ts';
import { googleHealth } from '../../src/providers/google-health.ts';
import { redact, Secret } from '../../src/secret.ts';
import { type SignedIn, signedIn } from './signed-in.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ACTED_ON = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** A title, a cleared screen, a link, the clipboard, a line written over, a bell, C1's CSI, and two turned directions. */
const HOSTILE = [
  '\u001b]0;owned\u0007',
  '\u001b[2J',
  '\u001b]8;;http://evil\u001b\\',
  '\u001b]52;c;b3duZWQ=\u0007',
  'good\rbad',
  '\u0007',
  '\u009b2J',
  '\u202egnp.exe',
  '\u2066a\u2069',
];

/** Texts in which what a terminal acts on is frequent. */
const hostile = fc.string({
  unit: fc.oneof(fc.constantFrom(...HOSTILE, '\r', '\b', '\u2066', '\u061c'), fc.string({ unit: 'binary' })),
});

describe('lines wider than the terminal:', () => {
  const plain = colorsFor({}, {});

  test('break at spaces, below their first word, and cut no command and no URL', () => {
    const text =
      '✗ Port 8976 is used by node.\n  Stop it (`kill 4711`), or open http://127.0.0.1:8976/start/abcdefghijklmnopq now.';
    expect(commandsIn(text, plain, 26).split('\n')).toEqual([
      '✗ Port 8976 is used by',
      '  node.',
      '  Stop it (kill 4711), or',
      '  open',
      '  http://127.0.0.1:8976/start/abcdefghijklmnopq',
      '  now.',
    ]);
    expect(commandsIn(text, plain)).toBe(text.replaceAll('`', ''));
  });

  test('lose and add nothing but spaces, whatever the text and the width', () => {
    const words = fc.array(
      fc.constantFrom('a', 'word', '`a command`', '(`two words`),', '✗', '  ', '\n', 'longer-than-most'),
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 30 }), (parts, columns) => {
        const squeezed = (text: string) => text.replace(/[\s`]+/g, '');
        expect(squeezed(commandsIn(parts.join(' '), plain, columns))).toBe(squeezed(parts.join(' ')));
      }),
    );
  });
});

describe('terminal escapes:', () => {
  test('of any text, nothing is left that a terminal acts on but line breaks and tabs', () => {
    fc.assert(fc.property(hostile, (text) => void expect(terminalText(text)).not.toMatch(ACTED_ON)));
    expect(terminalText('a\tb\nc')).toBe('a\tb\nc');
  });

  test('our own colours stay, others do not', () => {
    const colors = colorsFor({ isTTY: true }, { FORCE_COLOR: '1' });
    const own = [colors.bold('a'), colors.dim('b'), colors.red('c'), colors.green('d'), colors.yellow('e')].join('');
    expect(terminalText(own)).toBe(own);
    expect(terminalText('\u001b[8mhidden\u001b[5m')).not.toContain('\u001b');
  });

  test('JSON escapes them, and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, hostile), (value) => {
        const json = toJson(value);
        expect(json).not.toMatch(ACTED_ON);
        expect(JSON.parse(json)).toEqual(value);
      }),
    );
  });

  test.each(HOSTILE)('a message that holds %j is written without it', (nasty) => {
    let written = '';
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        written += chunk;
        done();
      },
    });
    const messages = messagesOn(stream, {}, colorsFor({}, {}));
    messages.say(`the file ${nasty} is not there`);
    messages.stream.write(`{"line":"${nasty}"}\n`);
    expect(written).toMatch(/^the file .* is not there\n\{"line":".*"\}\n$/);
    expect(written).not.toMatch(ACTED_ON);
  });
});

const ISSUER = 'https://issuer.example';
const METADATA = { issuer: ISSUER, authorization_endpoint: `${ISSUER}/a`, token_endpoint: `${ISSUER}/t` };
const CLIENT = { id: 'client-1' };
const { standardError: _own, userIdField: _id, ...FITBIT } = fitbit().server;
/** Of a custom issuer: with RFC 6749's errors, and ID tokens. */
const SERVER = { ...FITBIT, name: 'Example', issuer: ISSUER, introspectionEndpoint: `${ISSUER}/i` };
const NOW = new Date('2026-01-31T12:00:00Z');
const answering = (body: unknown, status = 200) => ({ fetch: async () => Response.json(body, { status }), now: NOW });
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = NOW.getTime() / 1000;
const jwt = (claims: object) =>
  `${part({ alg: 'RS256' })}.${part({ iss: ISSUER, aud: CLIENT.id, sub: 'a', iat: seconds, exp: seconds + 60, ...claims })}.${'s'.repeat(43)}`;
const refresh = (more: object, status?: number) =>
  refreshTokens(SERVER, CLIENT, new Secret('r'), {
    ...answering({ access_token: 'at', token_type: 'Bearer', ...more }, status),
    userId: 'known',
  });
const discovered = (more: object, address = ISSUER) =>
  discover(address, { ...answering({ ...METADATA, ...more }), confirmSites: () => true });

/** What others choose, where it comes in: what the program then knows of it, as a value or an error. */
const BORDERS: Readonly<Record<string, (nasty: string) => unknown>> = {
  'the issuer in metadata': (nasty) => discovered({ issuer: `${ISSUER}/${nasty}` }),
  'an endpoint in metadata': (nasty) => discovered({ token_endpoint: `${ISSUER}/${nasty}` }),
  'the host of an endpoint in metadata': (nasty) => discovered({ authorization_endpoint: `https://${nasty}.example/` }),
  'an endpoint in metadata that is refused': (nasty) =>
    discovered({ revocation_endpoint: `http://a.example/${nasty}` }),
  'scopes and methods in metadata': (nasty) =>
    generic(
      ISSUER,
      answering({ ...METADATA, scopes_supported: [nasty], token_endpoint_auth_methods_supported: [nasty] }),
    ),
  'the address of an issuer without metadata': (nasty) => discover(`${ISSUER}/${nasty}`, answering({}, 404)),
  'an address that is no issuer': (nasty) => discover(`http://${nasty}`, answering({})),
  'the error code of a token endpoint': (nasty) => refresh({ error: `e${nasty}` }, 400),
  'the error text of a token endpoint': (nasty) => refresh({ error: 'invalid_scope', error_description: nasty }, 400),
  'the scope of a token response': (nasty) => refresh({ scope: `sleep ${nasty}` }),
  'the type of a token response': (nasty) => refresh({ token_type: nasty }),
  'a user id': (nasty) =>
    refreshTokens(
      fitbit().server,
      CLIENT,
      new Secret('r'),
      answering({ access_token: 'a', token_type: 'Bearer', user_id: nasty }),
    ),
  'the subject, name and email of an ID token': (nasty) =>
    refresh({ id_token: jwt({ sub: nasty, name: nasty, email: `a${nasty}@b` }) }),
  'the email of another person': (nasty) => refresh({ id_token: jwt({ sub: 'other', email: `a@b${nasty}` }) }),
  'the issuer of an ID token': (nasty) => refresh({ id_token: jwt({ iss: nasty }) }),
  'the refusal in a callback': (nasty) => {
    const pending = newAuthorization();
    const query = { state: pending.state.reveal(), error: `e${nasty}`, error_description: nasty };
    return validateCallback(SERVER, CLIENT, pending, new URLSearchParams(query));
  },
  'the refusal of a code': (nasty) =>
    exchangeCode(
      SERVER,
      CLIENT,
      { parameters: new URLSearchParams(), redirectUri: 'http://127.0.0.1/', verifier: new Secret('v') },
      answering({ error: 'invalid_grant', error_description: nasty }, 400),
    ),
  'an introspection': (nasty) =>
    introspect(
      SERVER,
      CLIENT,
      { token: new Secret('t'), authentication: 'bearer' },
      answering({ active: true, sub: `a${nasty}b`, scope: `sleep ${nasty}`, username: nasty }),
    ),
  'an access token that is a JWT': (nasty) => fitbit().readAccessToken?.(jwt({ sub: `a${nasty}`, scopes: 'rsle' })),
  'the account at Google': (nasty) =>
    googleHealth().identify?.(new Secret('t'), answering({ healthUserId: nasty, legacyUserId: '1' }).fetch),
  'an error of the API': (nasty) =>
    apiError(
      fitbit().server,
      new Response(null, { status: 400 }),
      JSON.stringify({ errors: [{ errorType: nasty, message: nasty }] }),
      new Secret('t'),
    ),
  'a file of another program': (nasty) =>
    readSignIn(
      JSON.stringify({ access_token: 'at', client_id: nasty, user_id: nasty, scope: nasty, expires_at: nasty }),
    ),
  'the names of several sign-ins in a file': (nasty) =>
    readSignIn(JSON.stringify({ [`a${nasty}`]: { access_token: 'a' }, [`b${nasty}`]: { access_token: 'b' } })),
  'free text': (nasty) => redact(`refused ${nasty}`),
};

/** Every text in a value, an error's among them; the cause of an error is never shown. */
function textsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return textsOf({ ...value, message: value.message, cause: undefined });
  return typeof value === 'object' && value !== null ? Object.values(value).map(textsOf).join('') : '';
}

describe('nothing that a terminal acts on comes in:', () => {
  test.each(Object.entries(BORDERS))('%s', async (_what, border) => {
    for (const nasty of HOSTILE) {
      const known = await Promise.resolve()
        .then(() => border(nasty))
        .catch((thrown: unknown) => thrown);
      expect(textsOf(known), JSON.stringify(nasty)).not.toMatch(ACTED_ON);
      // What is refused is refused in words of ours.
      expect(known instanceof Error).toBe(known instanceof AuthError);
    }
  });
});

/** All of it at once, as a word. */
const NASTY = HOSTILE.join('');

/** Command lines that show what is in a profile, or that name what was typed. */
const LINES: readonly (readonly string[])[] = [
  ['status'],
  ['status', '--all'],
  ['status', '--json'],
  ['status', '--all', '--metrics', '--accounts'],
  ['profiles'],
  ['profiles', '--json'],
  ['doctor'],
  ['doctor', '--json'],
  ['token', '--json'],
  ['export', '--format', 'dotenv'],
  ['export', '--format', 'fitbit-login'],
  ['status', '--profile', NASTY],
  ['status', '--profile', NASTY, '--json'],
  ['status', `--${NASTY}`],
  [NASTY],
  ['help', NASTY],
  ['login', '--scope', NASTY],
  ['login', '--client-id', NASTY],
  ['login', '--redirect-uri', `http://${NASTY}`],
  ['login', '--provider', `https://issuer.example/${NASTY}`],
  ['import', NASTY],
  ['export', '--output', `/nowhere/${NASTY}`],
  ['exec', '--', NASTY],
  ['api', `/${NASTY}`],
  ['api', '/1/user/-/profile.json', '--header', NASTY],
  ...['bash', 'zsh', 'fish', 'pwsh'].flatMap((shell) => [
    ['completion', shell, '--', 'status', '--profile', ''],
    ['completion', shell, '--', 'login', '--scope', `sleep${NASTY},w`],
    ['completion', shell, '--', 'login', `--scope=sleep${NASTY},w`],
  ]),
  ['completion', NASTY],
];

describe('nothing that a terminal acts on goes out, though a profile and the command line are full of it:', () => {
  let at: SignedIn;
  beforeAll(async () => {
    at = await signedIn();
    await at.tamper({
      ...{ client_id: `a${NASTY}`, user_id: NASTY, email: `a${NASTY}@b`, sub: NASTY, login_hint: NASTY },
      ...{ scope: `sleep ${NASTY}`, requested_scope: `sleep weight ${NASTY}`, legacy_user_id: NASTY },
      ...{
        grant_ended_at: '2099-01-01T00:00:00Z',
        grant_ended_reason: NASTY,
        keep: [{ format: 'dotenv', path: `/${NASTY}` }],
      },
    });
    const other = {
      version: 1,
      provider: 'custom',
      issuer: `https://${NASTY}`,
      client_id: 'a',
      redirect_uris: [NASTY],
    };
    const profiles = join(at.home, 'profiles');
    await writeFile(join(profiles, 'other.json'), JSON.stringify({ ...other, requested_scope: NASTY }), {
      mode: 0o600,
    });
    await writeFile(join(profiles, `${NASTY.replaceAll('/', '')}.json`), '{}', { mode: 0o600 });
  });
  afterAll(() => at[Symbol.asyncDispose]());

  test.each(LINES.map((line) => [line]))('%j', async (line) => {
    const { stdout, stderr } = await at.run(line, { columns: 80, environment: { NO_COLOR: '1' } });
    // The shells' records have NULs between their fields.
    expect((stdout + stderr).replaceAll('\0', '')).not.toMatch(ACTED_ON);
    expect(stdout + stderr).not.toBe('');
    if (line.includes('--json')) JSON.parse(stdout);
  });

  test('a profile of fitbit-login from elsewhere is not imported whole with it', async () => {
    const own = { ...JSON.parse(await at.text()), user_id: 'A', sandbox: undefined, client_id: '23ABCD' };
    const environment = { FITBIT_LOGIN_HOME: join(at.home, 'new') };
    const taken = await importProfile(JSON.stringify(own), {}, { environment }).catch((thrown: unknown) => thrown);
    expect(textsOf(taken)).not.toMatch(ACTED_ON);
  });
});
