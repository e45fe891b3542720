import { browserWords, type LoginEvent } from '../index.ts';
import type { Context } from './command.ts';

/** Tells a person what a waiting sign-in is doing: the address first, then, on a terminal, the time that is left. */
export class WaitingLine implements Disposable {
  readonly #context: Pick<Context, 'talk' | 'terminal' | 'surroundings'>;
  #ticking: NodeJS.Timeout | undefined;
  #toldOfStrays = false;

  constructor(context: Pick<Context, 'talk' | 'terminal' | 'surroundings'>) {
    this.#context = context;
  }

  show(event: LoginEvent): void {
    const { talk, terminal } = this.#context;
    switch (event.kind) {
      case 'waiting':
        // The address stands alone on its line, unbroken, so that it can be copied whole.
        talk(`Open this address in your browser to sign in:\n\n${event.url}\n`);
        if (terminal.isTerminal) this.#tick(event.until);
        else talk(`Waiting for the answer at ${event.redirectUri} (time limit ${this.#clock(event.until)} minutes).`);
        return;
      case 'browser-opened':
      case 'browser-failed':
      case 'browser-silent':
      case 'browser-elsewhere': {
        const words = browserWords(event);
        if (words !== undefined) this.#say(words);
        return;
      }
      case 'stray':
        // Anybody can send these; a person is told once, the log has them all.
        if (!this.#toldOfStrays) this.#say('A request came that was not the awaited answer. Still waiting.');
        this.#toldOfStrays = true;
        return;
      case 'answered':
        this.end();
        talk('The answer has arrived.');
        return;
    }
  }

  /** Stops the clock and takes its line away. */
  end(): void {
    clearInterval(this.#ticking);
    this.#context.terminal.redraw('');
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #say(text: string): void {
    this.#context.terminal.redraw('');
    this.#context.talk(text);
  }

  #tick(until: Date): void {
    const draw = () =>
      this.#context.terminal.redraw(
        `Waiting for you in the browser… ${this.#clock(until)} left (Ctrl-C ends the wait)`,
      );
    draw();
    this.#ticking = setInterval(draw, 1000);
    this.#ticking.unref();
  }

  /** How long it is until then, by the clock that the time limit was set by: "4:59". */
  #clock(until: Date): string {
    const now = this.#context.surroundings.now?.() ?? new Date();
    const seconds = Math.max(0, Math.round((until.getTime() - now.getTime()) / 1000));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }
}
