import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandsPage } from '../../scripts/docs/commands.ts';
import { ENVIRONMENT } from '../../src/cli/commands/index.ts';
import { KINDS } from '../../src/errors.ts';
import * as library from '../../src/index.ts';
import { Secret } from '../../src/secret.ts';
import { decodeProfile, encodeProfile } from '../../src/store/codec.ts';
import type { Profile, Tokens } from '../../src/store/profile.ts';
import { PAGES, pageAt } from './pages.ts';

/** The cells of every row of the page's tables, as they are written. */
const rowsOf = (source: string) =>
  source
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );

test('docs/commands.md is what `npm run docs` makes of the command table', () => {
  expect(pageAt('docs/commands.md').source).toBe(commandsPage());
});

/** Words in capitals that are not ours. */
const OF_OTHERS = [
  ...['ACCOUNT_NOT_LINKED', 'SERVICE_DISABLED', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'GOOGLE_APPLICATION_CREDENTIALS'],
  ...['TOKEN_FILE_PATH', 'XDG_CONFIG_HOME', 'NODE_EXTRA_CA_CERTS', 'FITBIT_ACCESS_TOKEN', 'FITBIT_USER_ID'],
  ...['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY', 'NODE_USE_SYSTEM_CA', 'NODE_TLS_REJECT_UNAUTHORIZED'],
  ...[
    'XDG_STATE_HOME',
    'XDG_CACHE_HOME',
    'XDG_RUNTIME_DIR',
    'FITBIT_TOKEN_FILE',
    'GOOGLE_TOKENS',
    'NO_COLOR',
    'FORCE_COLOR',
  ],
];

test('every name in capitals is an error code, a variable that is read, or an export', () => {
  const ours = [...Object.keys(KINDS), ...ENVIRONMENT.map(({ name }) => name), ...Object.keys(library), ...OF_OTHERS];
  const named = PAGES.flatMap(({ codes }) => codes).filter((code) => /^[A-Z]+(_[A-Z]+)+$/.test(code));
  expect(named.filter((code) => !ours.includes(code))).toEqual([]);
});

describe('docs/file-format.md', () => {
  const tokens: Required<Tokens> = {
    accessToken: new Secret('a'),
    refreshToken: new Secret('r'),
    tokenType: 'Bearer',
    scopes: ['sleep'],
    userId: 'ABC123',
    legacyUserId: 'ABC123',
    email: 'walker@example.com',
    subject: '1',
    signedInAt: new Date(0),
    obtainedAt: new Date(0),
    expiresAt: new Date(0),
    refreshExpiresAt: new Date(0),
  };
  const request: Profile = { provider: 'fitbit', client: { id: 'x' }, redirectUris: [], requestedScopes: [] };
  const full: Required<Profile> = {
    provider: 'custom',
    issuer: 'https://issuer.example',
    sandbox: 'http://127.0.0.1:8977',
    client: { id: 'x', secret: new Secret('s') },
    redirectUris: [],
    requestedScopes: [],
    withoutEmail: true,
    loginHint: 'somebody',
    tokens,
    refreshStartedAt: new Date(0),
    grantEndedAt: new Date(0),
    grantEndedReason: 'It has ended.',
    keep: [],
    notified: [],
    pendingLogin: {
      ...{ state: new Secret('s'), verifier: new Secret('v'), redirectUri: 'http://127.0.0.1:1/' },
      ...{ begunAt: new Date(0), expiresAt: new Date(0), profile: request },
    },
    extra: {},
  };

  test('has a row for each field of a file, in its order, and no other row', () => {
    const { source } = pageAt('docs/file-format.md');
    const fields = rowsOf(source.slice(source.indexOf('## Fields'), source.indexOf('## Guarantees')));
    const named = fields.slice(2).map(([name = '']) => name.replaceAll('`', ''));
    expect(named).toEqual(Object.keys(JSON.parse(encodeProfile(full))));
  });

  test('has an example that can be read', () => {
    const example = pageAt('docs/file-format.md').blocks.find(({ language }) => language === 'json')?.text ?? '';
    const profile = decodeProfile(Buffer.from(example), 'the example');
    expect(JSON.parse(encodeProfile(profile))).toEqual(JSON.parse(example));
  });
});

test('the library has at most 25 exports, types among them', () => {
  const names = [...readFileSync('src/index.ts', 'utf8').matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(
    ([, list = '']) => list.split(',').filter((name) => name.trim() !== ''),
  );
  expect(names.length).toBeGreaterThan(Object.keys(library).length);
  expect(names.length).toBeLessThanOrEqual(25);
});

test('docs/library.md has an example of every export, and of nothing else', () => {
  const examples = pageAt('docs/library.md').blocks.filter(({ language }) => language === 'js');
  const imported = examples.flatMap(
    ({ text }) => /import \{([^}]*)\} from 'fitbit-login'/.exec(text)?.[1]?.split(',') ?? [],
  );
  expect([...new Set(imported.map((name) => name.trim()))].sort()).toEqual(Object.keys(library).sort());
});

describe('docs/security.md', () => {
  const rows = rowsOf(pageAt('docs/security.md').source).filter((cells) => cells.at(-1)?.includes('](../test/'));
  /** Files and titles: `[label](../test/flow/x.test.ts "a part of the title")`. */
  const testsOf = (cells: readonly string[]) =>
    [...(cells.at(-1) ?? '').matchAll(/\]\(\.\.\/(test\/[^)\s]+)(?: "([^"]+)")?\)/g)].map(([, path = '', title]) => ({
      path,
      title,
    }));

  test('names the specifications one by one', () => {
    const numbers = rows.map(([number]) => Number(number)).filter((number) => !Number.isNaN(number));
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test.each(rows.map((cells) => [cells[0] ?? '', testsOf(cells)] as const))(
    '%s: has the tests that are named',
    (what, tests) => {
      expect(tests).not.toEqual([]);
      // Of a specification its number stands in a title, of an attack the title itself is named.
      const isMissing = ({ path, title }: (typeof tests)[number]) => {
        const source = readFileSync(path, 'utf8');
        if (/^\d+$/.test(what)) return !new RegExp(`§${what}(?!\\d)`).test(source);
        return title === undefined || !source.includes(title);
      };
      expect(tests.filter(isMissing)).toEqual([]);
    },
  );

  test('has a test for each row of its tables', () => {
    const all = rowsOf(pageAt('docs/security.md').source).filter(([first = '']) => !/^(-+|from|§)$/.test(first));
    expect(all.length).toBe(rows.length);
  });
});

/** Where a message is put together of parts that differ from case to case. */
const SEAMS = /…|: |^Can(?:not|'t) |^fitbit-login: |Fitbit(?=[ '])|Google Health|\d+/;

test('docs/troubleshooting.md quotes the program’s own messages', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  // As it is written in the program, with its strings that go over several lines in one.
  const said = sources
    .map((path) => readFileSync(join('src', path), 'utf8'))
    .join('\n')
    .replace(/[`'"] \+\s+[`'"]/g, '');
  const quotes = pageAt('docs/troubleshooting.md').source.match(/^> .+$/gm) ?? [];
  const parts = quotes.flatMap((quote) => quote.slice(2).split(SEAMS));
  expect(parts.map((part) => part.trim()).filter((part) => part.length > 5 && !said.includes(part))).toEqual([]);
});
