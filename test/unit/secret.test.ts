import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact, Secret } from '../../src/secret.ts';

const VALUE = 'the-value-nobody-may-see';

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

  test('is revealed, and compared, on purpose only', () => {
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

  test('never holds anything shaped as a credential, though nobody named it', () => {
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

  test('is otherwise as it was', () => {
    expect(redact('The user denied the request.')).toBe('The user denied the request.');
  });
});
