import { DotenvText } from './dotenv-text.ts';
import { refusal } from './refusal.ts';

/** A file's content by its syntax, before it is known whose it is. */
export type Document =
  | { readonly kind: 'json'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'dotenv'; readonly values: DotenvText };

/** Far more than any of the files is long, in UTF-16 units. */
const MAX_LENGTH = 1024 * 1024;

/** Deeper than any file that people keep, and shallow enough for every program that reads it after us. */
const MAX_DEPTH = 100;

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Tells JSON from dotenv and parses it.
 * @throws AuthError `USAGE` when it is empty, binary, longer than 1 MiB, damaged or nested too deep, and for files that are
 *   known and are not for this.
 */
export function parseDocument(content: string): Document {
  if (content.length > MAX_LENGTH) throw refusal('it is larger than 1 MiB');
  // A byte that is not UTF-8 has become U+FFFD on the way here, and could not be written back as it was.
  if (/[\0\ufffd]/.test(content)) throw refusal('it is binary, or a text that is not UTF-8');
  const { text } = splitMark(content);
  if (text.trim() === '') throw refusal('it is empty');
  if (!/^\s*[{["]/.test(text)) return { kind: 'dotenv', values: new DotenvText(text) };
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusal('it is JSON, but not an object');
  if (isDeeperThan(value, MAX_DEPTH)) throw refusal(`it is JSON nested deeper than ${MAX_DEPTH} levels`);
  return { kind: 'json', fields: Object.fromEntries(Object.entries(value)) };
}

/** A text without its byte order mark, and the mark, so that it can be put back. */
export function splitMark(content: string): { readonly mark: string; readonly text: string } {
  const mark = content.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  return { mark, text: content.slice(mark.length) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refusal(`it begins like JSON, but ${describeDamage(text, error)}`);
  }
}

/** Where JSON is damaged. Of V8's message only the position is used: the rest may quote the text. */
function describeDamage(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? Number.NaN);
  if (position >= text.trimEnd().length || message.startsWith('Unexpected end')) return 'it is cut off';
  if (Number.isNaN(position)) return 'it is damaged';
  const before = text.slice(0, position).split('\n');
  return `it is damaged at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

/** Level by level, for a walk that calls itself would end where the stack does. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
