import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newAuthorization } from '../../src/oauth/authorization.ts';
import { type PasteReason, validatePastedCallback } from '../../src/oauth/pasted-callback.ts';
import type { AuthorizationServer } from '../../src/oauth/server.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { googleHealth } from '../../src/providers/google-health.ts';
import { runs } from '../extent.ts';

const FITBIT = fitbit().server;
const GOOGLE = googleHealth().server;
const PLAIN: AuthorizationServer = { ...FITBIT, name: 'Plain', checksPkce: false };
const NAMED: AuthorizationServer = { ...FITBIT, issuer: 'https://issuer.example', issAlwaysSent: true };
const ADDRESS = 'http://127.0.0.1:8976/callback';
const HEX = '0123456789abcdef0123456789abcdef01234567';
const SLASHED = '4/0AbCdEfGhIjKlMnOpQrStUvWxYz_-0123456789';

const pending = newAuthorization();
const STATE = pending.state.reveal();

/** `STATE` stands for the right one. */
function validated(text: string, server = FITBIT, redirectUri = ADDRESS) {
  const result = validatePastedCallback(
    { server, client: { id: '23ABCD' }, pending, redirectUri },
    text.replaceAll('STATE', STATE),
  );
  if (result.kind === 'granted') return `granted ${result.parameters.get('code')}`;
  if (result.kind === 'refused') return `refused ${result.error.code}`;
  return result.kind === 'wrong' ? result.reason : result.kind;
}

describe('accepted pastes', () => {
  test.each([
    ['the whole address', `${ADDRESS}?code=${HEX}&state=STATE`],
    ['with Fitbit’s fragment', `${ADDRESS}?code=${HEX}&state=STATE#_=_`],
    ['without http://, as browsers show it', `127.0.0.1:8976/callback?code=${HEX}&state=STATE`],
    ['the query', `?code=${HEX}&state=STATE#_=_`],
    ['the query without its mark', `state=STATE&code=${HEX}`],
    ['what stands behind code=', `${HEX}&state=STATE#_=_`],
    ['the code alone', HEX],
    ['the code with the fragment', `${HEX}#_=_`],
    ['the code as a parameter', `code=${HEX}`],
    ['the address without its state, cut off', `${ADDRESS}?code=${HEX}&sta`],
    ['without http://, cut off', `127.0.0.1:8976/callback?code=${HEX}&sta`],
    ['in quotes', `"${ADDRESS}?code=${HEX}&state=STATE"\n`],
    ['in backticks and spaces', `  \`${HEX}\`\t\r\n`],
    ['in angle brackets', `<${ADDRESS}?code=${HEX}&state=STATE#_=_>`],
    ['in typographic quotes', `“${HEX}”`],
    ['as https, which a browser made of it', `https://127.0.0.1:8976/callback?code=${HEX}&state=STATE`],
    ['in a sentence', `I was sent to ${ADDRESS}?code=${HEX}&state=STATE, and then?`],
    ['in a sentence, without http://', `it says 127.0.0.1:8976/callback?code=${HEX}&state=STATE#_=_ up there.`],
    ['in Markdown', `[sign-in](${ADDRESS}?code=${HEX}&state=STATE)`],
    ['in Markdown, twice', `[${ADDRESS}?code=${HEX}&state=STATE](${ADDRESS}?code=${HEX}&state=STATE)`],
    ['in HTML', `<a href="${ADDRESS}?code=${HEX}&state=STATE#_=_">here</a>`],
    [
      'in a safe link',
      `https://eur03.safelinks.example/?url=${encodeURIComponent(ADDRESS)}%3Fcode%3D${HEX}%26state%3DSTATE%23_%3D_&data=05%7C01&reserved=0`,
    ],
    ['in the path of a safe link', `https://urldefense.example/v3/__${ADDRESS}?code=${HEX}&state=STATE__;!!AbC_$`],
    ['in two kinds of quotes', `<"${HEX}">`],
    ['in a sentence that asks', `Is it ${ADDRESS}?code=${HEX}&state=STATE?!`],
    ['in Markdown, bold', `**${ADDRESS}?code=${HEX}&state=STATE**`],
    ['broken into lines in its code', `${ADDRESS}?state=STATE&code=${HEX.slice(0, 9)}\n${HEX.slice(9)}`],
    ['as long as can be', HEX.padStart(16 * 1024)],
    ['broken into lines by a terminal', `${ADDRESS}?code=${HEX.slice(0, 9)}\r\n${HEX.slice(9)}&sta\n  te=STATE`],
  ])('%s', (_name, text) => {
    expect(validated(text)).toBe(`granted ${HEX}`);
  });

  test.each([
    SLASHED,
    encodeURIComponent(SLASHED),
    `${ADDRESS}?state=STATE&code=${encodeURIComponent(SLASHED)}&scope=https://www.googleapis.com/auth/x`,
    `${SLASHED}&scope=x`,
  ])('a Google code, encoded or not: %s', (text) => {
    expect(validated(text, GOOGLE)).toBe(`granted ${SLASHED}`);
  });

  test.each(['http://[::1]:8976/callback', 'http://localhost:8976/callback', 'http://127.0.0.1/', 'http://127.0.0.1'])(
    'with the redirect URI %s, with and without http://',
    (redirectUri) => {
      const query = `?code=${HEX}&state=STATE`;
      expect(validated(redirectUri + query, FITBIT, redirectUri)).toBe(`granted ${HEX}`);
      expect(validated(redirectUri.replace('http://', '') + query, FITBIT, redirectUri)).toBe(`granted ${HEX}`);
      expect(validated(redirectUri.replace('http', 'https') + query, FITBIT, redirectUri)).toBe(`granted ${HEX}`);
      expect(validated(`It says ${redirectUri}${query}.`, FITBIT, redirectUri)).toBe(`granted ${HEX}`);
    },
  );

  test('a denial, with and without state: only the user can paste', () => {
    for (const query of ['?error=access_denied&state=STATE', '?error=access_denied#_=_', 'error=access_denied'])
      expect(validated(query)).toBe('refused DENIED');
    expect(validated(`${ADDRESS}?error=access_denied&state=other`)).toBe('wrong-state');
  });

  test('an empty paste is not an error', () => {
    for (const text of ['', ' \n', '""', '#_=_']) expect(validated(text)).toBe('nothing');
  });
});

