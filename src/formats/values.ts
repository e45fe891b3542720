import { unusableValue } from '../messages.ts';
import { Secret } from '../secret.ts';

// What is typed, imported or taken from the environment is cleaned here, for every field and every source alike.

/** The values that have a strict shape, as a sentence names them. */
export type ValueKind = 'client ID' | 'client secret' | 'access token' | 'refresh token';

export interface ValueOptions {
  /** Whether spaces and letters beyond ASCII may stand in it: the secret of a custom provider. Default `false`. */
  readonly anyPrintable?: boolean;
}

const QUOTES = ['""', "''", '``', '“”', '‘’'];
/** White space, and the characters without width that copying brings along. */
const SPACE = /[\s\u200b-\u200d\u2060]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const VISIBLE_ASCII = /^[\x21-\x7e]*$/;

/** `text` without white space at its ends, one pair of quotes, and `Bearer ` before a token. */
export function tidy(text: string, kind?: ValueKind): string {
  let value = trim(text);
  if (value.length > 1 && QUOTES.includes(`${value[0]}${value.at(-1)}`)) value = trim(value.slice(1, -1));
  return kind?.endsWith('token') ? value.replace(/^bearer\s+/i, '') : value;
}

/** Why a tidied value cannot be what it should be, going on after the field's name; `undefined` where it can. */
export function problemOf(kind: ValueKind, value: string, { anyPrintable = false }: ValueOptions = {}) {
  if (value === '') return 'is empty';
  if (CONTROL.test(value)) return 'has control characters in it';
  if (value.startsWith('<') && value.endsWith('>')) return 'is a placeholder';
  if (kind === 'client secret' && /^[[{]/.test(value)) return 'looks like a JSON document';
  if (anyPrintable) return undefined;
  if (/\s/.test(value)) return 'has spaces in it';
  if (!VISIBLE_ASCII.test(value)) return 'has characters that are not ASCII';
  return kind === 'client ID' && value.length > 255 ? 'is too long' : undefined;
}

/**
 * The value, cleaned.
 * @param source where it comes from, in a sentence: "in FITBIT_CLIENT_SECRET", "in the file (access_token)"
 * @throws AuthError `USAGE`, with field and source and never the value
 */
export function cleanValue(kind: ValueKind, text: string, source: string, options?: ValueOptions): string {
  const value = tidy(text, kind);
  const problem = problemOf(kind, value, options);
  if (problem === undefined) return value;
  throw unusableValue(kind, source, problem);
}

/** As {@link cleanValue}, for what must not be shown. @throws AuthError `USAGE` */
export function cleanSecret(kind: ValueKind, text: string, source: string, options?: ValueOptions): Secret {
  return new Secret(cleanValue(kind, text, source, options));
}

/** Something that is shown and stored, such as a user ID: a number or a word; `undefined` for anything else. */
export function readWord(value: unknown): string | undefined {
  if (typeof value !== 'string' && !Number.isSafeInteger(value) && typeof value !== 'bigint') return undefined;
  const word = tidy(String(value));
  return word !== '' && word.length <= 255 && VISIBLE_ASCII.test(word) ? word : undefined;
}

/** Far more than all scopes of a provider are long. */
const MAX_SCOPES = 10_000;

/**
 * Scopes in any spelling: a list, or one text separated by spaces, commas, semicolons or plus signs, also as Python prints a
 * list. `undefined` where there is something else in it than scopes can be made of (RFC 6749 §3.3).
 */
export function readScopes(value: unknown): readonly string[] | undefined {
  if (Array.isArray(value)) {
    const lists = value.map((item) => (typeof item === 'string' ? readScopes(item) : undefined));
    return lists.every((list) => list !== undefined) ? [...new Set(lists.flat())] : undefined;
  }
  if (typeof value !== 'string' || value.length > MAX_SCOPES) return undefined;
  const words = value
    .split(/[\s,;+|]+/)
    .map((word) => word.replace(/^[[({]*(?:u?['"])?|['"]?[\])}]*$/g, ''))
    .filter((word) => word !== '');
  return words.every((word) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word)) ? [...new Set(words)] : undefined;
}

const ISO = /^(\d{4}-\d\d-\d\d)[t ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,12}))?\s?(z|utc|gmt|[+-]\d\d(?::?\d\d)?)?$/i;
const HTTP_DATE = /^[a-z]{3}, \d\d? [a-z]{3} \d{4} \d\d:\d\d:\d\d (?:gmt|utc|[+-]\d{4})$/i;

/** Numbers below are a duration and no time (1973), and from the second on milliseconds, from the third microseconds. */
const [FIRST_SECOND, FIRST_MS, FIRST_US] = [1e8, 1e11, 1e14];

/**
 * A time in any form: seconds, milliseconds or microseconds since 1970, as a number or a text; ISO 8601 with an offset or,
 * without one, in UTC; HTTP's form. `undefined` for anything else, a duration for one.
 */
export function readTime(value: unknown): Date | undefined {
  if (value instanceof Date) return validDate(value.getTime());
  const number = readNumber(value);
  if (number !== undefined) {
    if (number < FIRST_SECOND) return undefined;
    return validDate(number < FIRST_MS ? number * 1000 : number < FIRST_US ? number : number / 1000);
  }
  if (typeof value !== 'string' || value.length > 64) return undefined;
  const text = tidy(value);
  const [, date, time, fraction = '0', zone = 'Z'] = ISO.exec(text) ?? [];
  if (date !== undefined && time !== undefined) {
    const offset = /^[+-]/.test(zone) ? zone.replace(/^([+-]\d\d):?(\d\d)?$/, (_, h, m = '00') => `${h}:${m}`) : 'Z';
    const at = validDate(Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}${offset}`));
    return at && new Date(at.getTime() + Math.floor(Number(`0.${fraction}`) * 1000));
  }
  return HTTP_DATE.test(text) ? validDate(Date.parse(text)) : undefined;
}

/** A duration in seconds; `undefined` for anything that is not one. */
export function readSeconds(value: unknown): number | undefined {
  const seconds = readNumber(value);
  return seconds !== undefined && seconds < FIRST_SECOND * 10 ? seconds : undefined;
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'bigint') return readNumber(String(value));
  const text = typeof value === 'string' ? tidy(value) : value;
  const number = typeof text === 'string' && /^\d{1,17}(?:\.\d{1,17})?$/.test(text) ? Number(text) : text;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function validDate(ms: number): Date | undefined {
  // Beyond the year 9999 a date has no RFC 3339 form.
  return ms >= -62_135_596_800_000 && ms < 253_402_300_800_000 ? new Date(ms) : undefined;
}

function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && SPACE.test(text[start] ?? '')) start += 1;
  while (end > start && SPACE.test(text[end - 1] ?? '')) end -= 1;
  return text.slice(start, end);
}
