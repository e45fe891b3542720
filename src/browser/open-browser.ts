import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { type Environment, withoutSecrets } from '../environment.ts';
import { asAuthError, errnoOf } from '../errors.ts';
import { argumentsFor, type BrowserCommand, browserCommands } from './command.ts';
import { NO_DISPLAY, type NoDisplayReason, noDisplayReason, thisMachine } from './has-display.ts';

/** What becomes of opening a URL in a browser. */
export type BrowserEvent =
  /** A launcher exited with 0. */
  | { readonly kind: 'browser-opened' }
  /** One launcher failed, for this reason, a sentence; the next one is tried if `triesNext`. */
  | { readonly kind: 'browser-failed'; readonly reason: string; readonly triesNext: boolean }
  /** A launcher is still running: it is the browser itself, or hangs. `reason` is a sentence; once for each. */
  | { readonly kind: 'browser-silent'; readonly reason: string }
  /** No browser is opened, because the person would not see it here. */
  | { readonly kind: 'browser-elsewhere'; readonly why: NoDisplayReason };

/** What to show next to the URL; `undefined` if all went well. */
export function browserWords(event: BrowserEvent): string | undefined {
  switch (event.kind) {
    case 'browser-opened':
      return undefined;
    case 'browser-failed':
      return `${event.reason} ${event.triesNext ? 'Trying the next one.' : 'Open the URL above manually.'}`;
    case 'browser-silent':
      return `${event.reason} If no page opened, open the URL above manually.`;
    case 'browser-elsewhere':
      return `${NO_DISPLAY[event.why]}, so no browser was opened.`;
  }
}

/** Opens a URL in the person's own browser, as far as that can be done, and returns at once. */
export type OpenBrowser = (url: string, options: OpenBrowserOptions) => void;

export interface OpenBrowserOptions {
  readonly notify: (event: BrowserEvent) => void;
  /** Once aborted, nothing further is tried or reported. */
  readonly signal?: AbortSignal;
}

interface Ways {
  readonly environment: Environment;
  /** What the caller opens URLs with instead. Rejects where it cannot. */
  readonly own?: (url: string) => Promise<void>;
  readonly system: Launcher['start'];
}

/** Opens URLs as the caller does, where one does; not at all, where the person would not see it; else by launchers. */
export function browserOpener({ environment, own, system }: Ways): OpenBrowser {
  if (own !== undefined) return (url, options) => void openByCaller(own(url), options);
  return (url, options) => {
    const machine = thisMachine();
    const why = noDisplayReason(environment, machine);
    if (why !== undefined) {
      options.notify({ kind: 'browser-elsewhere', why });
      return;
    }
    const hasSystem = noDisplayReason({ ...environment, BROWSER: undefined }, machine) === undefined;
    void launch(url, environment, hasSystem ? system : undefined, options);
  };
}

async function openByCaller(opening: Promise<void>, { notify, signal }: OpenBrowserOptions): Promise<void> {
  const event = await opening.then(
    () => ({ kind: 'browser-opened' }) as const,
    (thrown) => ({ kind: 'browser-failed', reason: asAuthError(thrown).message, triesNext: false }) as const,
  );
  if (!signal?.aborted) notify(event);
}

/** Reports in sentences what becomes of opening a page, until it has been seen. */
export function notifyInWords(notice: (text: string) => void, seen: AbortSignal): OpenBrowserOptions {
  return {
    signal: seen,
    notify: (event) => {
      const words = browserWords(event);
      if (words !== undefined) notice(words);
    },
  };
}

/** How long a launcher may run before it is called silent. */
const SILENT_MS = 5_000;

interface Launcher {
  /** The subject of a sentence. */
  readonly name: string;
  readonly start: (url: string) => Promise<ChildProcess>;
  /** What exit codes mean, in words that follow the name. */
  readonly meanings: Readonly<Record<number, string>>;
}

