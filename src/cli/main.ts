import { hostname, userInfo } from 'node:os';
import type { Readable } from 'node:stream';
import { defined } from '../defined.ts';
import { AuthError, asAuthError } from '../errors.ts';
import { LOG_LEVELS, type LogLevel, noDisplayReason, type RuntimeOptions } from '../index.ts';
import type { Context, Terminal } from './command.ts';
import { isInForeground } from './foreground.ts';
import { readAll } from './input.ts';
import { pipedPastes, typedPastes } from './pasted-input.ts';
import { plainToken } from './plain-token.ts';
import { prompt } from './prompt.ts';
import { columnsOf, type MaybeTerminal, Screen } from './screen.ts';
import { tunnelCommand } from './ssh-tunnel.ts';
import { wrap } from './wrap.ts';

/** The parts of a process that the command line uses. */
export interface ProcessParts {
  readonly argv: readonly string[];
  readonly version: string;
  /** Looked at only where it is needed. */
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: MaybeTerminal;
  readonly stderr: MaybeTerminal;
  /** Given on Ctrl-C, SIGTERM or SIGHUP, with the error to end with as its reason. */
  readonly signal: AbortSignal;
  /** Leaves every further signal to a command that has a child of its own to hand them to. */
  readonly takeSignals?: (handle: (signal: NodeJS.Signals) => void) => void;
  /** What Ctrl-C and Ctrl-Z do, for an input that is read raw. Without, none is. */
  readonly keys?: {
    readonly interrupt: () => void;
    /** The function is called when the process goes on. */
    readonly suspend: (resumed: () => void) => void;
  };
  readonly surroundings: RuntimeOptions;
}

/** Runs the command line. Never throws. @returns the exit code */
export async function main(parts: ProcessParts): Promise<number> {
  const { argv, stdout, stderr, surroundings } = parts;
  const screen = new Screen(stderr, surroundings.environment ?? {});
  let options: Readonly<Record<string, unknown>> | undefined;
  using _ = sayingWhyItGoesOn(parts.signal, screen);
  try {
    const plain = plainToken(argv);
    if (plain !== undefined) {
      const { tokenCommand } = await import('./commands/token.ts');
      return await tokenCommand.run({ ...plain }, contextOf(parts, { options: {}, operands: [], screen }));
    }
    const { runProgram } = await import('./program.ts');
    return await runProgram(
      argv,
      parts.version,
      { out: (chunk) => stdout.write(chunk), columns: columnsOf(stdout) },
      (parsed, operands) => {
        options = parsed;
        return contextOf(parts, { options: parsed, operands, screen });
      },
    );
  } catch (thrown) {
    const error = asAuthError(thrown);
    const { json, logLevel } = options ?? unparsed(argv);
    // A terminal has written ^C there.
    if (error.code === 'INTERRUPTED') screen.control('\r\u001b[2K');
    if (json === true) stdout.write(`${JSON.stringify(error.toJSON(), null, 2)}\n`);
    else screen.say((await import('./print.ts')).errorText(error));
    if (WITH_STACK.some((level) => level === logLevel)) screen.say(stackOf(error));
    return error.exitCode;
  }
}

/** How long the end may take after a signal before a person is told why. */
const SOON_MS = 300;

/** What has been sent is waited for, because its answer may come once only: a code's tokens, the successor of a refresh token. */
function sayingWhyItGoesOn(signal: AbortSignal, screen: Screen): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    timer = setTimeout(() => {
      screen.say('Waiting for an answer that is on its way, so that nothing is lost. The same again ends at once.');
    }, SOON_MS);
  };
  signal.addEventListener('abort', wait, { once: true });
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wait);
    },
  };
}

/** What a command ends with where a signal asks it to. */
export function interrupted(signal: string): AuthError {
  return new AuthError('INTERRUPTED', 'Interrupted.', { details: { signal } });
}

/** How to report an error in arguments that could not be parsed: as they ask for, as far as can be told. */
function unparsed(argv: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    json: argv.includes('--json'),
    logLevel: argv.find((_argument, index) => argv[index - 1] === '--log-level'),
  };
}

interface Parsed {
  readonly options: Readonly<Record<string, unknown>>;
  readonly operands: readonly string[];
  readonly screen: Screen;
}

function contextOf(parts: ProcessParts, { options, operands, screen }: Parsed): Context {
  const { stdout, signal, takeSignals = () => {}, surroundings } = parts;
  const { environment = {} } = surroundings;
  const level = LOG_LEVELS.find((known) => known === options.logLevel);
  const columns = options.json === true ? Number.POSITIVE_INFINITY : columnsOf(stdout);
  const talk = (text: string) => screen.say(text);
  let inputIsTaken = false;
  return {
    surroundings: {
      onNotice: (notice) => talk(`fitbit-login: ${notice}`),
      ...surroundings,
      ...(level === undefined ? {} : { terminalLog: { level, stream: screen.stream } }),
    },
    operands,
    now: surroundings.now ?? (() => new Date()),
    environment,
    answer: (text) => void stdout.write(`${wrap(text, columns)}\n`),
    answerBytes: (bytes) => void stdout.write(bytes),
    talk,
    signal,
    takeSignals,
    readInput: () => {
      inputIsTaken = true;
      return readAll(parts.stdin, signal);
    },
    terminal: terminalOf(parts, { screen, inputIsFree: () => !inputIsTaken }),
  };
}

function terminalOf(
  parts: ProcessParts,
  { screen, inputIsFree }: { readonly screen: Screen; readonly inputIsFree: () => boolean },
): Terminal {
  const { stderr, signal, keys, surroundings } = parts;
  const { environment = {}, openBrowser } = surroundings;
  // Whoever opens addresses in a way of their own knows where they are seen.
  const elsewhere = openBrowser === undefined ? noDisplayReason(environment) : undefined;
  return {
    canRedraw: screen.canRedraw,
    pin: (...variants) => screen.pin(...variants),
    elsewhere,
    get canAsk() {
      return stderr.isTTY === true && parts.stdin.isTTY === true;
    },
    ask: (question, asked = {}) => {
      const options = { input: parts.stdin, output: stderr, signal, ...asked };
      return prompt(`${wrap(question.trimEnd(), columnsOf(stderr))} `, options);
    },
    pastes: ({ piped, onTyped }) => {
      if (!inputIsFree()) return undefined;
      const { stdin } = parts;
      if (stdin.isTTY !== true) return piped ? pipedPastes(stdin) : undefined;
      if (stderr.isTTY !== true || keys === undefined || !isInForeground()) return undefined;
      return typedPastes({
        input: stdin,
        control: (sequence) => screen.control(sequence),
        onTyped,
        onInterrupt: keys.interrupt,
        onSuspend: (resumed) => {
          screen.hide();
          keys.suspend(() => {
            // In the background the terminal is the shell's.
            if (!isInForeground()) return;
            resumed();
            screen.show();
          });
        },
      });
    },
    tunnel: (addresses) =>
      tunnelCommand(addresses, { environment, ...defined({ user: userName() }), host: hostname() }),
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

const WITH_STACK: readonly LogLevel[] = ['trace', 'debug'];

/** Where an error came from. The messages of foreign ones are left out: they may quote a secret. */
function stackOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const what = error instanceof AuthError ? `${error.name} ${error.code}` : error.name;
  const cause = error.cause instanceof Error ? [`Caused by: ${stackOf(error.cause)}`] : [];
  return [what, ...frames, ...cause].join('\n');
}
