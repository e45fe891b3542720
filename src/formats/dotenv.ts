import { FILE_PROBLEMS, unusableFile } from '../messages.ts';

/** One `NAME=value` of the text; `lead + value + rest` is its source. */
interface Assignment {
  readonly name: string;
  /** Everything up to the value: spaces, `export`, the name, the equals sign. */
  readonly lead: string;
  /** As written, with its quotes. */
  readonly value: string;
  /** A comment and the line break. */
  readonly rest: string;
}

/** A comment, an empty line, or a line that is none of ours to understand: kept as it is. */
interface OtherLine {
  readonly rest: string;
}

const NAME = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*/y;
// As in Node's own parser, a quoted value may go over several lines, and an unclosed quote is part of the value.
const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`/y;
const LINE = /[^\n]*(?:\n|$)/y;

/** A dotenv file, line by line, so that what is not replaced stays as it is, to the byte. */
export class DotenvText {
  readonly #lines: readonly (Assignment | OtherLine)[];

  constructor(text: string) {
    this.#lines = [...linesOf(text)];
  }

  /**
   * The text with the values of `changes` in place of its own. Missing names are added at the end, with `export` where
   * the last assignment has it. An empty value empties a line that is there, and adds none.
   * @throws AuthError `USAGE` for a value that every reader of such files would read differently.
   */
  with(changes: ReadonlyMap<string, string>): string {
    const present = this.#assignments();
    const names = new Set(present.map(({ name }) => name));
    const exported = /^[ \t]*export[ \t]+/.exec(present.at(-1)?.lead ?? '')?.[0] ?? '';
    const style = present.at(-1)?.value ?? '';
    const lines = this.#lines.map((line) => {
      const value = 'name' in line ? changes.get(line.name) : undefined;
      if (!('name' in line) || value === undefined) return sourceOf(line);
      // Node 22 and later take the next line for the value if there are only spaces before the line break.
      const lead = value === '' ? line.lead.trimEnd() : line.lead;
      return `${lead}${encode(line.name, value, line.value)}${tidy(line.rest)}`;
    });
    const added = [...changes]
      .filter(([name, value]) => value !== '' && !names.has(name))
      .map(([name, value]) => `${exported}${name}=${encode(name, value, style)}`);
    return joined(lines.join(''), added);
  }

  #assignments(): readonly Assignment[] {
    return this.#lines.filter((line) => 'name' in line);
  }
}

/** Puts lines at the end, with the text's own line break, and without one at the very end where it had none. */
function joined(text: string, added: readonly string[]): string {
  if (added.length === 0) return text;
  const lineBreak = /\r?\n/.exec(text)?.[0] ?? '\n';
  const block = added.join(lineBreak);
  if (text === '' || text.endsWith('\n')) return `${text}${block}${lineBreak}`;
  return `${text}${lineBreak}${block}`;
}

function* linesOf(text: string, pattern = NAME): Generator<Assignment | OtherLine> {
  for (let at = 0; at < text.length; ) {
    const lead = matchAt(pattern, text, at);
    const value = lead === undefined ? '' : valueAt(text, at + lead[0].length);
    const before = (lead?.[0].length ?? 0) + value.length;
    const rest = matchAt(LINE, text, at + before)?.[0] ?? '';
    yield lead?.[1] === undefined ? { rest } : { name: lead[1], lead: lead[0], value, rest };
    at += before + rest.length;
  }
}

function valueAt(text: string, at: number): string {
  const quoted = matchAt(QUOTED, text, at)?.[0];
  if (quoted !== undefined) return quoted;
  const line = matchAt(LINE, text, at)?.[0] ?? '';
  const comment = line.search(/(?<![^ \t])#/);
  return (comment === -1 ? line : line.slice(0, comment)).trimEnd();
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function sourceOf(line: Assignment | OtherLine): string {
  return 'name' in line ? line.lead + line.value + line.rest : line.rest;
}

/** What follows a new value: of an unreadable line only the line break, and never a comment that has grown onto the value. */
function tidy(rest: string): string {
  if (!/^[ \t]*(?:#[^\n]*)?\r?\n?$/.test(rest)) return /\r?\n$/.exec(rest)?.[0] ?? '';
  return rest.startsWith('#') ? ` ${rest}` : rest;
}

// As people write settings: after a shell's `export` or PowerShell's `$env:`, in a list, in quotes, with a colon.
const SETTING =
  /[ \t]*(?:-[ \t]+)?(?:export[ \t]+|set[ \t]+|\$env:|Environment=)?["']?([A-Za-z_][\w.-]*(?: [\w.-]+){0,2})["']?[ \t]*[=:][ \t]*/y;
const SECTION = /^[ \t]*\[+[ \t]*["']?([^\]"'\r\n]{1,100}?)["']?[ \t]*\]+[ \t]*(?:[#;].*)?\r?\n?$/;

/** The settings of a text by line (dotenv, INI, simple YAML), those of a section in an object of their own. */
export function readLines(text: string): Readonly<Record<string, unknown>> {
  const sections = new Map<string, Map<string, string>>();
  const root = new Map<string, string>();
  let current = root;
  let indent = -1;
  const open = (name: string) => {
    // What stands in INI's DEFAULT holds for every section.
    current = name === 'DEFAULT' ? root : (sections.get(name) ?? new Map());
    if (current !== root) sections.set(name, current);
  };
  for (const line of linesOf(text, SETTING)) {
    if (!('name' in line)) {
      const [, name] = SECTION.exec(line.rest) ?? [];
      if (name === undefined) continue;
      open(name);
      indent = -1;
      continue;
    }
    const depth = line.lead.search(/[^ \t]/);
    if (indent >= depth) {
      current = root;
      indent = -1;
    }
    if (line.value === '' && line.lead.trimEnd().endsWith(':')) {
      // A key of YAML without a value: what is indented more belongs to it.
      open(line.name);
      indent = depth;
    } else current.set(line.name, decode(/=["']/.test(line.lead) ? line.value.slice(0, -1) : line.value));
  }
  const objects = [...sections].map(([name, values]) => [name, Object.fromEntries(values)] as const);
  return Object.fromEntries([...root, ...objects]);
}

function decode(value: string): string {
  const [quote = ''] = value;
  if (!/^["'`]/.test(value) || value.length < 2 || !value.endsWith(quote)) return value.replace(/[ \t];[^\n]*$/, '');
  const inner = value.slice(1, -1);
  return quote === '"' ? inner.replaceAll('\\n', '\n') : inner;
}

// What a shell that sources the file, Node and Python's dotenv all read as written.
const PLAIN = /^[\w.:@%+/=,-]*$/;
/** In order of preference: the quotes, and what may stand between them. */
const QUOTES: readonly (readonly [quote: string, holds: RegExp])[] = [
  ['', PLAIN],
  ["'", /^[^'\\]*$/],
  ['"', /^[^"\\$`]*$/],
];
// A shell would run what stands between backticks, so nothing but a plain value goes there.
const BACKTICKS = ['`', PLAIN] as const;

/** `value` in the quotes that stood there before, or else in the first that can hold it. */
function encode(name: string, value: string, before: string): string {
  const current = [...QUOTES, BACKTICKS].find(([quote]) => quote !== '' && before.startsWith(quote));
  const [quote] = [...(current === undefined ? [] : [current]), ...QUOTES].find(([, holds]) => holds.test(value)) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (quote === undefined || /[\u0000-\u001f\u007f]/.test(value)) {
    throw unusableFile(...FILE_PROBLEMS.notDotenv(name));
  }
  return quote + value + quote;
}
