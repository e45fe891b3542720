import process from 'node:process';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { findBrowser } from '../../scripts/find-browser.ts';

const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A hostile web site, resolved to this machine. */
export const HOSTILE_HOST = 'hostile.example';

// Nothing but this machine can be reached, whatever a page asks for.
const NAMES = [
  `MAP ${HOSTILE_HOST} 127.0.0.1`,
  'MAP * ~NOTFOUND',
  'EXCLUDE 127.0.0.1',
  'EXCLUDE localhost',
  'EXCLUDE ::1',
];

const browserPath = findBrowser();

/** For `describe.skipIf(skipWithoutBrowser)`: says loudly what is not tested. */
export const skipWithoutBrowser = browserPath === undefined;
if (skipWithoutBrowser) console.warn('SKIPPED: there is no Chrome, Chromium or Edge to run these tests in.');

/** A fresh browser: no history, cookies or caches. Disposing of it deletes them. */
export interface RunningBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** The process behind all of them: the test files of a worker share it, and it ends with the worker. */
let shared: Promise<Browser> | undefined;

/** Starts a browser without a window. */
export async function launch(options: BrowserContextOptions = {}): Promise<RunningBrowser> {
  shared ??= chromium.launch({
    ...(browserPath === undefined ? {} : { executablePath: browserPath }),
    args: [...QUIET, `--host-resolver-rules=${NAMES.join(', ')}`],
    // Chromium's sandbox refuses to run as root, which is what containers usually are.
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const browser = await shared;
  const context = await browser.newContext(options);
  const isScript = process.env.VITEST === undefined;
  return { context, [Symbol.asyncDispose]: () => (isScript ? browser : context).close() };
}
