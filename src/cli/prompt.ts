import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { AuthError } from '../errors.ts';

export interface PromptOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** Whether what is typed stays invisible. Default `false`. */
  readonly hidden?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Asks one question in the terminal.
 *
 * @throws AuthError `INTERRUPTED` on Ctrl-C, `CANCELLED` when the input ends or breaks
 */
export async function prompt(
  question: string,
  { input, output, hidden = false, signal }: PromptOptions,
): Promise<string> {
  signal.throwIfAborted();
  let silent = false;
  const shown = new Writable({
    write: (chunk, _encoding, done) => {
      if (!silent) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: shown, terminal: true });
  let answered = false;
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const ended = () => reject(new AuthError('CANCELLED', 'The input ended before everything was asked.'));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      lines.once('SIGINT', () => reject(new AuthError('INTERRUPTED', 'Interrupted.')));
      // A terminal that goes away breaks the input, which readline hands on.
      lines.once('close', ended).on('error', ended);
      lines.question(question).then(resolve, reject);
      // The question itself has been written by now; only the answer is kept off the screen.
      silent = hidden;
    });
    answered = true;
    return answer;
  } finally {
    lines.close();
    // Whatever is said next begins on a line of its own.
    if (hidden || !answered) output.write('\n');
  }
}
