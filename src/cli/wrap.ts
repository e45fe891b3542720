/** A command to copy to a shell, on a line or in a column of its own. */
const COMMAND = /^(?:fitbit-login|ssh|curl|export|[A-Z_]+=\S*) /;
/** A path that stands alone in its column: its blanks belong to it. */
const PATH = /^(?:\/|~\/|[A-Z]:\\)/;

/** A word, or what stands in backticks. */
const WORDS = /(?:`[^`]*`|\S)+/g;

/** The least room for a column beside another one. */
const MIN_COLUMN = 24;

/**
 * Breaks prose into lines of at most `columns`, between words. Nothing that is copied is broken: an address, a path, a command. A
 * row of columns that does not fit goes on under its last column, or a cell to a line.
 */
export function wrap(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= columns ? line : wrapLine(line, columns)))
    .join('\n');
}

function wrapLine(line: string, columns: number): string {
  const [, indent = '', rest = ''] = /^(\s*(?:\d+\. |[*#-] )?)(.*)$/.exec(line) ?? [];
  const [first = '', ...others] = rest.split(/ {2,}/);
  const head = COMMAND.test(first) ? indent + first : fill(first, { indent, columns });
  const [second = ''] = others;
  const column = line.length - second.length;
  if (others.length === 1 && columns - column >= MIN_COLUMN) {
    return cell(second, { indent: line.slice(0, column), columns });
  }
  const below = ' '.repeat(indent.length + 2);
  return [head, ...others.map((other) => cell(other, { indent: below, columns }))].join('\n');
}

interface Room {
  /** What the first line begins with; the others begin with as many blanks. */
  readonly indent: string;
  readonly columns: number;
}

function cell(text: string, room: Room): string {
  return COMMAND.test(text) || PATH.test(text) ? room.indent + text : fill(text, room);
}

function fill(text: string, { indent, columns }: Room): string {
  const lines: string[] = [];
  let line = '';
  for (const [word] of text.matchAll(WORDS)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return indent + [...lines, line].join(`\n${' '.repeat(indent.length)}`);
}
