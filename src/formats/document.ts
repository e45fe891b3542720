import { parse as parseToml } from 'smol-toml';
import type { AuthError } from '../errors.ts';
import { FILE_PROBLEMS, unusableFile } from '../messages.ts';
import { readLines } from './dotenv.ts';

/** One way to read a text: as what, and what it then holds. */
export interface Document {
  /** For people: "JSON". */
  readonly syntax: string;
  readonly value: unknown;
}

/** Far more than any of the files is long, in bytes or UTF-16 units. */
const MAX_LENGTH = 1024 * 1024;

const BYTE_ORDER_MARK = '\ufeff';

/** The text of a file in UTF-8 or UTF-16, by its mark or by its content. Bytes that are neither become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  // Text of these formats begins with ASCII, every other byte of which is zero in UTF-16.
  const head = bytes.subarray(0, 16);
  const isZero = (odd: number) => head.length > 3 && head.every((byte, at) => (byte === 0) === (at % 2 === odd));
  if (isZero(1)) return new TextDecoder('utf-16le').decode(bytes);
  if (isZero(0)) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** A text without its byte order mark, and the mark, so that it can be put back. */
export function splitMark(content: string): { readonly mark: string; readonly text: string } {
  const mark = content.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  return { mark, text: content.slice(mark.length) };
}

/**
 * The text of a content that can be read at all.
 * @throws AuthError `USAGE` when it is empty, binary or longer than 1 MiB; with the command that converts it, where there is one
 */
export function textOf(content: string | Uint8Array): string {
  if (content.length > MAX_LENGTH) throw unusableFile(...FILE_PROBLEMS.tooLarge);
  const { text } = splitMark(typeof content === 'string' ? content : decodeText(content));
  for (const [pattern, what, hint] of CONVERTED) if (pattern.test(text)) throw unusableFile(what, hint);
  // A byte that is not UTF-8 has become U+FFFD, and could not be written back as it was.
  if (/[\0\ufffd]/.test(text)) throw unusableFile(...FILE_PROBLEMS.notText);
  if (text.trim() === '') throw unusableFile(...FILE_PROBLEMS.empty);
  return text;
}

const PYTHON_DICT = [
  'it is a Python dict, not JSON',
  'Convert it: `python3 -c "import ast, json, sys; print(json.dumps(ast.literal_eval(sys.stdin.read())))" < FILE | fitbit-login import -`',
] as const;

