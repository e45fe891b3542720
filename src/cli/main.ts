import { hostname, userInfo } from 'node:os';
import type { Readable } from 'node:stream';
import * as v from 'valibot';
import { LOG_LEVELS, noDisplayReason, notifyOwner, type RuntimeOptions, removeLeftTokenFiles } from '../auth/index.ts';
import { AuthError, asAuthError } from '../errors.ts';
import type { Context, Terminal } from './command.ts';
import { readAll } from './input.ts';
import { commonOf } from './options.ts';
import { colorsFor, errorText, mark, terminalText, toJson } from './output.ts';
import { type MaybeTerminal, Messages } from './progress.ts';
import { ask, askSecret, confirm, isInForeground, type Pastes, pipedPastes, typedPastes } from './prompt.ts';
import { tunnelCommand } from './ssh-tunnel.ts';
import { type Output, print } from './stdout.ts';

// What a signal ends a command with. For bin.ts, which shares no part with messages.ts otherwise.
export { interrupted } from '../messages.ts';

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
  readonly surroundings: RuntimeOptions;
}

/** Runs the command line. Never throws. @returns the exit code */
export async function main(parts: ProcessParts): Promise<number> {
  const { argv, stdout, stderr, surroundings } = parts;
  const environment = surroundings.environment ?? {};
  const colors = colorsFor(stderr, environment);
  const messages = new Messages(stderr, environment, colors);
  let options = unparsed(argv);
  let afterwards = async () => {};
  using _ = sayingWhatIsAwaited(parts.signal, messages);
  try {
    const { runProgram } = await import('./program.ts');
    return await runProgram(
      argv,
      parts.version,
      { print: (text) => print(stdout, text), colors: colorsFor(stdout, environment), columns: columnsOf(stdout) },
      (parsed, operands, command) => {
        options = parsed;
        const context = contextOf(parts, { options, operands, messages });
        const { all, profile } = v.parse(Scope, parsed);
        const takesProfile = commonOf(command).some(({ flags }) => flags.startsWith('--profile'));
        // `doctor` changes nothing.
        if (takesProfile && command.name !== 'doctor')
          afterwards = async () => {
            if (environment.FITBIT_LOGIN_NOTIFY) await notifyOwner({ profile, all }, context.surroundings);
            await removeLeftTokenFiles(surroundings);
          };
        return context;
      },
    );
  } catch (thrown) {
    const error = asAuthError(thrown);
    if (error.code === 'INTERRUPTED') messages.clear(true);
    const said = options.json === true && (await printed(stdout, error));
    if (!said) messages.say(errorText(error, colors));
    if (options.logLevel === 'debug' || options.logLevel === 'trace') messages.say(stackOf(error));
    return error.exitCode;
  } finally {
    // After the command's own output, which comes first.
    if (!parts.signal.aborted) await afterwards();
  }
}

/** The options that say which profiles a command is about. */
const Scope = v.object({ all: v.optional(v.boolean(), false), profile: v.optional(v.string()) });

/** Prints an error as JSON. @returns whether that worked */
async function printed(stdout: Output, error: AuthError): Promise<boolean> {
  if (error.code === 'OUTPUT_FAILED') return false;
  return print(stdout, `${toJson(error.report())}\n`).then(
    () => true,
    () => false,
  );
}

/** How long the end may take after a signal before the reason is shown. */
const SOON_MS = 300;

/** A request that was sent is waited for: its response may come once only, with a code's tokens or the next refresh token. */
function sayingWhatIsAwaited(signal: AbortSignal, messages: Messages): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    timer = setTimeout(() => messages.say('Finishing up so nothing is lost. Press Ctrl-C again to quit now.'), SOON_MS);
  };
  signal.addEventListener('abort', wait, { once: true });
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wait);
    },
  };
}

type Options = Readonly<Record<string, unknown>>;

/** How to report an error in arguments that could not be parsed: as they ask for, as far as can be seen. */
function unparsed(argv: readonly string[]): Options {
  const logLevel = argv.find((_argument, index) => argv[index - 1] === '--log-level');
  return { json: argv.includes('--json'), logLevel };
}

function columnsOf({ isTTY, columns }: Output): number {
  return (isTTY === true && columns) || Number.POSITIVE_INFINITY;
}

interface Parsed {
  readonly options: Options;
  readonly operands: readonly string[];
  readonly messages: Messages;
}

function contextOf(parts: ProcessParts, { options, operands, messages }: Parsed): Context {
  const { stdout, stderr, signal, takeSignals = () => {}, surroundings } = parts;
  const { environment = {} } = surroundings;
  const level = LOG_LEVELS.find((known) => known === options.logLevel);
  const colors = { out: colorsFor(stdout, environment), err: colorsFor(stderr, environment) };
  const say = (text: string) => messages.say(text);
  let inputIsTaken = false;
  return {
    surroundings: {
      onNotice: (notice) => say(`${mark('warning', colors.err)} ${notice}`),
      ...surroundings,
      terminalLog: level && { level, stream: messages.stream },
    },
    operands,
    now: surroundings.now ?? (() => new Date()),
    environment,
    print: (result) => print(stdout, typeof result === 'string' ? `${terminalText(result)}\n` : result),
    say,
    colors,
    isTerminal: stdout.isTTY === true,
    columns: columnsOf(stdout),
    signal,
    takeSignals,
    readInput: () => {
      inputIsTaken = true;
      return readAll(parts.stdin, { name: 'Standard input', signal });
    },
    terminal: terminalOf(parts, messages, () => inputIsTaken),
  };
}

function terminalOf(parts: ProcessParts, messages: Messages, inputIsTaken: () => boolean): Terminal {
  const { stderr, signal, interrupt, surroundings, openTerminal = () => undefined } = parts;
  const { environment = {}, openBrowser } = surroundings;
  // A caller that opens URLs itself knows where they are seen.
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
    canRedraw: messages.canRedraw,
    pin: (...variants) => messages.pin(...variants.map(terminalText)),
    elsewhere: openBrowser === undefined ? noDisplayReason(environment) : undefined,
    get canAsk() {
      return keyboard() !== undefined;
    },
    ask: (question) => ask(terminalText(question), asking()),
    askSecret: (question, problem) => askSecret(terminalText(question), problem, asking()),
    confirm: (question) => confirm(terminalText(question), asking()),
    pastes: ({ piped }): Pastes | undefined => {
      if (piped && !inputIsTaken() && parts.stdin.isTTY !== true && opened === undefined)
        return pipedPastes(parts.stdin);
      const input = interrupt !== undefined && isInForeground() ? keyboard() : undefined;
      return input && interrupt && typedPastes(input, interrupt);
    },
    tunnel: (addresses) => tunnelCommand(addresses, { environment, user: userName(), host: hostname() }),
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

/** Where an error came from. The messages of foreign errors are left out: they may quote a secret. */
function stackOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const what = error instanceof AuthError ? `${error.name} ${error.code}` : error.name;
  const cause = error.cause instanceof Error ? [`Caused by: ${stackOf(error.cause)}`] : [];
  return [what, ...frames, ...cause].join('\n');
}
