import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

/** Of util-linux. Others of this name take other arguments. */
const RECORDER = 'script';

/** For `describe.skipIf(skipWithoutTerminal)`: says loudly what is not tested. */
export const skipWithoutTerminal = !/util-linux/.test(
  String(spawnSync(RECORDER, ['--version'], { encoding: 'utf8' }).stdout),
);
if (skipWithoutTerminal) console.warn('SKIPPED: util-linux’s `script` is not there to make a pseudo-terminal with.');

export interface TerminalOptions {
  readonly columns?: number;
  /** A shell's command around the program's own, which stands there as `$PROGRAM`. */
  readonly shell?: string;
}

/** The built program on a pseudo-terminal, to type into. */
export class TypedInto implements AsyncDisposable {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #bytes = '';

  constructor(
    args: readonly string[],
    environment: NodeJS.ProcessEnv,
    { columns = 80, shell = 'exec $PROGRAM' }: TerminalOptions = {},
  ) {
    const program = [process.execPath, resolve('dist/bin.cjs'), ...args].map((word) => `'${word}'`).join(' ');
    // A function, so that the words are kept whatever is in them.
    const command = `stty cols ${columns} rows 24; ${shell.replace('$PROGRAM', () => program)}`;
    const child = spawn(RECORDER, ['-qfec', command, '/dev/null'], {
      env: { PATH: process.env.PATH, TERM: 'xterm', ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#bytes += chunk;
    });
    this.ended = once(child, 'close').then(([code]) => code);
  }

  /** Everything that the terminal has been sent so far. */
  get bytes(): string {
    return this.#bytes;
  }

  /** Everything that the terminal has been sent so far, but for what moves the cursor. */
  get screen(): string {
    return stripVTControlCharacters(this.#bytes);
  }

  /** What is left of it, line by line, after everything that was drawn again in place. */
  get lines(): readonly string[] {
    const left = this.#bytes.split('\n').map((line) => line.split('\u001b[2K').at(-1) ?? '');
    return left.map((line) => stripVTControlCharacters(line).replaceAll('\r', '').trimEnd());
  }

  /** Resolves once the screen holds it. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.screen);
      if (found !== null) return found;
      const over = await Promise.race([
        once(this.#child.stdout, 'data').then(() => false),
        this.ended.then(() => true),
      ]);
      if (over && !pattern.test(this.screen)) throw new Error(`It ended without ${pattern}: ${this.screen}`);
    }
  }

  /** Answers a question, once it has been asked. */
  async answer(question: RegExp, text: string): Promise<void> {
    await this.shows(question);
    this.type(`${text}\r`);
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** The terminal is gone, as when its window is closed or the connection breaks. */
  hangUp(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    await this.ended;
  }
}
