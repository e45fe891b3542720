import { Writable } from 'node:stream';
import type { Environment } from '../environment.ts';
import { type Colors, commandsIn, terminalText } from './output.ts';

/** A stream that may be a terminal. */
export type MaybeTerminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export type Messages = ReturnType<typeof messagesOn>;

/**
 * stderr: messages scroll up, and on a terminal one line may stand below them that is drawn again in place.
 * @param environment a `TERM` of `dumb` is a terminal that knows plain lines only
 */
export function messagesOn(stream: MaybeTerminal, environment: Environment, colors: Colors) {
  const canRedraw = stream.isTTY === true && environment.TERM !== 'dumb';
  let pinned: readonly string[] = [];
  let isDrawn = false;
  const clear = (always = false) => {
    if (isDrawn || (always && canRedraw)) stream.write('\r\u001b[2K');
    isDrawn = false;
  };
  const draw = () => {
    if (!canRedraw || pinned.length === 0) return;
    // The last column stays free: some terminals continue on the next line after it.
    const room = (stream.columns || 80) - 1;
    const line = pinned.find(({ length }) => length <= room) ?? pinned.at(-1)?.slice(0, room);
    stream.write(`\r\u001b[2K${line}`);
    isDrawn = true;
  };
  const writeAbove = (text: string) => {
    clear();
    stream.write(terminalText(text));
    draw();
  };
  return {
    canRedraw,
    say: (text: string) =>
      writeAbove(`${commandsIn(text, colors, stream.isTTY === true ? stream.columns : undefined)}\n`),
    /** The same stream for what others write, whole lines as they are. */
    stream: new Writable({
      write: (chunk, _encoding, done) => {
        writeAbove(String(chunk));
        done();
      },
    }),
    /** Keeps the first of these that fits below all messages. None takes it away. */
    pin: (...variants: readonly string[]) => {
      pinned = variants;
      if (variants.length === 0) clear();
      else draw();
    },
    /** Takes the pinned line away, or what a terminal has written there by itself: ^C. */
    clear,
  };
}
