import { spawnSync } from 'node:child_process';

/** What is needed to start a program. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Standard input. Default: empty. */
  readonly input?: string;
}

export interface Whole {
  /** From the start of the process to its end, in milliseconds. */
  readonly ms: number;
  readonly stdout: string;
}

const MAX_OUTPUT_BYTES = 256 * 2 ** 20;

/** Runs a program to its end, with nothing else going on in this process meanwhile. @throws Error where it does not succeed */
export function wholeProcess({ file, args, env, input = '' }: Command): Whole {
  const started = performance.now();
  const { status, signal, error, stdout, stderr } = spawnSync(file, args, {
    env,
    input,
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  const ms = performance.now() - started;
  if (status !== 0) throw error ?? new Error(`${file} ended with ${signal ?? status}: ${stderr.trim()}`);
  return { ms, stdout };
}

/** How long a program takes to give this answer, in milliseconds. @throws Error where it gives another */
export function answerMs(command: Command, answer: string): number {
  const { ms, stdout } = wholeProcess(command);
  if (stdout.trim() !== answer)
    throw new Error(`${command.file} ${command.args.join(' ')} does not print what it should.`);
  return ms;
}
