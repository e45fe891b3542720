import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { asAuthError } from '../errors.ts';
import { LOG_LEVELS, type LogLevel, type Surroundings } from '../index.ts';
import type { Context } from './command.ts';
import { errorText } from './print.ts';
import { runProgram } from './program.ts';

/** The parts of a process that the command line uses. */
export interface ProcessParts {
  readonly argv: readonly string[];
  readonly version: string;
  readonly stdin: Readable;
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
  try {
    return await runProgram(
      argv,
      parts.version,
      { out: (chunk) => stdout.write(chunk), err: (chunk) => stderr.write(chunk) },
      (options, operands) => contextOf(parts, options, operands, talk),
    );
  } catch (thrown) {
    const error = asAuthError(thrown);
    // Looked for in the arguments themselves, since an error can come before they are parsed. What follows “--” is another command's.
    const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
    if (own.includes('--json')) stdout.write(`${JSON.stringify(error.toJSON(), null, 2)}\n`);
    else talk(errorText(error));
    if (wantsStack(own)) talk(stackOf(error));
    return error.exitCode;
  }
}

function contextOf(
  { stdin, stdout, stderr, signal, surroundings }: ProcessParts,
  { logLevel }: Readonly<Record<string, unknown>>,
  operands: readonly string[],
  talk: (line: string) => void,
): Context {
  const level = LOG_LEVELS.find((known) => known === logLevel);
  return {
    surroundings: {
      onNotice: (notice) => talk(`fitbit-login: ${notice}`),
      ...surroundings,
      ...(level === undefined ? {} : { terminalLog: { level, stream: stderr } }),
    },
    operands,
    environment: surroundings.environment ?? {},
    answer: (line) => void stdout.write(`${line}\n`),
    answerBytes: (bytes) => void stdout.write(bytes),
    talk,
    signal,
    readInput: () => text(stdin),
    terminal: {
      isTerminal: stderr.isTTY === true,
      redraw: (line) => {
        if (stderr.isTTY === true) stderr.write(`\r\u001b[2K${line.slice(0, (stderr.columns ?? 80) - 1)}`);
      },
    },
  };
}

const WITH_STACK: readonly LogLevel[] = ['trace', 'debug'];

function wantsStack(argv: readonly string[]): boolean {
  return argv.some((argument, index) =>
    WITH_STACK.some(
      (level) => argument === `--log-level=${level}` || (argument === level && argv[index - 1] === '--log-level'),
    ),
  );
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
