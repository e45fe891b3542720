import { addAbortListener } from 'node:events';
import { browserWords, type LoginEvent, type LoginOptions } from '../auth/index.ts';
import type { Context, Terminal } from './context.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;

/** A line that says what is waited for and for how long, on a terminal. */
export function waitingLine(terminal: Terminal) {
  let timer: NodeJS.Timeout | undefined;
  let frame = 0;
  return {
    /** @param words what stands before the time that is left */
    show: (words: () => string, until: Date, now: () => Date) => {
      if (!terminal.canRedraw) return;
      clearInterval(timer);
      const draw = () => {
        frame = (frame + 1) % FRAMES.length;
        const [start, left] = [`${FRAMES[frame]} ${words()}`, timeLeft(until, now())];
        terminal.pin(`${start} (${left} left, Ctrl-C to cancel)`, `${start} (${left})`);
      };
      draw();
      timer = setInterval(draw, FRAME_MS).unref();
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      terminal.pin();
    },
  };
}

/** "4:59". */
export function timeLeft(until: Date, now: Date): string {
  const seconds = Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/**
 * Says what a waiting sign-in is doing, and takes what is pasted.
 * @param browser whether one is wanted; none is opened where it could not come back
 */
export function signInProgress(context: Context, { browser: isWanted = true }: { readonly browser?: boolean } = {}) {
  const { say, warn, terminal, now, signal } = context;
  const browser = isWanted && terminal.elsewhere === undefined;
  const line = waitingLine(terminal);
  const pastes = terminal.pastes({ piped: !browser });
  let saidUnexpected = false;
  let end = new Date(0);
  const words = () => {
    const { typed = 0 } = pastes ?? {};
    if (typed > 0) return `${typed} character${typed === 1 ? '' : 's'} pasted, not shown; press Enter`;
    return browser || pastes === undefined ? 'Waiting for your browser' : 'Paste the URL here';
  };
  const wait = () => line.show(words, end, now);
  const stop = () => {
    line[Symbol.dispose]();
    pastes?.[Symbol.dispose]();
  };
  // At once, so that a second Ctrl-C finds the terminal as it was.
  const aborted = addAbortListener(signal, stop);

  const begin = ({ provider, url, startUrl, redirectUri, until }: Extract<LoginEvent, { kind: 'waiting' }>) => {
    pastes?.open();
    if (browser) {
      const visit = startUrl ? ` ${startUrl}` : `:\n\n${url}\n`;
      say(`Opening your browser to sign in to ${provider}…\nIf nothing opens, visit${visit}`);
    } else {
      // The URL stands alone on its line, unbroken, so that it can be copied whole.
      say(`Open this URL ${terminal.elsewhere === undefined ? 'in a browser' : 'on any device'}:\n\n${url}\n`);
      const how = HOW[terminal.elsewhere ?? 'here'](terminal.tunnel([redirectUri, url]), pastes !== undefined);
      if (how !== '') say(how);
    }
    // In the sandbox nothing warns.
    if (new URL(url).host === 'accounts.google.com') say(UNVERIFIED);
    end = until;
    wait();
    if (!terminal.canRedraw)
      say(`Waiting for the redirect to ${redirectUri} (time limit ${timeLeft(until, now())} minutes).`);
  };

  const notify = (event: LoginEvent) => {
    switch (event.kind) {
      case 'waiting':
        return begin(event);
      case 'browser-opened':
      case 'browser-failed':
      case 'browser-silent':
      case 'browser-elsewhere': {
        const problem = browserWords(event);
        if (problem !== undefined && browser) warn(problem);
        return;
      }
      case 'unexpected-request':
        // Any program can send these: it is reported once; the log has them all.
        if (!saidUnexpected) say('Ignored an unrelated request; still waiting.');
        saidUnexpected = true;
        return;
      case 'paste-refused':
        warn(event.message);
        if (event.reason === 'rejected') wait();
        return;
      case 'answered':
        // What is pasted now counts if this one is rejected.
        line[Symbol.dispose]();
        if (!terminal.canRedraw) say('Finishing sign-in…');
    }
  };

  return {
    /** What a sign-in is begun with, so that it is reported and answered here. */
    loginOptions: { browser, notify, pasted: pastes } satisfies LoginOptions,
    /** Takes the line away and gives the terminal back. */
    end: stop,
    [Symbol.dispose]: () => {
      aborted[Symbol.dispose]();
      stop();
    },
  };
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
