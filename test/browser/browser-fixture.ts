import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import {
  consent,
  type LoginEvent,
  type LoginOptions,
  login,
  type RuntimeOptions,
  type Sandbox,
  type SignIn,
  startSandbox,
} from '../../src/auth/index.ts';
import { authorizeUrlAt } from '../cli/program.ts';

const CLIENT = { id: '23DESK', name: 'A notebook' };
const SCOPES = ['activity', 'heartrate', 'sleep'];
// Registered at the sandbox, which compares to the byte: the real port has to be known before it is asked.
const CALLBACK = 'http://127.0.0.1:0/callback';

/** A sign-in whose provider's page is open in a tab. */
export interface PendingSignIn {
  readonly page: Page;
  /** What was opened. */
  readonly url: string;
  readonly redirectUri: string;
  /** Why each request that was unrelated request was none, in their order. */
  readonly unexpected: readonly string[];
  readonly done: Promise<SignIn>;
}

/** A home directory without profiles, and a sandbox instead of the provider. */
export interface BrowserFixture extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly runtimeOptions: RuntimeOptions;
  /** Starts a sign-in in a new tab and waits until the provider's page is there. */
  begin(browser: BrowserContext, options?: LoginOptions, more?: RuntimeOptions): Promise<PendingSignIn>;
  /** Signs in without a browser, so that there are old tokens to be kept. */
  signInBefore(): Promise<SignIn>;
  /** The stored profile's bytes. */
  stored(): Promise<string>;
}

export async function browserFixture(): Promise<BrowserFixture> {
  const home = await mkdtemp(join(tmpdir(), 'browser-'));
  const sandbox = await startSandbox();
  const runtimeOptions: RuntimeOptions = { environment: { FITBIT_LOGIN_HOME: home, FITBIT_LOGIN_PROFILE: 'default' } };
  const usual: LoginOptions = {
    sandbox: sandbox.origin,
    profile: 'default',
    clientId: CLIENT.id,
    scopes: SCOPES,
    redirectUris: [CALLBACK],
  };
  const register = (url: string) => {
    const redirectUri = new URL(url).searchParams.get('redirect_uri') ?? '';
    sandbox.register({ ...CLIENT, redirectUris: [redirectUri] });
  };
  return {
    sandbox,
    runtimeOptions,
    begin: (browser, options = {}, more = {}) =>
      begin(browser, { ...usual, ...options }, { ...runtimeOptions, ...more }, register),
    signInBefore: () => {
      const openBrowser = async (url: string) => {
        register((await authorizeUrlAt(url)).href);
        await consent(url);
      };
      return login(usual, { ...runtimeOptions, openBrowser });
    },
    stored: () => readFile(join(home, 'profiles', 'default.json'), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await sandbox.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/**
 * Starts a sign-in whose browser is a new tab of `browser`, and waits until the provider's page is there.
 *
 * @param beforeOpening receives the URL first
 */
export async function begin(
  browser: BrowserContext,
  options: LoginOptions,
  runtimeOptions: RuntimeOptions,
  beforeOpening: (url: string) => void = () => {},
): Promise<PendingSignIn> {
  const page = await browser.newPage();
  const unexpected: string[] = [];
  const events = new EventTarget();
  const waiting: Extract<LoginEvent, { kind: 'waiting' }>[] = [];
  const opened = new Promise<void>((resolve, reject) => {
    events.addEventListener('browser-opened', () => resolve());
    events.addEventListener('browser-failed', () => reject(new Error('The provider’s page could not be opened.')));
  });
  const done = login(
    {
      ...options,
      notify: (event) => {
        if (event.kind === 'waiting') waiting.push(event);
        if (event.kind === 'unexpected-request') unexpected.push(event.reason);
        events.dispatchEvent(new Event(event.kind));
      },
    },
    {
      ...runtimeOptions,
      openBrowser: async (url) => {
        beforeOpening(waiting[0]?.url ?? url);
        await page.goto(url);
      },
    },
  );
  // A test looks at `done` only at its end: a failure until then is not an unhandled one.
  done.catch(() => {});
  await Promise.race([opened, done]);
  const [event] = waiting;
  if (event === undefined) throw new Error('The sign-in ended before it waited.');
  return { page, url: event.url, redirectUri: event.redirectUri, unexpected, done };
}