/** What other programs keep in a form of their own, recognised by how it begins, and the command that makes JSON of it. */
const CONVERTED: readonly (readonly [RegExp, string, string])[] = [
  [
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how a pickle begins
    /^(?:[\u0080\ufffd][\u0002-\u0005]|\(dp?\d*\n|c(?:copy_?reg|google|oauthlib|__main__)[\w.]*\n)/,
    'it is a Python pickle',
    'If you made it yourself, convert it: `python3 -c "import json, pickle, sys; print(json.dumps(pickle.load(sys.stdin.buffer), default=lambda o: getattr(o, \'__dict__\', str(o))))" < FILE | fitbit-login import -`',
  ],
  [
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how gzip, and R's own formats begin
    /^(?:\u001f[\u008b\ufffd]|BZh\d|\ufffd7zXZ|RDX?[23A]\d?\n|[XA]\n[\0\d])/,
    "it is compressed, as R's httr and saveRDS write their files",
    'Convert it: `Rscript -e \'t <- readRDS("FILE"); if (!is.environment(t)) t <- t[[1]]; cat(jsonlite::toJSON(t$credentials, auto_unbox = TRUE))\' | fitbit-login import -`',
  ],
  [/^SQLite format 3/, 'it is a database', 'Use a text file with one sign-in.'],
];

/**
 * The ways in which a text can be read, the most likely first. JSON is read as nothing else.
 * @throws AuthError `USAGE` for JSON that is damaged or nested too deep, and for a Python dict
 */
export function* documentsOf(text: string): Generator<Document> {
  const value = /^\s*[{["]/.test(text) ? parseJson(text) : undefined;
  if (value !== undefined) {
    yield { syntax: 'JSON', value };
    return;
  }
  // In INI and TOML a section stands in brackets, too; a quote may begin any line.
  if (/^\s*\{/.test(text) || /^\s*\[(?![^\]\n]*\]+[ \t]*(?:[#;].*)?\r?(?:\n|$))/.test(text)) throw damaged(text);
  const sectioned = /^[ \t]*\[[^\n]*\][ \t]*(?:#.*)?$/m.test(text);
  if (sectioned || /=[ \t]*[{[]/.test(text)) {
    const toml = tomlOf(text);
    if (toml !== undefined) yield { syntax: 'TOML', value: toml };
  }
  yield { syntax: sectioned ? 'INI' : 'a dotenv file', value: readLines(text) };
  yield* insideText(text);
}

/** What a text holds between other words: a redirect's address or a form with tokens, or a JSON object. */
function* insideText(text: string): Generator<Document> {
  const word = text.trim();
  if (!/\s/.test(word) && /(?:^|[?#&])(?:access|refresh)_token=/.test(word)) {
    yield { syntax: 'an address', value: Object.fromEntries(new URLSearchParams(word.replace(/^[^?#]*[?#]/, ''))) };
  }
  const [start, end] = [text.indexOf('{'), text.lastIndexOf('}')];
  if (start === -1 || end < start) return;
  const value = parseJson(text.slice(start, end + 1));
  if (value !== undefined) yield { syntax: 'JSON', value };
}

/** The value of JSON, or of JSON line by line. */
export function parseJson(text: string): unknown {
  const lines = text.trim().split(/\r?\n/);
  const value = tryJson(text) ?? (lines.length > 1 && lines.length < 1000 ? listOf(lines) : undefined);
  if (isDeeperThan(value, MAX_DEPTH)) throw unusableFile(...FILE_PROBLEMS.tooDeep(MAX_DEPTH));
  return value;
}

function listOf(lines: readonly string[]): readonly unknown[] | undefined {
  const values = lines.map((line) => (line.startsWith('{') ? tryJson(line) : undefined));
  return values.every((value) => value !== undefined) ? values : undefined;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tomlOf(text: string): unknown {
  // An ID such as 23E456 is a number to TOML, and another one.
  if (/=[ \t]*\d[\d_]*[eE.]\d+[ \t]*(?:#.*)?$/m.test(text)) return undefined;
  try {
    const value = parseToml(text, { integersAsBigInt: true, maxDepth: MAX_DEPTH });
    return isDeeperThan(value, MAX_DEPTH) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** What is wrong with JSON, and where. Of V8's message only the position is used: the rest may quote the text. */
export function damaged(text: string): AuthError {
  if (/^[\s[]*\{?\s*(?:u?'|"[^"]*"\s*:\s*(?:u?'|None|True|False))|[{,]\s*u?'\w+'\s*:/.test(text.slice(0, 2000))) {
    return unusableFile(...PYTHON_DICT);
  }
  let message = '';
  try {
    JSON.parse(text);
  } catch (error) {
    message = error instanceof Error ? error.message : '';
  }
  const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? Number.NaN);
  if (position >= text.trimEnd().length || message.startsWith('Unexpected end'))
    return unusableFile(...FILE_PROBLEMS.truncatedJson);
  if (Number.isNaN(position)) return unusableFile(...FILE_PROBLEMS.invalidJson(''));
  const before = text.slice(0, position).split('\n');
  const where = `: line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  return unusableFile(...FILE_PROBLEMS.invalidJson(where));
}

/** Deeper than any file that people keep, and shallow enough for every program that reads it after us. */
const MAX_DEPTH = 100;

/** Level by level, for a walk that calls itself would end where the stack does. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
