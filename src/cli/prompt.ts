import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { Readable, Writable } from 'node:stream';
import { confirm as clackConfirm, password as clackPassword, isCancel } from '@clack/prompts';
import { inputEnded, interrupted } from '../messages.ts';

/** What a person pastes, each text whole. */
interface Pastes extends AsyncIterable<string>, Disposable {
  /** Begins to read. To be called before a person is asked to paste: a terminal shows what is typed until then. */
  open(): void;
  /** How many characters have been typed since the last Enter. */
  readonly typed: number;
}

/** How long it must be quiet after a line break until a paste is whole: a terminal may have broken a URL into lines. */
const QUIET_MS = 150;
/** The same without a line break, for a program that writes none and leaves its pipe open. */
const UNENDED_MS = 1_000;
/** Beyond any redirect URL. */
const MAX_LENGTH = 64 * 1024;

export interface PromptOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly signal: AbortSignal;
}

/**
 * Asks for a line, or for several that are pasted at once. A JSON object is not shown: it may hold a secret.
 * @throws AuthError `INTERRUPTED` on Ctrl-C, `CANCELLED` when the input ends or breaks
 */
export async function ask(question: string, { input, output, signal }: PromptOptions): Promise<string> {
  signal.throwIfAborted();
  let text = '';
  const lines = mutedLines(input, output, () => /^\s*\{/.test(text + lines.line));
  let isAnswered = false;
  try {
    return await new Promise<string>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const ended = () => reject(inputEnded());
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      lines.once('SIGINT', () => reject(interrupted()));
      // After Ctrl-Z and fg.
      lines.on('SIGCONT', () => lines.prompt(true));
      // A terminal that goes away breaks the input, which readline hands on.
      lines.once('close', ended).on('error', ended);
      lines.on('line', (line) => {
        text += `${line}\n`;
        clearTimeout(timer);
        timer = setTimeout(
          () => {
            if (lines.line !== '' && !isWhole(text)) return;
            isAnswered = true;
            resolve(text.trim());
          },
          isWhole(text) ? QUIET_MS : MAX_LENGTH,
        );
      });
      lines.setPrompt(question);
      lines.prompt();
    });
  } finally {
    lines.close();
    // What is said next begins on a line of its own.
    if (!isAnswered) output.write('\n');
  }
}

/** Whether a text is no JSON object of which a part is yet to come. */
function isWhole(text: string): boolean {
  if (!/^\s*\{/.test(text)) return true;
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

/** Asks for what is not shown. @param problem what is wrong with it, which is said before it is asked for again */
export async function askSecret(
  question: string,
  problem: (text: string) => string | undefined,
  options: PromptOptions,
): Promise<string> {
  const answer = await clackPassword({ message: question, validate: (text = '') => problem(text), ...options });
  if (isCancel(answer)) throw cancellation(options.signal);
  return answer ?? '';
}

export async function confirm(question: string, options: PromptOptions): Promise<boolean> {
  const answer = await clackConfirm({ message: question, initialValue: false, ...options });
  if (isCancel(answer)) throw cancellation(options.signal);
  return answer;
}

function cancellation(signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : interrupted();
}

/**
 * What is typed or pasted into a terminal, up to Enter, never shown: a long URL would scroll away with the code in it. Read by
 * readline, in raw mode, since a terminal's own lines end after 1,024 or 4,096 bytes.
 */
export function typedPastes(input: Readable, onInterrupt: () => void): Pastes {
  let typed: Interface | undefined;
  const begin: Begin = (give) => {
    let text = '';
    let timer: NodeJS.Timeout | undefined;
    const lines = mutedLines(input, undefined, () => true);
    typed = lines;
    lines
      .on('SIGINT', onInterrupt)
      // After Ctrl-Z and fg, readline waits to be resumed.
      .on('SIGCONT', () => lines.resume())
      .on('error', () => {})
      .on('line', (line) => {
        text = `${text}${line}\n`.slice(0, MAX_LENGTH);
        clearTimeout(timer);
        timer = setTimeout(() => {
          // The last line of several waits for Enter.
          if (lines.line !== '') return;
          give(text);
          text = '';
        }, QUIET_MS);
      });
    return () => {
      clearTimeout(timer);
      lines.close();
    };
  };
  return pastes(begin, () => typed?.line.length ?? 0);
}

/** What comes through a pipe, a FIFO or a file, in texts that a pause parts. */
export function pipedPastes(input: Readable): Pastes {
  return pastes((give, end) => {
    let text = '';
    let timer: NodeJS.Timeout | undefined;
    const flush = () => {
      if (text !== '') give(text);
      text = '';
    };
    const onData = (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(0, MAX_LENGTH);
      clearTimeout(timer);
      timer = setTimeout(flush, text.endsWith('\n') ? QUIET_MS : UNENDED_MS);
    };
    const onEnd = () => {
      clearTimeout(timer);
      flush();
      end();
    };
    input.on('data', onData).once('end', onEnd).once('error', onEnd);
    return () => {
      clearTimeout(timer);
      input.off('data', onData).off('end', onEnd).off('error', onEnd);
      input.pause();
    };
  });
}

/** Begins to read; the function that it returns ends that. */
type Begin = (give: (text: string) => void, end: () => void) => () => void;

function pastes(begin: Begin, typed = () => 0): Pastes {
  let isOver = false;
  let stop = () => {};
  const texts = new Readable({ objectMode: true, read() {} });
  const close = () => {
    if (isOver) return;
    isOver = true;
    texts.push(null);
    stop();
  };
  return {
    get typed() {
      return typed();
    },
    open: () => {
      if (!isOver) stop = begin((text) => texts.push(text), close);
    },
    [Symbol.asyncIterator]: () => texts[Symbol.asyncIterator](),
    [Symbol.dispose]: close,
  };
}

/** Lines that are typed into a terminal, echoed unless they are to stay unseen. */
function mutedLines(input: Readable, output: Writable | undefined, isMuted: () => boolean): Interface {
  const echo = new Writable({
    write: (chunk, _encoding, done) => {
      if (output !== undefined && !isMuted()) output.write(chunk);
      done();
    },
  });
  return createInterface({ input, output: echo, terminal: true, historySize: 0 });
}

/**
 * Whether this process may use its terminal: a shell's background job is stopped as soon as it reads from it. Only Linux shows it
 * (proc(5), `pgrp` and `tpgid`); elsewhere the answer is yes.
 */
export function isInForeground(): boolean {
  try {
    const status = readFileSync('/proc/self/stat', 'utf8');
    // The name of the program, in brackets, may hold spaces and brackets.
    const [, , group, , , foreground] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return foreground === '-1' || foreground === group;
  } catch {
    return true;
  }
}
