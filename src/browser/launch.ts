import { type ChildProcess, spawn } from 'node:child_process';
import { platform } from 'node:os';
import { asAuthError } from '../errors.ts';
import { argumentsFor, type BrowserCommand, browserCommands } from './command.ts';
import type { BrowserEvent } from './event.ts';

export interface LaunchOptions {
  /** The value of `BROWSER`. */
  readonly browser: string | undefined;
  /** The system's own way, for when no command of `BROWSER` works. Default: none. */
  readonly usual?: ((url: string) => Promise<ChildProcess>) | undefined;
  /** How long something may run before it is told of as silent, in milliseconds. Default 5,000. */
  readonly silentMs?: number;
  readonly tell: (event: BrowserEvent) => void;
  /** Given when no browser is wanted any more: nothing further is tried, nothing further is told. */
  readonly signal?: AbortSignal | undefined;
}

/** One way to open an address. */
interface Way {
  /** The subject of a sentence. */
  readonly name: string;
  readonly start: (url: string) => Promise<ChildProcess>;
  /** What an exit code means to this launcher, in words that follow its name. */
  readonly meanings: Readonly<Record<number, string>>;
}

/**
 * Shows `url` in the person's own browser (RFC 8252 §5): by the commands in `BROWSER`, in their order, then by the system's own way,
 * until one works. One that cannot be started, or ends with another code than 0, has failed, and the next one is tried. One that is
 * still running after `silentMs` may hang, or be the browser itself: that is told, and from then on nothing else is tried, lest a
 * browser that is closed an hour later opens another.
 *
 * Whatever is started has no part in our streams, our terminal or our end. Resolves when there is nothing left to try or to tell.
 */
export async function launch(url: string, options: LaunchOptions): Promise<void> {
  const { browser, usual, signal } = options;
  const tell: typeof options.tell = (event) => {
    if (!signal?.aborted) options.tell(event);
  };
  const ways: Way[] = usual === undefined ? [] : [usualWay(usual)];
  try {
    ways.unshift(...browserCommands(browser, { platform: platform() }).map(commandWay));
    if (ways.length === 0) tell({ kind: 'browser-failed', reason: 'BROWSER names no command.', goesOn: false });
  } catch (thrown) {
    tell({ kind: 'browser-failed', reason: asAuthError(thrown).message, goesOn: ways.length > 0 });
  }
  for (const [index, way] of ways.entries()) {
    if (signal?.aborted) return;
    const { failure, silent } = await attempt(way, url, { ...options, tell });
    if (failure === undefined) return tell({ kind: 'browser-opened' });
    const goesOn = !silent && index < ways.length - 1;
    tell({ kind: 'browser-failed', reason: failure, goesOn });
    if (!goesOn) return;
  }
}

interface Outcome {
  /** A sentence; absent where it ended well. */
  readonly failure?: string;
  /** Whether it ran so long that it was told of. */
  readonly silent: boolean;
}

/** Pending for as long as what was started runs. */
async function attempt({ name, start, meanings }: Way, url: string, options: LaunchOptions): Promise<Outcome> {
  const { silentMs = 5_000, tell } = options;
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    tell({ kind: 'browser-silent', reason: `${name} has not ended.` });
  }, silentMs);
  // A browser that stays must not keep us.
  timer.unref();
  try {
    const { code, signal } = await ending(await start(url));
    if (code === 0) return { silent };
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    const meaning = meanings[code ?? 0];
    return { failure: `${name} ${meaning === undefined ? how : `${meaning} (code ${code})`}.`, silent };
  } catch (thrown) {
    return { failure: `${name} could not be started: ${startFailure(thrown)}.`, silent };
  } finally {
    clearTimeout(timer);
  }
}

function commandWay(command: BrowserCommand): Way {
  return {
    name: `“${command.text}”, from BROWSER,`,
    meanings: {},
    start: async (url) => {
      // In a session of its own: neither Ctrl-C nor the end of our terminal reaches it.
      const child = spawn(command.file, argumentsFor(command, url), { stdio: 'ignore', detached: true });
      child.unref();
      return child;
    },
  };
}

function usualWay(start: Way['start']): Way {
  return {
    name: 'The system’s own way to open a page',
    start,
    // Those of xdg-open's manual; macOS's and Windows's launchers have only 0 and 1.
    meanings: { 3: 'found no browser', 4: 'found a browser that failed' },
  };
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a child process ends, or has ended. Rejects where it was never started. */
function ending(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
    // Where `open` goes through PowerShell, it gives the process back once that is over.
    const { exitCode: code, signalCode: signal } = child;
    if (code !== null || signal !== null) resolve({ code, signal });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'it may not be run',
  ENOEXEC: 'it is no program',
};

function startFailure(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
  return `${REASONS[code] ?? 'the operating system refused'} (${code})`;
}
