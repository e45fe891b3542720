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
  // Looked for in the arguments themselves, since an error can come before they are parsed.
function wantsStack(argv: readonly string[]): boolean {
  return argv.some((argument, index) =>
    WITH_STACK.some((level) => argument === `--log-level=${level}` || (argument === level && argv[index - 1] === '--log-level')),
  );
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
