import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { Duplex, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Canary } from './canary.ts';

/** A run of the program that is over. */
export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  /** `null` where a signal ended it. */
  readonly exitCode: number | null;
  /** From the start of the process to its end, in milliseconds. */
  readonly ms: number;
  /** The most memory it had at once, in bytes; absent where it was not measured, or was killed. */
  readonly peakBytes?: number;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Run>;
  /** Given when it has ended. */
  readonly over: AbortSignal;
  /** Resolves when it stands at the gate. Never, where it was not told to. */
  readonly ready: Promise<unknown>;
  /** Lets it through the gate. */
  release(): void;
}

export interface RunOptions {
  /** `FITBIT_LOGIN_HOME`. */
  readonly home: string;
  /** How far the process's clock is ahead, in milliseconds. Default 0. */
  readonly clockOffsetMs?: number;
  /** Whether its memory is measured. Default `false`. */
  readonly measured?: boolean;
  /** Whether it waits, before the program itself is loaded, until it is released. Default `false`. */
  readonly gated?: boolean;
  /** The largest file that it may write, in bytes. Default: as large as it likes. */
  readonly largestFileBytes?: number;
  /** Runs it as this user and group. Needs root. */
  readonly uid?: number;
}

/** The built program, run as processes of its own. Whatever is still running when it is disposed of is killed. */
export class Program implements AsyncDisposable {
  readonly #directory: string;
  readonly #canary: Canary;
  readonly #node: string;
  readonly #running = new Set<Running>();

  /**
   * @param directory holds `bin.cjs`; see {@link copyProgram}
   * @param node the path of the Node that it runs under
   */
  constructor(directory: string, canary: Canary, node = process.execPath) {
    this.#directory = directory;
    this.#canary = canary;
    this.#node = node;
  }

  start(args: readonly string[], options: RunOptions): Running {
    const { home, clockOffsetMs, measured = false, gated = false, largestFileBytes, uid } = options;
    const preload =
      measured || gated || clockOffsetMs !== undefined ? ['--import', join(this.#directory, 'preload.mjs')] : [];
    const command = [this.#node, ...preload, join(this.#directory, 'bin.cjs'), ...args];
    const [file = '', ...rest] =
      largestFileBytes === undefined
        ? command
        : ['bash', '-c', `ulimit -f ${Math.floor(largestFileBytes / 1024)}; exec "$@"`, 'bash', ...command];
    const started = performance.now();
    const child = spawn(file, rest, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        FITBIT_LOGIN_HOME: home,
        ...(gated ? { TORTURE_GATE: 'closed' } : {}),
        ...(clockOffsetMs === undefined ? {} : { TORTURE_CLOCK_OFFSET_MS: String(clockOffsetMs) }),
      },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const wire = child.stdio[3];
    if (!(wire instanceof Duplex)) throw new Error('Descriptor 3 of the program is not connected.');
    // A process that was killed does not mind what is still written to it.
    wire.on('error', () => {});
    const ready = new Promise((resolve) => wire.once('data', resolve));
    const over = new AbortController();
    const running: Running = {
      process: child,
      ended: this.#end(child, wire, args, started),
      over: over.signal,
      ready,
      release: () => void wire.write('!'),
    };
    this.#running.add(running);
    child.once('exit', () => {
      over.abort();
      this.#running.delete(running);
    });
    return running;
  }

  run(args: readonly string[], options: RunOptions): Promise<Run> {
    return this.start(args, options).ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = [...this.#running];
    for (const { process } of left) process.kill('SIGKILL');
    await Promise.allSettled(left.map(({ ended }) => ended));
  }

  async #end(child: ChildProcess, wire: Duplex, args: readonly string[], started: number): Promise<Run> {
    let told = '';
    wire.on('data', (chunk: Buffer) => {
      told += String(chunk);
    });
    const exit = once(child, 'exit').then(() => performance.now() - started);
    const [stdout, stderr, ms] = await Promise.all([
      read(child.stdout),
      read(child.stderr),
      exit,
      new Promise((resolve) => wire.once('close', resolve)),
    ]);
    const { exitCode } = child;
    const peakKiB = told.split('\n').at(-1);
    // The one place where a secret belongs. A process that was killed may have come so far.
    const isTheAnswer = args[0] === 'token' && (exitCode === 0 || exitCode === null);
    this.#canary.hear(`what \`${args[0]}\` printed`, isTheAnswer ? stderr : `${stdout}\n${stderr}`);
    return { stdout, stderr, exitCode, ms, ...(peakKiB ? { peakBytes: Number(peakKiB) * 1024 } : {}) };
  }
}

/** Copies the built program to where every user may run it, and where a build in the meantime does not reach it. */
export async function copyProgram(to: string): Promise<void> {
  const project = join(import.meta.dirname, '../..');
  await cp(join(project, 'dist'), to, { recursive: true });
  await copyFile(join(project, 'package.json'), join(to, 'package.json'));
  await copyFile(join(import.meta.dirname, 'preload.mjs'), join(to, 'preload.mjs'));
  await chmod(to, 0o755);
}

async function read(stream: Readable | null): Promise<string> {
  return stream === null ? '' : text(stream);
}
