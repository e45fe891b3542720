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

interface CommandOptions {
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
export function browserCommands(value: string | undefined, options: CommandOptions): readonly BrowserCommand[] {
  return commands('BROWSER', value ?? '', options.platform === 'win32' ? ';' : ':', options);
}

/** The one command of another variable, read like those of `BROWSER`. @throws AuthError as {@link browserCommands} */
export function commandIn(variable: string, value: string, options: CommandOptions): BrowserCommand {
  return commands(variable, value, undefined, options)[0] ?? { text: '', file: '', args: [] };
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

/** What a command is made of, piece by piece. A quotation mark that begins nothing is `open`. */
const POSIX_PIECES =
  /(?<space>\s+)|\\(?<escaped>.)|'(?<literal>[^']*)'|"(?<quoted>(?:[^"\\]|\\(?:["\\]|(?!["\\])))*)"|(?<open>["'])|(?<char>.)/gs;
const WINDOWS_PIECES = /(?<space>\s+)|"(?<literal>[^"]*)"|(?<open>")|(?<char>.)/gs;

function commands(
  variable: string,
  value: string,
  separator: string | undefined,
  { platform, isFile = isOnDisk }: CommandOptions,
): readonly BrowserCommand[] {
  const whole = value.trim();
  if (isFile(whole)) return [{ text: whole, file: whole, args: [] }];
  const found: BrowserCommand[] = [];
  let start = 0;
  let words: string[] = [];
  let word: string | undefined;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (end: number) => {
    endWord();
    const text = whole.slice(start, end).trim();
    const [file, ...args] = isFile(text) ? [text] : words;
    if (file !== undefined) found.push({ text, file, args });
    words = [];
    start = end + 1;
  };
  for (const { index, groups = {} } of whole.matchAll(platform === 'win32' ? WINDOWS_PIECES : POSIX_PIECES)) {
    const { space, escaped, literal, quoted, open, char } = groups;
    if (open !== undefined) throw unclosedQuote(variable);
    if (space !== undefined) endWord();
    else if (char !== undefined && char === separator) endCommand(index);
    else word = (word ?? '') + (escaped ?? literal ?? char ?? quoted?.replace(/\\(["\\])/g, '$1'));
  }
  endCommand(whole.length);
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
  for (const path of places.flatMap((place) => endings.map((ending) => place + ending))) {
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) return true;
    } catch {
      // Not here, or not for us to run.
    }
  }
  return false;
}
