import { hostname, userInfo } from 'node:os';
import type { Readable } from 'node:stream';
import { LOG_LEVELS, noDisplayReason, type RuntimeOptions } from '../auth/index.ts';
import { AuthError } from '../errors.ts';
import { fileText, readAll } from './input.ts';
import { colorsFor, mark, terminalText, toJson } from './output.ts';
import { ask, askSecret, confirm, isInForeground, pipedPastes, typedPastes } from './prompt.ts';
import { tunnelCommand } from './ssh-tunnel.ts';
import type { MaybeTerminal, Messages } from './stderr.ts';
import { type Output, print } from './stdout.ts';

/** The parts of a process that the command line uses. */
export interface ProcessParts {
  readonly argv: readonly string[];
  readonly version: string;
  /** Looked at only where it is needed. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: MaybeTerminal;
  /** The terminal, for a process whose standard input is something else. Default: none. */
  readonly openTerminal?: () => Readable | undefined;
  /** Aborted on Ctrl-C, SIGTERM or SIGHUP, with the error to end with as its reason. */
  readonly signal: AbortSignal;
  /** Leaves every further signal to a command that has a child of its own to hand them to. */
  readonly takeSignals?: (handle: (signal: NodeJS.Signals) => void) => void;
  /** What Ctrl-C does where a terminal is read key by key. */
  readonly interrupt?: () => void;
  readonly runtimeOptions: RuntimeOptions;
}

/** What a command gets besides its options. */
export type Context = ReturnType<typeof contextOf>;

/** The person's side of stderr and the terminal. */
export type Terminal = Context['terminal'];

/** @param operands the arguments: commander has checked that there are as many as the command wants */
export function contextOf(
  parts: ProcessParts,
  messages: Messages,
  { json: asJson, logLevel }: { readonly json?: boolean; readonly logLevel?: string },
  operands: readonly string[],
) {
  const { stdout, stderr, signal, takeSignals = () => {}, runtimeOptions } = parts;
  const { environment = {} } = runtimeOptions;
  const level = LOG_LEVELS.find((known) => known === logLevel);
  const colors = { out: colorsFor(stdout, environment), err: colorsFor(stderr, environment) };
  const say = (text: string) => messages.say(text);
  const warn = (text: string) => say(`${mark('warning', colors.err)} ${text}`);
  let inputIsTaken = false;
  const readInput = () => {
    inputIsTaken = true;
    return readAll(parts.stdin, { name: 'Standard input', signal });
  };
  return {
    runtimeOptions: {
      onNotice: warn,
      ...runtimeOptions,
      terminalLog: level && { level, stream: messages.stream },
    } satisfies RuntimeOptions,
    operands,
    now: runtimeOptions.now ?? (() => new Date()),
    /** The environment that a child process is given. */
    environment,
    /** Writes a result to stdout: the value as JSON where `--json` asks for that, else the text. @throws AuthError `OUTPUT_FAILED` */
    print: (text: string, json: unknown) => print(stdout, `${asJson ? toJson(json) : terminalText(text)}\n`),
    /** Writes to stdout what goes there as it is. @throws AuthError `OUTPUT_FAILED` */
    write: (data: string | Uint8Array) => print(stdout, data),
    /** Writes a message to stderr. */
    say,
    warn,
    /** For results, and for messages. */
    colors,
    /** Whether results are read by a person, on a terminal. */
    isTerminal: stdout.isTTY === true,
    columns: columnsOf(stdout),
    /** Aborted on Ctrl-C, SIGTERM or SIGHUP. */
    signal,
    /** Leaves every further signal, of whichever kind, to this function. */
    takeSignals,
    /** The text of a file or a pipe; of standard input for "-". @throws AuthError `FILE_UNREADABLE` */
    readFile: (path: string) => (path === '-' ? readInput() : fileText(path, signal)),
    terminal: terminalOf(parts, messages, () => inputIsTaken),
  };
}

/** How wide a line of results may be. No limit where they are not read on a terminal. */
export function columnsOf({ isTTY, columns }: Output): number {
  return (isTTY === true && columns) || Number.POSITIVE_INFINITY;
}

function terminalOf(parts: ProcessParts, messages: Messages, inputIsTaken: () => boolean) {
  const { stderr, signal, interrupt, runtimeOptions, openTerminal = () => undefined } = parts;
  const { environment = {}, openBrowser } = runtimeOptions;
  let opened: Readable | undefined;
  /** Where a person types: standard input, or the terminal behind a redirected one. */
  const keyboard = () => {
    if (stderr.isTTY !== true) return undefined;
    opened ??= parts.stdin.isTTY === true ? parts.stdin : openTerminal();
    return opened;
  };
  const asking = () => {
    const input = keyboard();
    if (input === undefined) throw new AuthError('UNEXPECTED', 'There is no terminal to ask in.');
    return { input, output: stderr, signal };
  };
  return {
    /** Whether a line can be drawn again in place. */
    canRedraw: messages.canRedraw,
    /** Keeps a line below all messages: the first of these that fits; none takes it away. Does nothing where it cannot be drawn again. */
    pin: (...variants: readonly string[]) => messages.pin(...variants.map(terminalText)),
    /** Why a page that is opened from here would not be seen; a caller that opens URLs itself knows where they are seen. */
    elsewhere: openBrowser === undefined ? noDisplayReason(environment) : undefined,
    /** Whether a person can be asked. */
    get canAsk() {
      return keyboard() !== undefined;
    },
    /** Asks for a line, or for several that are pasted at once. @throws AuthError `INTERRUPTED`, `CANCELLED` */
    ask: (question: string) => ask(terminalText(question), asking()),
    /** Asks for what is not shown as it is typed. @throws AuthError `INTERRUPTED`, `CANCELLED` */
    askSecret: (question: string, problem: (text: string) => string | undefined) =>
      askSecret(terminalText(question), problem, asking()),
    /** @throws AuthError `INTERRUPTED`, `CANCELLED` */
    confirm: (question: string) => confirm(terminalText(question), asking()),
    /** What a person, or with `piped` a program, pastes while a sign-in waits; `undefined` where there is nothing to read from. */
    pastes: ({ piped }: { readonly piped: boolean }) => {
      if (piped && !inputIsTaken() && parts.stdin.isTTY !== true && opened === undefined)
        return pipedPastes(parts.stdin);
      const input = interrupt !== undefined && isInForeground() ? keyboard() : undefined;
      return input && interrupt && typedPastes(input, interrupt);
    },
    /** The command that leads a browser on another machine to those of these addresses that are on this one. */
    tunnel: (addresses: readonly string[]) =>
      tunnelCommand(addresses, { environment, user: userName(), host: hostname() }),
  };
}

/** `undefined` where the system knows none, as for some users of a container. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
