import { FILE_PROBLEMS, unusableFile } from '../messages.ts';

/** `lead + value + rest` is the source of a line. */
interface Line {
  /** Absent where it is none of ours to understand: a comment, an empty line; all of it is in `rest` then. */
  readonly name?: string;
  /** Everything up to the value: spaces, `export`, the name, the equals sign. */
  readonly lead: string;
  /** As written, with its quotes. */
  readonly value: string;
  /** A comment and the line break. */
  readonly rest: string;
}

const NAME = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*/y;
// As in Node's own parser, a quoted value may go over several lines, and an unclosed quote is part of the value.
const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`/y;
const LINE = /[^\n]*(?:\n|$)/y;

/**
 * A dotenv file with the values of `changes` in place of its own; what is not replaced stays as it is, to the byte. Missing names
 * are added at the end, with `export` where the last assignment has it. An empty value empties a line that is there, and adds none.
 * @throws AuthError `USAGE` for a value that every reader of such files would read differently.
 */
export function withAssignments(text: string, changes: ReadonlyMap<string, string>): string {
  const lines = [...linesOf(text)];
  const last = lines.findLast(({ name }) => name !== undefined);
  const exported = /^[ \t]*export[ \t]+/.exec(last?.lead ?? '')?.[0] ?? '';
  const edited = lines
    .map(({ name = '', lead, value: before, rest }) => {
      const value = changes.get(name);
      if (value === undefined) return lead + before + rest;
      // Node 22 and later take the next line for the value if there are only spaces before the line break.
      return `${value === '' ? lead.trimEnd() : lead}${encode(name, value, before)}${tidy(rest)}`;
    })
    .join('');
  const added = [...changes]
    .filter(([name, value]) => value !== '' && !lines.some((line) => line.name === name))
    .map(([name, value]) => `${exported}${name}=${encode(name, value, last?.value ?? '')}`);
  if (added.length === 0) return edited;
  // With the text's own line break, and without one at the very end where it had none.
  const lineBreak = /\r?\n/.exec(edited)?.[0] ?? '\n';
  const block = added.join(lineBreak);
  return edited === '' || edited.endsWith('\n') ? `${edited}${block}${lineBreak}` : `${edited}${lineBreak}${block}`;
}

function* linesOf(text: string, pattern = NAME): Generator<Line> {
  for (let at = 0; at < text.length; ) {
    const [lead = '', name] = matchAt(pattern, text, at) ?? [];
    const value = name === undefined ? '' : valueAt(text, at + lead.length);
    const rest = matchAt(LINE, text, at + lead.length + value.length)?.[0] ?? '';
    yield { name, lead, value, rest };
    at += lead.length + value.length + rest.length;
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
    if (line.name === undefined) {
      const [, section] = SECTION.exec(line.rest) ?? [];
      if (section === undefined) continue;
      open(section);
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
  // A shell would run what stands between backticks, so nothing but a plain value goes there.
  ['`', PLAIN],
];
/** `value` in the quotes that stood there before, or else in the first that can hold it. */
function encode(name: string, value: string, before: string): string {
  const current = QUOTES.filter(([quote]) => quote !== '' && before.startsWith(quote));
  const [quote] = [...current, ...QUOTES].find(([, holds]) => holds.test(value)) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (quote === undefined || /[\u0000-\u001f\u007f]/.test(value)) {
    throw unusableFile(...FILE_PROBLEMS.notDotenv(name));
  }
  return quote + value + quote;
}
