import { browserWords, type LoginEvent, type LoginOptions } from '../auth/index.ts';
import type { Context, Terminal } from './context.ts';
import type { Pastes } from './prompt.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;

/** A line that says what is waited for and for how long, on a terminal. */
export class WaitingLine implements Disposable {
  readonly #terminal: Terminal;
  #timer: NodeJS.Timeout | undefined;
  #frame = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** @param words what stands before the time that is left */
  show(words: () => string, until: Date, now: () => Date): void {
    if (!this.#terminal.canRedraw) return;
    clearInterval(this.#timer);
    const draw = () => {
      this.#frame = (this.#frame + 1) % FRAMES.length;
      const [start, left] = [`${FRAMES[this.#frame]} ${words()}`, timeLeft(until, now())];
      this.#terminal.pin(`${start} (${left} left, Ctrl-C to cancel)`, `${start} (${left})`);
    };
    draw();
    this.#timer = setInterval(draw, FRAME_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#terminal.pin();
  }
}

/** "4:59". */
export function timeLeft(until: Date, now: Date): string {
  const seconds = Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Says what a waiting sign-in is doing, and takes what is pasted. */
export class SignInProgress implements Disposable {
  readonly #context: Context;
  readonly #browser: boolean;
  readonly #line: WaitingLine;
  readonly #pastes: Pastes | undefined;
  #saidUnexpected = false;
  #until = new Date(0);
  readonly #end = () => this.end();

  /** @param browser whether one is wanted; none is opened where it could not come back */
  constructor(context: Context, { browser = true }: { readonly browser?: boolean } = {}) {
    this.#context = context;
    this.#browser = browser && context.terminal.elsewhere === undefined;
    this.#line = new WaitingLine(context.terminal);
    this.#pastes = context.terminal.pastes({ piped: !this.#browser });
    // At once, so that a second Ctrl-C finds the terminal as it was.
    context.signal.addEventListener('abort', this.#end, { once: true });
  }

  /** What a sign-in is begun with, so that it is reported and answered here. */
  get loginOptions(): Pick<LoginOptions, 'browser' | 'pasted' | 'notify'> {
    return { browser: this.#browser, notify: (event) => this.#show(event), pasted: this.#pastes };
  }

  /** Takes the line away and gives the terminal back. */
  end(): void {
    this.#line[Symbol.dispose]();
    this.#pastes?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#context.signal.removeEventListener('abort', this.#end);
    this.end();
  }

  #show(event: LoginEvent): void {
    const { say, warn } = this.#context;
    switch (event.kind) {
      case 'waiting':
        this.#begin(event);
        return;
      case 'browser-opened':
      case 'browser-failed':
      case 'browser-silent':
      case 'browser-elsewhere': {
        const words = browserWords(event);
        if (words !== undefined && this.#browser) warn(words);
        return;
      }
      case 'unexpected-request':
        // Any program can send these: it is reported once; the log has them all.
        if (!this.#saidUnexpected) say('Ignored an unrelated request; still waiting.');
        this.#saidUnexpected = true;
        return;
      case 'paste-refused':
        warn(event.message);
        if (event.reason === 'rejected') this.#wait();
        return;
      case 'answered':
        // What is pasted now counts if this one is rejected.
        this.#line[Symbol.dispose]();
        if (!this.#context.terminal.canRedraw) say('Finishing sign-in…');
        return;
    }
  }

  #begin(event: Extract<LoginEvent, { kind: 'waiting' }>): void {
    const { say, terminal, now } = this.#context;
    const { url, startUrl, redirectUri, until } = event;
    this.#pastes?.open();
    if (this.#browser) {
      say(
        `Opening your browser to sign in to ${event.provider}…\nIf nothing opens, visit${startUrl ? ` ${startUrl}` : `:\n\n${url}\n`}`,
      );
    } else {
      // The URL stands alone on its line, unbroken, so that it can be copied whole.
      say(`Open this URL ${terminal.elsewhere === undefined ? 'in a browser' : 'on any device'}:\n\n${url}\n`);
      const how = HOW[terminal.elsewhere ?? 'here'](terminal.tunnel([redirectUri, url]), this.#pastes !== undefined);
      if (how !== '') say(how);
    }
    // In the sandbox nothing warns.
    if (new URL(url).host === 'accounts.google.com') say(UNVERIFIED);
    this.#until = until;
    this.#wait();
    if (!terminal.canRedraw)
      say(`Waiting for the redirect to ${redirectUri} (time limit ${timeLeft(until, now())} minutes).`);
  }

  #wait(): void {
    this.#line.show(() => this.#words(), this.#until, this.#context.now);
  }

  #words(): string {
    const { typed = 0 } = this.#pastes ?? {};
    if (typed > 0) return `${typed} character${typed === 1 ? '' : 's'} pasted, not shown; press Enter`;
    return this.#browser || this.#pastes === undefined ? 'Waiting for your browser' : 'Paste the URL here';
  }
}

const PASTE = 'paste the URL your browser ended up on (its page shows an error):';

function forwardOrPaste(command: string, mayPaste: boolean): string {
  const forward = `Then${mayPaste ? ' either' : ''} forward the port from that device:\n  \`${command}\``;
  return mayPaste ? `${forward}\nor ${PASTE}` : forward;
}

const UNVERIFIED =
  "If Google warns that the app is unverified: it's your own. Choose Advanced, then Go to your app (unsafe).";

/** What to do where no browser is opened, by where the browser is. */
const HOW: Readonly<
  Record<NonNullable<Terminal['elsewhere']> | 'here', (tunnel: string, mayPaste: boolean) => string>
> = {
  here: (_tunnel, mayPaste) => (mayPaste ? `If the browser is on another device, ${PASTE}` : ''),
  ssh: forwardOrPaste,
  'no-display': forwardOrPaste,
  ci: (_tunnel, mayPaste) => `This is an automated job (CI is set).${mayPaste ? ` Then ${PASTE}` : ''}`,
  container: (_tunnel, mayPaste) =>
    `This is a container. The redirect arrives only if it shares its host's network (\`--network host\`).${mayPaste ? ` Otherwise, ${PASTE}` : ''}`,
};
