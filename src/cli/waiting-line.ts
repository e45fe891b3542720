import { browserWords, type LoginEvent, type LoginOptions } from '../index.ts';
import type { Context, Terminal } from './command.ts';
import type { Pastes } from './pasted-input.ts';

export interface WaitingLineOptions {
  /** Whether a browser is wanted. Default `true`. */
  readonly browser?: boolean | undefined;
}

type Parts = Pick<Context, 'talk' | 'terminal' | 'surroundings' | 'signal'>;

/**
 * Tells a person what a waiting sign-in is doing: the address first, then what to do where the browser is elsewhere; and takes
 * what they paste. On a terminal the prompt stands on the last line, with the time that is left.
 */
export class WaitingLine implements Disposable {
  readonly #context: Parts;
  readonly #browser: boolean;
  readonly #pastes: Pastes | undefined;
  #until: Date | undefined;
  #typed = 0;
  #ticking: NodeJS.Timeout | undefined;
  #toldOfStrays = false;
  readonly #end = () => this.end();

  constructor(context: Parts, { browser = true }: WaitingLineOptions = {}) {
    const { terminal, signal } = context;
    this.#context = context;
    this.#browser = browser && terminal.elsewhere === undefined;
    this.#pastes = terminal.pastes({
      piped: !this.#browser,
      onTyped: (count) => {
        this.#typed = count;
        this.#draw();
      },
    });
    // At once, so that a second Ctrl-C finds the terminal as it was.
    signal.addEventListener('abort', this.#end, { once: true });
  }

  /** What a sign-in is begun with, so that it is heard and answered here. */
  get signInOptions(): Pick<LoginOptions, 'browser' | 'pasted' | 'notify'> {
    return {
      browser: this.#browser,
      notify: (event) => this.#show(event),
      ...(this.#pastes === undefined ? {} : { pasted: this.#pastes }),
    };
  }

  /** Takes the line away and gives the terminal back. */
  end(): void {
    clearInterval(this.#ticking);
    this.#until = undefined;
    this.#pastes?.[Symbol.dispose]();
    this.#context.terminal.pin();
  }

  [Symbol.dispose](): void {
    this.#context.signal.removeEventListener('abort', this.#end);
    this.end();
  }

  #show(event: LoginEvent): void {
    const { talk } = this.#context;
    switch (event.kind) {
      case 'waiting':
        this.#begin(event);
        return;
      case 'browser-opened':
      case 'browser-failed':
      case 'browser-silent':
      case 'browser-elsewhere': {
        const words = browserWords(event);
        if (words !== undefined) talk(words);
        return;
      }
      case 'stray':
        // Anybody can send these; a person is told once, the log has them all.
        if (!this.#toldOfStrays) talk('A request came that was not the awaited answer. Still waiting.');
        this.#toldOfStrays = true;
        return;
      case 'paste-refused':
        talk(event.message);
        return;
      case 'answered':
        this.end();
        talk('The answer has arrived.');
        return;
    }
  }

  #begin({ url, redirectUri, until }: Extract<LoginEvent, { kind: 'waiting' }>): void {
    const { talk, terminal } = this.#context;
    this.#pastes?.open();
    // The address stands alone on its line, unbroken, so that it can be copied whole.
    talk(`Open this address in your browser to sign in:\n\n${url}\n`);
    this.#until = until;
    const { elsewhere } = terminal;
    if (elsewhere !== undefined) talk(ELSEWHERE[elsewhere](terminal.tunnel([redirectUri, url])));
    if (this.#pastes !== undefined) talk(PASTE[!terminal.canAsk ? 'piped' : this.#browser ? 'here' : 'elsewhere']);
    if (terminal.canRedraw) {
      this.#draw();
      this.#ticking = setInterval(() => this.#draw(), 1000);
      this.#ticking.unref();
    } else {
      talk(`Waiting for the answer at ${redirectUri} (time limit ${this.#left(until)} minutes).`);
    }
  }

  #draw(): void {
    if (this.#until === undefined) return;
    const left = `(${this.#left(this.#until)} left)`;
    this.#context.terminal.pin(...this.#variants(left));
  }

  #variants(left: string): readonly string[] {
    if (this.#typed > 0) {
      const characters = this.#typed === 1 ? '1 character' : `${this.#typed} characters`;
      return [`${characters}, not shown; press Enter ${left}`, `${characters}, then Enter ${left}`, left];
    }
    if (this.#pastes === undefined) {
      return [`Waiting for you in the browser… ${left} Ctrl-C ends the wait.`, `Waiting for you… ${left}`, left];
    }
    if (this.#browser)
      return [`Waiting for you in the browser… ${left}, or paste here: `, `Or paste here ${left}: `, left];
    return [`Paste the address here ${left}: `, `Paste here ${left}: `, left];
  }

  /** How long it is until then, by the clock that the time limit was set by: "4:59". */
  #left(until: Date): string {
    const now = this.#context.surroundings.now?.() ?? new Date();
    const seconds = Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 1000));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }
}

const viaTunnel = (where: string) => (tunnel: string) =>
  `${where} On the machine with the browser, run this first and leave it running, with the name that you know this machine by:\n\n${tunnel}\n`;

/** What to do where the browser is on another machine, by why it is. */
const ELSEWHERE: Readonly<Record<NonNullable<Terminal['elsewhere']>, (tunnel: string) => string>> = {
  ci: () => 'This is an automated job (CI is set), so no browser was opened.',
  ssh: viaTunnel('You are here by SSH, so the browser cannot come back by itself.'),
  'no-display': viaTunnel('There is no screen here, so the browser is probably on another machine.'),
  container: () =>
    'This is a container: a browser outside of it comes back only where the container shares the network of its host (`--network host`).',
};

/** What can be pasted, by where the browser and the input are. */
const PASTE = {
  here: 'If the browser does not come back by itself, paste here the address that it ended on.',
  elsewhere:
    'Once you have allowed access, paste here the address that the browser ended on. That its page shows an error does not matter.',
  piped:
    'Once you have allowed access, the address that the browser ended on can also be given on standard input. That its page shows an error does not matter.',
} as const;
