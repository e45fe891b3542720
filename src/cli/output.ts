import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import type { Environment } from '../environment.ts';
import type { AuthError } from '../errors.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** The colours for a stream: as NO_COLOR and FORCE_COLOR say, else where it is a terminal that knows them. */
export function colorsFor(
  { isTTY }: { readonly isTTY?: boolean },
  { NO_COLOR, FORCE_COLOR, TERM }: Environment,
): Colors {
  if (NO_COLOR || FORCE_COLOR === '0' || FORCE_COLOR === 'false') return pc.createColors(false);
  return pc.createColors(FORCE_COLOR !== undefined || (isTTY === true && TERM !== 'dumb'));
}

/** The mark that a line begins with. */
export function mark(state: 'good' | 'warning' | 'bad', colors: Colors): string {
  return { good: colors.green('✓'), warning: colors.yellow('!'), bad: colors.red('✗') }[state];
}

/**
 * A text with the commands in it, which stand in backticks, in bold. Lines that are too long break at spaces, never within a command or a
 * URL, so that these can be copied.
 */
export function commandsIn(text: string, colors: Colors, columns = Number.POSITIVE_INFINITY): string {
  const lines = text.split('\n').map((line) => broken(line, columns));
  return lines.join('\n').replace(/`([^`]+)`/g, (_all, command: string) => colors.bold(command));
}

function broken(line: string, columns: number): string {
  const shown = (part: string) => width(part.replaceAll('`', ''));
  if (shown(line) <= columns) return line;
  const [margin = ''] = /^(?:[✓!✗] | *(?:\d\. )?)/.exec(stripVTControlCharacters(line)) ?? [];
  const lines: string[] = [];
  for (const part of line.match(/ *(?:`[^`]*`|[^\s`])+/g) ?? []) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(part);
    else if (shown(last + part) <= columns) lines[lines.length - 1] = last + part;
    else lines.push(' '.repeat(margin.length) + part.trimStart());
  }
  return lines.join('\n');
}

/** Every line a little to the right. */
export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

/** What happened, what was preserved, what to do. */
export function errorText({ message, preserved, hint }: AuthError, colors: Colors): string {
  const rest = [preserved, hint].filter(Boolean).join('\n');
  return `${mark('bad', colors)} ${message}\n${indent(rest)}`;
}

const MIN_CELL = 16;
const width = (cell: string) => stripVTControlCharacters(cell).length;

/** Whether every line fits. */
export function isWithin(text: string, columns: number): boolean {
  return text.split('\n').every((line) => width(line) <= columns);
}

/** Rows as columns of even width. The last cell of a row breaks at spaces within its column, where that leaves it some room. */
export function table(rows: readonly (readonly string[])[], columns = Number.POSITIVE_INFINITY): string {
  const widths = rows.reduce<number[]>(
    (wide, row) => row.map((cell, index) => Math.max(width(cell), wide[index] ?? 0)),
    [],
  );
  const padded = (cell: string, index: number) => cell + ' '.repeat((widths[index] ?? 0) - width(cell));
  const lineOf = (row: readonly string[]) => {
    const before = row.slice(0, -1).map((cell, index) => `${padded(cell, index)}  `);
    const margin = width(before.join(''));
    const last = columns - margin < MIN_CELL ? (row.at(-1) ?? '') : broken(row.at(-1) ?? '', columns - margin);
    return `${before.join('')}${last.replaceAll('\n', `\n${' '.repeat(margin)}`)}`.trimEnd();
  };
  return rows.map(lineOf).join('\n');
}

/** JSON that a terminal only shows: it leaves C1 and marks of direction, which may stand in strings alone, as they are. */
export function toJson(value: unknown, indentation = 2): string {
  return JSON.stringify(value, null, indentation).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The escapes of our own colours and weights, or a character that a terminal acts on. */
const ACTED_ON =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /\u001b\[(?:0|1|2|22|3[1-9])m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The last net before a terminal: what others chose is filtered where it comes in, and must not move a cursor or hide a word from here, either. */
export function terminalText(text: string): string {
  return text.replace(ACTED_ON, (found) => (found.length > 1 ? found : ''));
}
