import { Writable } from 'node:stream';
import { wrap } from './wrap.ts';

/** A stream that may be a terminal. */
export type MaybeTerminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** How wide lines may be: as the terminal is, and without a limit where there is none. */
export function columnsOf({ isTTY, columns = 0 }: MaybeTerminal): number {
  if (isTTY !== true) return Number.POSITIVE_INFINITY;
  // Some pseudo-terminals have no size.
  return columns > 0 ? columns : 80;
}

/** stderr: what is said scrolls up, and on a terminal one line may stand below it that is drawn again in place. */
export class Screen {
  readonly #stream: MaybeTerminal;
  /** Whether a line can be drawn again in place. */
  readonly canRedraw: boolean;
  #pinned: readonly string[] = [];
  #drawn = false;
  #hidden = false;

  /** @param environment a `TERM` of `dumb` is a terminal that knows plain lines only */
  constructor(stream: MaybeTerminal, environment: Readonly<Record<string, string | undefined>>) {
    this.#stream = stream;
    this.canRedraw = stream.isTTY === true && environment.TERM !== 'dumb';
  }

  /** Says a text above the pinned line, in lines that fit. */
  say(text: string): void {
    this.#above(`${wrap(text, columnsOf(this.#stream))}\n`);
  }

  /** The same stream for what others write, whole lines as they are. */
  get stream(): Writable {
    return new Writable({
      write: (chunk, _encoding, done) => {
        this.#above(chunk);
        done();
      },
    });
  }

  /** Keeps a line below everything that is said: the first of these that fits. None takes it away. */
  pin(...variants: readonly string[]): void {
    this.#pinned = variants;
    if (variants.length > 0) this.#draw();
    else this.#clear();
  }

  /** Leaves the terminal to others, for as long as this process is stopped. */
  hide(): void {
    this.#clear();
    this.#hidden = true;
  }

  show(): void {
    this.#hidden = false;
    this.#draw();
  }

  /** Tells the terminal something that leaves no mark on it. */
  control(sequence: string): void {
    if (this.canRedraw) this.#stream.write(sequence);
  }

  #above(text: string | Uint8Array): void {
    this.#clear();
    this.#stream.write(text);
    this.#draw();
  }

  #draw(): void {
    if (!this.canRedraw || this.#hidden || this.#pinned.length === 0) return;
    // The last column stays free: some terminals go on to the next line after it.
    const room = columnsOf(this.#stream) - 1;
    const line = this.#pinned.find(({ length }) => length <= room) ?? this.#pinned.at(-1)?.slice(0, room);
    this.#stream.write(`\r\u001b[2K${line}`);
    this.#drawn = true;
  }

  #clear(): void {
    if (this.#drawn) this.#stream.write('\r\u001b[2K');
    this.#drawn = false;
  }
}
