import type { NoDisplayReason, RuntimeOptions } from '../index.ts';
import type { Pastes } from './pasted-input.ts';

/**
 * What a shell offers where a value is typed: these words, the files there, the stored profiles, or the scopes of the provider
 * that the line is about.
 */
export type Offer = readonly string[] | 'files' | 'profiles' | 'scopes';

/** One option of a command, as data: the help, the parser and the documents are made from it. */
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
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** Offered by a shell, where `choices` does not say it. Default: nothing. */
  readonly offer?: Offer;
}

export interface Example {
  readonly what: string;
  readonly command: string;
}

/** What a command gets besides its options. */
export interface Context {
  readonly surroundings: RuntimeOptions;
  readonly now: () => Date;
  /** The operands: commander has seen to it that there are as many as the command wants. */
  readonly operands: readonly string[];
  /** stdout: the answer, with a line break added. */
  readonly answer: (text: string) => void;
  /** stdout: the answer, as it is. */
  readonly answerBytes: (bytes: Uint8Array) => void;
  /** stderr: the talk, a line at a time. */
  readonly talk: (text: string) => void;
  readonly terminal: Terminal;
  /** Given on Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Leaves every further signal, of whichever kind, to this function. */
  readonly takeSignals: (handle: (signal: NodeJS.Signals) => void) => void;
  /** The whole of standard input. */
  readonly readInput: () => Promise<string>;
  /** The environment that a child process is given. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The terminal of this process, where there is one. */
export interface Terminal {
  /** Whether a line can be drawn again in place. */
  readonly canRedraw: boolean;
  /** Keeps a line below all talk: the first of these that fits. None takes it away. Does nothing where it cannot be drawn again. */
  readonly pin: (...variants: readonly string[]) => void;
  /** Why a page that is opened from here would not be seen. Absent where it would be, or where `BROWSER` says how to show it. */
  readonly elsewhere?: NoDisplayReason;
  /** Whether a person can be asked: standard input and stderr are a terminal. */
  readonly canAsk: boolean;
  /** Asks one question. @throws AuthError `INTERRUPTED`, `CANCELLED` */
  readonly ask: (question: string, options?: { readonly hidden?: boolean }) => Promise<string>;
  /** What a person pastes while a sign-in waits; `undefined` where standard input is to be left alone. */
  readonly pastes: (options: PastesOptions) => Pastes | undefined;
  /** The command that leads a browser on another machine to those of these addresses that are on this one. */
  readonly tunnel: (addresses: readonly string[]) => string;
}

export interface PastesOptions {
  /** Whether a program may be writing what it wants to be taken for a paste: nobody reads an input that is not a terminal unasked. */
  readonly piped: boolean;
  /** Told how many characters have been typed so far. */
  readonly onTyped: (count: number) => void;
}

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Whether what follows the first argument is left alone, options included. */
  readonly passThrough?: boolean;
  readonly examples: readonly Example[];
  /** Runs when no command is named. */
  readonly isDefault?: boolean;
  /** Reads its options strictly and answers. @returns the exit code @throws AuthError */
  readonly run: (options: Readonly<Record<string, unknown>>, context: Context) => Promise<number>;
}
