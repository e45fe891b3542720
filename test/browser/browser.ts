import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { findBrowser } from '../../scripts/find-browser.ts';

const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Somebody else's web site, which is this machine in truth: what a page served there tries, a stranger's page can try. */
export const STRANGER = 'stranger.example';

// Nothing but this machine can be reached, whatever a page asks for.
const NAMES = [`MAP ${STRANGER} 127.0.0.1`, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1', 'EXCLUDE localhost'];

const browserPath = findBrowser();

/** For `describe.skipIf(skipWithoutBrowser)`: says loudly what is not tested. */
export const skipWithoutBrowser = browserPath === undefined;
if (skipWithoutBrowser) console.warn('SKIPPED: there is no Chrome, Chromium or Edge to run these tests in.');

/** A running browser; disposing of it closes it and deletes its user's directory. */
export interface RunningBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
  /** Where the browser keeps history, cookies and caches. */
  readonly userDataDirectory: string;
  /** Ends the browser, which writes down what it remembers, and keeps the directory to be looked into. */
  close(): Promise<void>;
}

/** Starts a browser that nobody has used before, without a window. */
export async function launch(options: BrowserContextOptions = {}): Promise<RunningBrowser> {
  const userDataDirectory = await mkdtemp(join(tmpdir(), 'browser-'));
  const forget = () => rm(userDataDirectory, { recursive: true, force: true, maxRetries: 5 });
  try {
    const context = await chromium.launchPersistentContext(userDataDirectory, {
      ...options,
      ...(browserPath === undefined ? {} : { executablePath: browserPath }),
      args: [...QUIET, `--host-resolver-rules=${NAMES.join(', ')}`],
      // Chromium's sandbox refuses to run as root, which is what containers usually are.
      chromiumSandbox: process.getuid?.() !== 0,
    });
    const close = () => context.close();
    const dispose = () => close().finally(forget);
    return { context, userDataDirectory, close, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await forget();
    throw error;
  }
}
