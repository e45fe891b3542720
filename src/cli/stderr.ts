import { Writable } from 'node:stream';
import { type Colors, commandsIn, terminalText } from './output.ts';

/** A stream that may be a terminal. */
export type MaybeTerminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** stderr: messages scroll up, and on a terminal one line may stand below them that is drawn again in place. */
export class Messages {
  readonly #stream: MaybeTerminal;
  readonly #colors: Colors;
  readonly canRedraw: boolean;
  #pinned: readonly string[] = [];
  #drawn = false;

  /** @param environment a `TERM` of `dumb` is a terminal that knows plain lines only */
  constructor(stream: MaybeTerminal, environment: Readonly<Record<string, string | undefined>>, colors: Colors) {
    this.#stream = stream;
    this.#colors = colors;
    this.canRedraw = stream.isTTY === true && environment.TERM !== 'dumb';
  }

  say(text: string): void {
    const columns = this.#stream.isTTY === true ? this.#stream.columns : undefined;
    this.#above(`${commandsIn(text, this.#colors, columns)}\n`);
  }

  /** The same stream for what others write, whole lines as they are. */
  get stream(): Writable {
    return new Writable({
      write: (chunk, _encoding, done) => {
        this.#above(String(chunk));
        done();
      },
    });
  }

  /** Keeps the first of these that fits below all messages. None takes it away. */
  pin(...variants: readonly string[]): void {
    this.#pinned = variants;
    if (variants.length === 0) this.clear();
    else this.#draw();
  }

  /** Takes the pinned line away, or what a terminal has written there by itself: ^C. */
  clear(always = false): void {
    if (this.#drawn || (always && this.canRedraw)) this.#stream.write('\r\u001b[2K');
    this.#drawn = false;
  }

  #above(text: string): void {
    this.clear();
    this.#stream.write(terminalText(text));
    this.#draw();
  }

  #draw(): void {
    if (!this.canRedraw || this.#pinned.length === 0) return;
    // The last column stays free: some terminals continue on the next line after it.
    const room = (this.#stream.columns || 80) - 1;
    const line = this.#pinned.find(({ length }) => length <= room) ?? this.#pinned.at(-1)?.slice(0, room);
    this.#stream.write(`\r\u001b[2K${line}`);
    this.#drawn = true;
  }
}
