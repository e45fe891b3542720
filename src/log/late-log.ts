import type { Logger } from 'pino';

/** A log that is opened when somebody wants it: to load it takes longer than all that comes before a sign-in waits. */
export class LateLog {
  readonly #open: () => Promise<Logger>;
  #opening: Promise<Logger> | undefined;
  #opened: Logger | undefined;
  #written: Promise<void> = Promise.resolve();

  /** @param open Called once at most. Must not throw. */
  constructor(open: () => Promise<Logger>) {
    this.#open = open;
  }

  /** The log itself. */
  async open(): Promise<Logger> {
    this.#opening ??= this.#open();
    this.#opened = await this.#opening;
    return this.#opened;
  }

  info(event: object, message: string): void {
    this.#write((log) => log.info(event, message));
  }

  warn(event: object, message: string): void {
    this.#write((log) => log.warn(event, message));
  }

  /** Resolves once every line so far is written: at once, where the log was open before them. */
  written(): Promise<void> {
    return this.#written;
  }

  #write(write: (log: Logger) => void): void {
    if (this.#opened === undefined) this.#written = this.open().then(write);
    else write(this.#opened);
  }
}
