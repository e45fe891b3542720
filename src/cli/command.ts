import type { Surroundings } from '../index.ts';

/** One option of a command, as data: the help, the parser and the documents are made from it. */
export interface OptionSpec {
  /** As commander writes them: `--timeout <seconds>`. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  /** Shown in the help; the command applies it. */
  readonly defaultText?: string;
  /** Turns the text into the value. @throws AuthError `USAGE` */
  readonly parse?: (text: string) => unknown;
}

export interface Example {
  readonly what: string;
  readonly command: string;
}

/** What a command gets besides its options. */
export interface Context {
  readonly surroundings: Surroundings;
  /** stdout: the answer. */
  readonly answer: (text: string) => void;
  /** stderr: the talk, a line at a time. */
  readonly talk: (text: string) => void;
  readonly terminal: Terminal;
  /** Given on Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** The whole of standard input. */
  readonly readInput: () => Promise<string>;
}

/** The stderr of this process, as far as a command that draws on it must know. */
export interface Terminal {
  readonly isTerminal: boolean;
  /** Redraws the last line in place. An empty text takes it away. Does nothing where there is no terminal. */
  readonly redraw: (line: string) => void;
}

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** Runs when no command is named. */
  readonly isDefault?: boolean;
  /** Reads its options strictly and answers. The exit code, 0 where it gives none. @throws AuthError */
  readonly run: (options: Readonly<Record<string, unknown>>, context: Context) => Promise<number | undefined>;
}
