import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact, Secret } from '../../src/secret.ts';

const VALUE = 'the-secret-value';

describe('a secret', () => {
  const secret = new Secret(VALUE);

  test.each<readonly [string, () => string]>([
    ['a template', () => `${secret}`],
    ['concatenation', () => `so: ${String(secret)}`],
    ['JSON', () => JSON.stringify({ nested: { secret } })],
    ['inspect', () => inspect({ nested: [secret] }, { depth: 9, showHidden: true })],
    ['format', () => format('%s %o %j', secret, secret, secret)],
    ['its keys', () => Object.entries(secret).join()],
    ['a spread', () => JSON.stringify({ ...secret })],
    ['an error', () => inspect(new Error('failed', { cause: secret }))],
    ['structuredClone', () => inspect(structuredClone(secret))],
  ])('does not print through %s', (_name, print) => {
    expect(print()).not.toContain(VALUE);
  });

  test('prints as [secret]', () => {
    for (const shown of [`${secret}`, JSON.parse(JSON.stringify(secret)), inspect(secret)])
      expect(shown).toBe('[secret]');
  });

  test('is revealed and compared only on purpose', () => {
    expect(secret.reveal()).toBe(VALUE);
    expect(secret.equals(new Secret(VALUE))).toBe(true);
    expect(secret.equals(new Secret('another'))).toBe(false);
    expect(secret.equals(undefined)).toBe(false);
  });
});

describe('a provider’s text, redacted', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 100 });

  test('never holds a secret that was named, whatever is around it', () => {
    const marked = fc.stringMatching(/^MARK[A-Za-z0-9+/=._~ -]{4,60}$/);
    fc.assert(
      fc.property(text, marked, text, fc.boolean(), (before, mark, after, wrapped) => {
        const shown = redact(`${before}${mark}${after}${mark}`, [wrapped ? new Secret(mark) : mark, undefined, '']);
        expect(shown).not.toContain(mark);
      }),
    );
  });

  test('never holds anything in the format of a credential, even if it was not registered as secret', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{40,64}$/);
    const jwt = fc.stringMatching(/^eyJ[A-Za-z0-9_-]{20}\.eyJ[A-Za-z0-9_-]{20}\.[A-Za-z0-9_-]{43}$/);
    fc.assert(
      fc.property(fc.oneof(hex, jwt), (credential) => {
        const shown = redact(`Refresh token invalid: ${credential}. Visit https://dev.fitbit.com/docs/oauth2`);
        expect(shown).not.toContain(credential);
        expect(shown).toBe('Refresh token invalid: [secret]. Visit https://dev.fitbit.com/docs/oauth2');
      }),
    );
  });

  test('holds no control character, no line break, no change of direction, and at most 300 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (given) => {
        const shown = redact(given);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
        expect(shown.length).toBeLessThanOrEqual(300);
      }),
    );
  });

  test('holds nothing of a longer secret that begins with a shorter one', () => {
    expect(redact('abcdef', ['abc', 'abcdef'])).toBe('[secret]');
    expect(redact('abcdef abc', ['abcdef', 'abc'])).toBe('[secret] [secret]');
  });

  test.each([
    ['the query of a URL', 'p%2Bss%20w%C3%B6rd%2F1'],
    ['the query of a URL, with escapes in lower case', 'p%2bss%20w%c3%b6rd%2f1'],
    ['a form', 'p%2Bss+w%C3%B6rd%2F1'],
    ['a form, with escapes in lower case', 'p%2bss+w%c3%b6rd%2f1'],
  ])('does not hold a secret in the form of %s', (_where, form) => {
    expect(redact(`Wrong secret: ${form}.`, ['p+ss wörd/1'])).toBe('Wrong secret: [secret].');
  });

  test('has one space for each run of control characters, and none at its ends', () => {
    expect(redact(' \u001b\u001b[31mThe user\r\n\u2028denied it.\n')).toBe('[31mThe user denied it.');
  });

  test('is truncated after 300 characters, with an ellipsis', () => {
    const text = 'ab '.repeat(100);
    expect(redact(`${text.slice(0, 299)}c`)).toBe(`${text.slice(0, 299)}c`);
    expect(redact(`${text}cd`)).toBe(`${text.slice(0, 299)}…`);
  });

  test('is otherwise unchanged', () => {
    for (const text of ['The user denied the request.', '', 'undefined'])
      expect(redact(text, [undefined, ''])).toBe(text);
  });
});
