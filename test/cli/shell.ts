import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { skipWithoutTerminal } from './pseudo-terminal.ts';

/** Of util-linux: makes the pseudo-terminal. */
const RECORDER = 'script';

/** Shells whose line editor can show its line: how to start them, and their first input. */
const EDITORS = {
  bash: {
    command: 'bash --norc --noprofile -i',
    // A key that prints the line, between marks, and empties it.
    setup: [
      `bind -x '"\\C-xd": printf "\\n<<%s>>\\n" "$READLINE_LINE"; READLINE_LINE='`,
      'source <(fitbit-login completion bash)',
    ],
  },
  zsh: {
    command: 'zsh -f -i',
    setup: [
      'autoload -U compinit; compinit -u -D',
      'show() { zle -I; printf "\\n<<%s>>\\n" "$BUFFER"; BUFFER= }; zle -N show; bindkey "^Xd" show',
      'source <(fitbit-login completion zsh)',
    ],
  },
} as const;

export type Editor = keyof typeof EDITORS;

/** For `describe.skipIf`: says loudly what is not tested. */
export function skipWithoutShell(name: string): boolean {
  const missing = spawnSync(name, ['--version']).error !== undefined;
  if (missing) console.warn(`SKIPPED: ${name} is not there to complete anything in (Debian: apt-get install ${name}).`);
  return missing || skipWithoutTerminal;
}

/** An interactive shell on a pseudo-terminal, to press Tab in. */
export class LineEditor implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<unknown>;
  #screen = '';
  #seen = 0;

  private constructor(editor: Editor, { cwd, environment }: ShellOptions) {
    this.#child = spawn(RECORDER, ['-qfec', EDITORS[editor].command, '/dev/null'], {
      cwd,
      env: { TERM: 'xterm', LANG: 'C.UTF-8', PS1: '> ', ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#screen += chunk;
    });
    this.#ended = once(this.#child, 'close');
  }

  static async start(editor: Editor, options: ShellOptions): Promise<LineEditor> {
    const shell = new LineEditor(editor, options);
    for (const line of EDITORS[editor].setup) shell.#child.stdin.write(`${line}\n`);
    // What the shell says while it starts is of no interest.
    await shell.line('');
    return shell;
  }

  /** Everything that the terminal was sent, but for what moves the cursor. */
  get screen(): string {
    return stripVTControlCharacters(this.#screen);
  }

  /** Presses these keys. @returns what stands on the line then, which is empty again afterwards */
  async line(keys: string): Promise<string> {
    this.#child.stdin.write(`${keys}\u0018d`);
    for (;;) {
      const found = /<<(.*)>>\r?\n/.exec(this.screen.slice(this.#seen));
      if (found !== null) {
        this.#seen += found.index + found[0].length;
        return found[1] ?? '';
      }
      const over = await Promise.race([
        once(this.#child.stdout, 'data').then(() => false),
        this.#ended.then(() => true),
      ]);
      if (over) throw new Error(`The shell ended: ${this.screen}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // An interactive shell ends by its own command; the recorder waits for it.
    this.#child.stdin.write('\u0015exit\r');
    await this.#ended;
  }
}

export interface ShellOptions {
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
}
