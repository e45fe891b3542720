import type { NoDisplayReason, RuntimeOptions } from '../auth/index.ts';
import type { Colors } from './output.ts';
import type { Pastes } from './prompt.ts';

/** What a shell offers where a value is typed. `scopes` are those of the provider that the line is about. */
export type Offer = readonly string[] | 'files' | 'profiles' | 'scopes';

/** One option of a command, as data: parser, help, completion and documents are made from it. */
export interface OptionSpec {
  /** As commander writes them: `--timeout <seconds>`. */
  readonly flags: string;
  readonly description: string;
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** Offered by a shell, where `choices` does not say it. Default: nothing. */
  readonly offer?: Offer;
  /** Shown in the help; the command applies it. */
  readonly defaultText?: string;
  /** Whether it may be given several times, for a list. */
  readonly collect?: boolean;
  /** Turns the text into the value. @throws AuthError `USAGE` */
  readonly parse?: (text: string) => unknown;
}

/** One argument, as commander writes them: `<file>`, `[name]`, `<command...>`. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly offer?: Offer;
}

export interface Example {
  readonly what: string;
  readonly command: string;
}

export type CommonOption = 'profile' | 'json' | 'log-level';

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** The common options that it takes. Default: all. */
  readonly common?: readonly CommonOption[];
  /** Whether what follows the first argument is left alone, options included. */
  readonly passThrough?: boolean;
  /** The commonest first. */
  readonly examples: readonly Example[];
  /** Parses its options strictly and does its work. @returns the exit code @throws AuthError */
  readonly run: (options: Readonly<Record<string, unknown>>, context: Context) => Promise<number>;
}

/** What a command gets besides its options. */
export interface Context {
  readonly surroundings: RuntimeOptions;
  readonly now: () => Date;
  /** The arguments: commander has checked that there are as many as the command wants. */
  readonly operands: readonly string[];
  /** Writes a result to stdout: a text with a line break after it, bytes as they are. @throws AuthError `OUTPUT_FAILED` */
  readonly print: (result: string | Uint8Array) => Promise<void>;
  /** Writes a message to stderr. */
  readonly say: (text: string) => void;
  /** For results, and for messages. */
  readonly colors: { readonly out: Colors; readonly err: Colors };
  /** Whether results are read by a person, on a terminal. */
  readonly isTerminal: boolean;
  /** How wide a line of results may be. No limit where they are not read on a terminal. */
  readonly columns: number;
  readonly terminal: Terminal;
  /** Aborted on Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Leaves every further signal, of whichever kind, to this function. */
  readonly takeSignals: (handle: (signal: NodeJS.Signals) => void) => void;
  /** The whole of standard input. */
  readonly readInput: () => Promise<string>;
  /** The environment that a child process is given. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The person's side of stderr and the terminal. */
export interface Terminal {
  /** Whether a line can be drawn again in place. */
  readonly canRedraw: boolean;
  /** Keeps a line below all messages: the first of these that fits; none takes it away. Does nothing where it cannot be drawn again. */
  readonly pin: (...variants: readonly string[]) => void;
  /** Why a page that is opened from here would not be seen. Absent where it would be, or where `BROWSER` says how to show it. */
  readonly elsewhere?: NoDisplayReason;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** Asks for a line, or for several that are pasted at once. @throws AuthError `INTERRUPTED`, `CANCELLED` */
  readonly ask: (question: string) => Promise<string>;
  /** Asks for what is not shown as it is typed. @throws AuthError `INTERRUPTED`, `CANCELLED` */
  readonly askSecret: (question: string, problem: (text: string) => string | undefined) => Promise<string>;
  /** @throws AuthError `INTERRUPTED`, `CANCELLED` */
  readonly confirm: (question: string) => Promise<boolean>;
  /** What a person, or with `piped` a program, pastes while a sign-in waits; `undefined` where there is nothing to read from. */
  readonly pastes: (options: { readonly piped: boolean }) => Pastes | undefined;
  /** The command that leads a browser on another machine to those of these addresses that are on this one. */
  readonly tunnel: (addresses: readonly string[]) => string;
}
