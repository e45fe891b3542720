import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { colorsFor, commandsIn, terminalText, toJson } from '../../src/cli/output.ts';
import { Messages } from '../../src/cli/progress.ts';
import { introspect } from '../../src/oauth/introspection.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { redact, Secret } from '../../src/secret.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ACTED_ON = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** A title, a moved cursor, a link, a bell, C1's CSI, and a turned direction. */
const HOSTILE = [
  '\u001b]0;owned\u0007',
  '\u001b[2J',
  '\u001b]8;;http://evil\u001b\\',
  '\u0007',
  '\u009b2J',
  '\u202egnp.exe',
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
  test('of any text, nothing is left that a terminal acts on, but line breaks and tabs', () => {
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
    const messages = new Messages(stream, {}, colorsFor({}, {}));
    messages.say(`the file ${nasty} is not there`);
    messages.stream.write(`{"line":"${nasty}"}\n`);
    expect(written).toMatch(/^the file .* is not there\n\{"line":".*"\}\n$/);
    expect(written).not.toMatch(ACTED_ON);
  });

  test.each(HOSTILE)('what an introspection, a JWT or an error text says: %j', async (nasty) => {
    const claims = { active: true, sub: `a${nasty}b`, scope: `sleep ${nasty}` };
    const server = { ...fitbit().server, introspectionEndpoint: 'https://issuer.example/introspect' };
    const request = { token: new Secret('t'), authentication: 'bearer' } as const;
    const response = await introspect(server, { id: 'a' }, request, { fetch: async () => Response.json(claims) });
    expect(response.active ? Object.values(response.claims).join('') : ACTED_ON.source).not.toMatch(ACTED_ON);
    const payload = Buffer.from(JSON.stringify({ sub: `a${nasty}`, scopes: 'rsle', iat: 1, exp: 2 })).toString(
      'base64url',
    );
    expect(fitbit().readAccessToken?.(`h.${payload}.s`)).toBeUndefined();
    expect(redact(`refused ${nasty}`)).not.toMatch(ACTED_ON);
  });
});
