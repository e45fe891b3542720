import { constants, statSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Environment } from '../environment.ts';
import { unclosedQuote } from '../messages.ts';

/** A command of `BROWSER`, still without an address. */
export interface BrowserCommand {
  /** As it was written. */
  readonly text: string;
  readonly file: string;
  /** May hold `%s` and `%%`. */
  readonly args: readonly string[];
}

export interface CommandOptions {
  readonly platform: NodeJS.Platform;
  /** Default: asks the file system. */
  readonly isFile?: (path: string) => boolean;
}

/**
 * The commands of `BROWSER`, in the order in which they are to be tried: separated by `:`, on Windows by `;`
 * (http://catb.org/~esr/BROWSER/, and Python's `webbrowser`). Each may have arguments. Quotation marks and, but for Windows, where it
 * is part of paths, the backslash keep spaces and separators from their meaning as they do in a shell; nothing else has a meaning, and
 * no shell ever sees it. What is the path of a file is a command as it stands, spaces and all.
 *
 * @throws AuthError `USAGE` where a quotation mark is not closed.
 */
export function browserCommands(
  value: string | undefined,
  { platform, isFile = isOnDisk }: CommandOptions,
): readonly BrowserCommand[] {
  const whole = (value ?? '').trim();
  if (whole === '') return [];
  if (isFile(whole)) return [{ text: whole, file: whole, args: [] }];
  return parts(whole, platform).flatMap(({ text, words: [file, ...args] }): readonly BrowserCommand[] => {
    if (isFile(text)) return [{ text, file: text, args: [] }];
    return file === undefined ? [] : [{ text, file, args }];
  });
}

/**
 * One command with its arguments, read as {@link browserCommands} reads each of them.
 * @param variable names it in the error
 * @throws AuthError `USAGE` where a quotation mark is not closed.
 */
export function commandIn(
  variable: string,
  value: string,
  { platform, isFile = isOnDisk }: CommandOptions,
): BrowserCommand {
  const text = value.trim();
  if (isFile(text)) return { text, file: text, args: [] };
  const [
    {
      words: [file = '', ...args],
    } = { words: [] },
  ] = parts(text, platform, variable, '');
  return { text, file, args };
}

/** The arguments with the address in them: in the place of every `%s`, else as the last one. `%%` is a `%`. */
export function argumentsFor({ args }: BrowserCommand, url: string): readonly string[] {
  let placed = false;
  const filled = args.map((arg) =>
    // In one pass, so that nothing in the address is taken for a placeholder.
    arg.replace(/%[%s]/g, (found) => {
      if (found === '%%') return '%';
      placed = true;
      return url;
    }),
  );
  return placed ? filled : [...filled, url];
}

interface Part {
  readonly text: string;
  readonly words: readonly string[];
}

/** Splits at the separators, and each part into its words, as POSIX shells do with quotation marks. */
function parts(
  value: string,
  platform: NodeJS.Platform,
  variable = 'BROWSER',
  separator = platform === 'win32' ? ';' : ':',
): readonly Part[] {
  const escaping = platform === 'win32' ? undefined : '\\';
  const quotes = platform === 'win32' ? '"' : `"'`;
  const found: Part[] = [];
  let start = 0;
  let words: string[] = [];
  let word: string | undefined;
  let quote = '';
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endPart = (end: number) => {
    endWord();
    found.push({ text: value.slice(start, end).trim(), words });
    words = [];
    start = end + 1;
  };
  for (let at = 0; at < value.length; at += 1) {
    const char = value.charAt(at);
    const next = value.charAt(at + 1);
    if (char === escaping && quote !== "'" && next !== '' && (quote === '' || next === '"' || next === escaping)) {
      word = (word ?? '') + next;
      at += 1;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (quotes.includes(char)) {
      quote = char;
      word ??= '';
    } else if (char === separator) endPart(at);
    else if (/\s/.test(char)) endWord();
    else word = (word ?? '') + char;
  }
  if (quote !== '') {
    throw unclosedQuote(variable);
  }
  endPart(value.length);
  return found;
}

function isOnDisk(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether a program can be run: a path, or a name that is looked for in `PATH` (on Windows with the endings in `PATHEXT`). Runs nothing. */
export async function isRunnable(
  file: string,
  { PATH = '', PATHEXT = '' }: Environment,
  platform: NodeJS.Platform,
): Promise<boolean> {
  const endings = platform === 'win32' ? ['', ...PATHEXT.split(';')] : [''];
  const isPath = isAbsolute(file) || file.includes('/') || (platform === 'win32' && file.includes('\\'));
  const places = isPath ? [file] : PATH.split(delimiter).map((directory) => join(directory, file));
  for (const place of places) {
    for (const ending of endings) if (await isProgram(place + ending)) return true;
  }
  return false;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