describe('rejected pastes, and why', () => {
  test.each<readonly [PasteReason, string]>([
    ['unreadable', 'hello'],
    ['unreadable', 'I pressed Allow and then?'],
    ['unreadable', `${HEX}0`],
    ['unreadable', `${ADDRESS}?code=4%2&state=STATE`],
    ['unreadable', 'http://[127.0.0.1/'],
    ['unreadable', HEX.padStart(16 * 1024 + 1)],
    ['unreadable', `${HEX.slice(0, 9)}"${HEX.slice(9)}`],
    ['sign-in-page', `${FITBIT.authorizationEndpoint}?client_id=23ABCD&state=STATE&code=${HEX}`],
    ['sign-in-page', 'https://www.fitbit.com/login'],
    ['other-address', `http://127.0.0.1:8977/callback?code=${HEX}&state=STATE`],
    ['other-address', `http://127.0.0.1:8976/callback/?code=${HEX}&state=STATE`],
    ['other-address', `ftp://127.0.0.1:8976/callback?code=${HEX}&state=STATE`],
    ['unreadable', `See [this](http://127.0.0.1:8976/callback?code=${HEX}&state=other).`],
    ['other-address', `See http://127.0.0.1:8977/callback?code=${HEX}&state=STATE .`],
    ['other-address', `http://localhost:8976/callback?code=${HEX}&state=STATE`],
    ['other-address', `http://:x@127.0.0.1:8976/callback?code=${HEX}&state=STATE`],
    ['other-address', `http://x@127.0.0.1:8976/callback?code=${HEX}&state=STATE`],
    ['other-address', `https://evil.example/?code=${HEX}`],
    ['no-answer', ADDRESS],
    ['no-answer', `${ADDRESS}?state=STATE`],
    ['no-answer', 'code='],
    ['no-answer', 'code=secret'],
    ['no-answer', 'client_id=23ABCD'],
    ['repeated-parameter', `?code=${HEX}&code=${HEX}`],
    ['repeated-parameter', `?code=${HEX}&state=STATE&state=STATE`],
    ['wrong-state', `${ADDRESS}?code=${HEX}&state=other`],
    ['wrong-state', `?code=${HEX}&state=`],
    ['wrong-state', `?code=${HEX}&state=${STATE.slice(0, -1)}`],
    ['other-issuer', `?code=${HEX}&state=STATE&iss=https%3A%2F%2Fevil.example`],
    ['other-issuer', `?code=${HEX}&iss=https%3A%2F%2Fevil.example`],
  ])('%s: %s', (reason, text) => {
    expect(validated(text)).toBe(reason);
  });

  test('a code alone, if the server may not enforce PKCE or always sends iss', () => {
    for (const server of [PLAIN, NAMED]) {
      for (const text of [HEX, `code=${HEX}`, `${ADDRESS}?code=${HEX}`])
        expect(validated(text, server)).toBe('code-alone');
    }
    expect(validated(`?code=${HEX}&state=STATE`, PLAIN)).toBe(`granted ${HEX}`);
    expect(validated(`?code=${HEX}&state=STATE&iss=https://issuer.example`, NAMED)).toBe(`granted ${HEX}`);
    expect(validated(`?code=${HEX}&state=STATE`, NAMED)).toBe('other-issuer');
  });

  test('with an unknown code format, only a long run of characters is a code', () => {
    const { codeShape: _, ...server } = FITBIT;
    for (const text of ['hello', 'x'.repeat(15), `!${HEX}`, `${HEX}!`, 'what is this?', '<script>alert(1)</script>'])
      expect(validated(text, server)).toBe('unreadable');
    expect(validated('SplxlOBeZQQYbYS6WxSbIA', server)).toBe('granted SplxlOBeZQQYbYS6WxSbIA');
  });
});

