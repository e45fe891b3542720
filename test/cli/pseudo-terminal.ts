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

/** The built program on a pseudo-terminal that somebody types into. */
export class TypedInto implements AsyncDisposable {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #screen = '';

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv) {
    const command = [process.execPath, resolve('dist/bin.cjs'), ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn(RECORDER, ['-qfec', command, '/dev/null'], {
      env: { PATH: process.env.PATH, TERM: 'xterm', ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child = child;
    child.stdin.on('error', () => {});
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#screen += chunk;
    });
    this.ended = once(child, 'close').then(([code]) => code);
  }

  /** Everything that the terminal has been sent so far, but for what moves the cursor. */
  get screen(): string {
    return stripVTControlCharacters(this.#screen);
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGHUP');
    await this.ended;
  }
}