/**
 * Opens `url` in the person's own browser (RFC 8252 §5): by the commands in `BROWSER`, in their order, then as the system does,
 * until one works. One that cannot be started, or ends with another code than 0, has failed, and the next one is tried. One that
 * is still running after five seconds may hang, or be the browser itself: that is reported, and nothing else is tried from then on,
 * lest a browser that is closed an hour later opens another.
 *
 * Launchers share neither our streams nor our terminal, and outlive us. Resolves when there is nothing left to try or to report.
 */
async function launch(
  url: string,
  environment: Environment,
  system: Launcher['start'] | undefined,
  { signal, ...options }: OpenBrowserOptions,
): Promise<void> {
  const notify: typeof options.notify = (event) => {
    if (!signal?.aborted) options.notify(event);
  };
  const launchers: Launcher[] = system === undefined ? [] : [systemLauncher(system)];
  try {
    const commands = browserCommands(environment.BROWSER, { platform: platform() });
    launchers.unshift(...commands.map((command) => commandLauncher(command, environment)));
    if (launchers.length === 0) notify({ kind: 'browser-failed', reason: 'BROWSER is empty.', triesNext: false });
  } catch (thrown) {
    notify({ kind: 'browser-failed', reason: asAuthError(thrown).message, triesNext: launchers.length > 0 });
  }
  for (const [index, launcher] of launchers.entries()) {
    if (signal?.aborted) return;
    const { failure, silent } = await attempt(launcher, url, notify);
    if (failure === undefined) return notify({ kind: 'browser-opened' });
    const triesNext = !silent && index < launchers.length - 1;
    notify({ kind: 'browser-failed', reason: failure, triesNext });
    if (!triesNext) return;
  }
}

/** Pending for as long as what was started runs. `failure` is a sentence; `silent`, whether it ran so long that it was called so. */
async function attempt(
  { name, start, meanings }: Launcher,
  url: string,
  notify: OpenBrowserOptions['notify'],
): Promise<{ readonly failure?: string; readonly silent: boolean }> {
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    notify({ kind: 'browser-silent', reason: `${name} is still running.` });
  }, SILENT_MS);
  // A browser that stays must not keep us.
  timer.unref();
  try {
    const { exitCode: code, signalCode: signal } = await ending(await start(url));
    if (code === 0) return { silent };
    const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
    const meaning = meanings[code ?? 0];
    return { failure: `${name} ${meaning === undefined ? how : `${meaning} (code ${code})`}.`, silent };
  } catch (thrown) {
    return { failure: `${name} couldn't be started: ${startFailure(thrown)}.`, silent };
  } finally {
    clearTimeout(timer);
  }
}

function commandLauncher(command: BrowserCommand, environment: Environment): Launcher {
  return {
    name: `"${command.text}" (BROWSER)`,
    meanings: {},
    start: async (url) => {
      // In a session of its own: neither Ctrl-C nor the end of our terminal reaches it.
      const env = withoutSecrets(environment);
      const child = spawn(command.file, argumentsFor(command, url), { stdio: 'ignore', detached: true, env });
      child.unref();
      return child;
    },
  };
}

function systemLauncher(start: Launcher['start']): Launcher {
  return {
    name: "The system's default opener",
    start,
    // Those of xdg-open's manual; macOS's and Windows's launchers have only 0 and 1.
    meanings: { 3: 'found no browser', 4: 'found a browser that failed' },
  };
}

/** How a child process ends. Rejects where it was never started. */
async function ending(child: ChildProcess): Promise<Pick<ChildProcess, 'exitCode' | 'signalCode'>> {
  // Where `open` goes through PowerShell, it gives the process back once that is over.
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'command not found',
  EACCES: 'permission denied',
  ENOEXEC: 'not an executable',
};

function startFailure(thrown: unknown): string {
  const code = errnoOf(thrown) ?? 'unknown error';
  return `${REASONS[code] ?? 'the operating system refused'} (${code})`;
}