describe('laws', () => {
  const quote = fc.constantFrom('', '"', "'", '`', '“', '<');
  const spaces = fc.stringMatching(/^[ \t\r\n\u00a0]{0,4}$/);
  /** The same text with spaces and line breaks anywhere in it. */
  const wrapped = (text: string) =>
    fc
      .array(fc.tuple(fc.nat(text.length), fc.constantFrom('\n', '\r\n', ' \n', '\n    ')), { maxLength: 4 })
      .map((breaks) =>
        breaks
          .sort(([one], [other]) => other - one)
          .reduce((shown, [at, mark]) => shown.slice(0, at) + mark + shown.slice(at), text),
      );
  const decorated = (text: string) =>
    fc
      .tuple(wrapped(text), quote, spaces, spaces)
      .map(([body, mark, before, after]) => before + mark + body + (mark === '<' ? '>' : mark) + after);
  const fitbitCode = fc.stringMatching(/^[0-9a-f]{40}$/);
  const googleCode = fc.stringMatching(/^4\/0A[\w-]{30,90}$/);
  const answers = (code: string) => {
    const encoded = encodeURIComponent(code);
    const query = fc
      .shuffledSubarray([`code=${encoded}`, `state=${STATE}`, 'scope=a%20b+c', 'authuser=0'], { minLength: 4 })
      .map((parts) => parts.join('&'));
    const form = fc
      .tuple(query, fc.constantFrom(`${ADDRESS}?`, `${ADDRESS.slice(7)}?`, '?', ''))
      .map(([q, at]) => at + q);
    const alone = fc.constantFrom(code, encoded, `code=${encoded}`);
    return fc.tuple(fc.oneof(form, alone), fc.constantFrom('', '#', '#_=_')).map(([text, fragment]) => text + fragment);
  };

  test.each([
    ['Fitbit', FITBIT, fitbitCode],
    ['Google', GOOGLE, googleCode],
  ] as const)('any valid response of %s is accepted, with text around it', (_name, server, codes) => {
    const cases = codes.chain((code) => fc.tuple(fc.constant(code), answers(code).chain(decorated)));
    fc.assert(
      fc.property(cases, ([code, text]) => {
        expect(validated(text, server)).toBe(`granted ${code}`);
      }),
      { numRuns: runs(1_000) },
    );
  });

  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(ADDRESS, '?', '&', '=', 'code=', 'state=', 'error', 'iss=', '#_=_', '%', '://', 'STAT', '\n', '"'),
    fc.stringMatching(/^[0-9a-f]{0,39}$/),
    fc.constant(STATE.slice(1)),
    fc.constantFrom(FITBIT.authorizationEndpoint, 'https://evil.example/', '127.0.0.1:8976/callback'),
  );

  test('nothing is granted without the right state or the format of a code', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        fc.pre(!text.includes(STATE) && !/[0-9a-f]{40}/.test(text.replace(/\W/g, '')));
        expect(validated(text)).not.toMatch(/^granted/);
      }),
      { numRuns: runs(3_000) },
    );
  });

  test('nothing is granted without the right state if PKCE may not be enforced', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fitbitCode), { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        fc.pre(!text.includes(STATE));
        expect(validated(text, PLAIN)).not.toMatch(/^granted/);
      }),
      { numRuns: runs(3_000) },
    );
  });
});
