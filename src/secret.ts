import { inspect } from 'node:util';

/**
 * A token, code, verifier or client secret that cannot print by accident: string conversion, JSON and `util.inspect`
 * all give `[secret]`. Only {@link Secret.reveal} gives the value.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the wire or the file. */
  reveal(): string {
    return this.#value;
  }

  equals(other: Secret | undefined): boolean {
    return other !== undefined && this.#value === other.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

// JWTs, hex and base64url runs long enough to be a credential.
const CREDENTIAL_SHAPED = /[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|[A-Za-z0-9_~+-]{32,}/g;

// Terminal escapes, line breaks, and marks that turn the direction of a text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

/** Text of others as one line that a terminal only shows: spaces in the place of control characters and marks of direction. */
export function printable(text: string): string {
  return text.replace(CONTROL, ' ');
}

/**
 * A provider's free text, made fit to show: the given secrets, in every form in which they are sent, and anything shaped like
 * a credential become `[secret]`, control characters (terminal escapes, line breaks) become spaces, and the length is limited
 * to 300 characters.
 */
export function redact(text: string, secrets: readonly (Secret | string | undefined)[] = []): string {
  const values = secrets
    .map((secret) => (secret instanceof Secret ? secret.reveal() : (secret ?? '')))
    .filter((value) => value !== '')
    .flatMap((value) => [value, ...encodedForms(value)])
    // Longest first: one that begins another must not leave the rest of it standing.
    .sort((a, b) => b.length - a.length);
  let shown = text;
  for (const value of values) shown = shown.replaceAll(value, '[secret]');
  shown = printable(shown.replace(CREDENTIAL_SHAPED, '[secret]')).trim();
  return shown.length > 300 ? `${shown.slice(0, 299)}…` : shown;
}

/** As in a URL and as in a form, with the escapes in either case. */
function encodedForms(value: string): readonly string[] {
  const forms = [
    encodeURIComponent(Buffer.from(value).toString()),
    new URLSearchParams([['', value]]).toString().slice(1),
  ];
  return forms.flatMap((form) => [form, form.replace(/%[\dA-F]{2}/g, (hex) => hex.toLowerCase())]);
}
