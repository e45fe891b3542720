import { platform } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { AuthError, asAuthError } from '../errors.ts';
import { hasScreen, LOG_LEVELS, type LogLevel, type Surroundings } from '../index.ts';
import type { Context } from './command.ts';
import { readAll } from './input.ts';
import { plainToken } from './plain-token.ts';
import { prompt } from './prompt.ts';

/** The parts of a process that the command line uses. */
export interface ProcessParts {
  readonly argv: readonly string[];
  readonly version: string;
  /** Looked at only where it is needed. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Given on Ctrl-C, SIGTERM or SIGHUP, with the error to end with as its reason. */
  readonly signal: AbortSignal;
  readonly surroundings: Surroundings;
}

/** Runs the command line. Never throws. @returns the exit code */
export async function main(parts: ProcessParts): Promise<number> {
  const { argv, stdout, stderr } = parts;
  const talk = (line: string) => void stderr.write(`${line}\n`);
  let options: Readonly<Record<string, unknown>> | undefined;
  try {
    const plain = plainToken(argv);
    if (plain !== undefined) {
      const { tokenCommand } = await import('./commands/token.ts');
      return await tokenCommand.run({ ...plain }, contextOf(parts, {}, [], talk));
    }
    const { runProgram } = await import('./program.ts');
    return await runProgram(
      argv,
      parts.version,
      { out: (chunk) => stdout.write(chunk), err: (chunk) => stderr.write(chunk) },
      (parsed, operands) => {
        options = parsed;
        return contextOf(parts, parsed, operands, talk);
      },
    );
  } catch (thrown) {
    const error = asAuthError(thrown);
    const { json, logLevel } = options ?? unparsed(argv);
    if (json === true) stdout.write(`${JSON.stringify(error.toJSON(), null, 2)}\n`);
    else talk((await import('./print.ts')).errorText(error));
    if (WITH_STACK.some((level) => level === logLevel)) talk(stackOf(error));
    return error.exitCode;
  }
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

function contextOf(
  parts: ProcessParts,
  { logLevel }: Readonly<Record<string, unknown>>,
  operands: readonly string[],
  talk: (line: string) => void,
): Context {
  const { stdout, stderr, signal, surroundings } = parts;
  const { environment = {} } = surroundings;
  const level = LOG_LEVELS.find((known) => known === logLevel);
  return {
    surroundings: {
      onNotice: (notice) => talk(`fitbit-login: ${notice}`),
      ...surroundings,
      ...(level === undefined ? {} : { terminalLog: { level, stream: stderr } }),
    },
    operands,
    now: surroundings.now ?? (() => new Date()),
    environment,
    answer: (line) => void stdout.write(`${line}\n`),
    answerBytes: (bytes) => void stdout.write(bytes),
    talk,
    signal,
    readInput: () => readAll(parts.stdin, signal),
    terminal: {
      isTerminal: stderr.isTTY === true,
      seesPages: Boolean(environment.BROWSER) || hasScreen(environment, platform()),
      get canAsk() {
        return parts.stdin.isTTY === true && stderr.isTTY === true;
      },
      ask: (question, asked = {}) => prompt(question, { input: parts.stdin, output: stderr, signal, ...asked }),
      redraw: (line) => {
        if (stderr.isTTY === true) stderr.write(`\r\u001b[2K${line.slice(0, (stderr.columns ?? 80) - 1)}`);
      },
    },
  };
}

const WITH_STACK: readonly LogLevel[] = ['trace', 'debug'];

/** Where an error came from. The messages of foreign ones are left out: they may quote a secret. */
function stackOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const what = error instanceof AuthError ? `${error.name} ${error.code}` : error.name;
  const cause = error.cause instanceof Error ? [`Caused by: ${stackOf(error.cause)}`] : [];
  return [what, ...frames, ...cause].join('\n');
}
