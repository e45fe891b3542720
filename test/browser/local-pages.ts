import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { BrowserContext, Page, Response } from 'playwright-core';
import { type LoginOptions, login } from '../../src/auth/index.ts';
import { type ConsentOptions, consent } from '../../src/sandbox/consent.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { type Ended, noBrowser, type Program, programFixture } from '../cli/program.ts';

/** The app that a person has registered at the sandbox. The secret is marked, to be searched for. */
export const APP = { id: '23PAGE', secret: 'marked5ec12e7marked5ec12e7marked', name: 'My notebook' } as const;

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>;
}

/** The built program where nothing is configured, and a running sandbox that knows the person's app. */
export interface LocalPages extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly home: string;
  /** Registered at the sandbox; its port was free a moment ago. */
  readonly redirectUri: string;
  /** The stored profile, as it is in the file. */
  stored(profile?: string): Promise<Record<string, unknown>>;
  path(profile: string): string;
  start(args: readonly string[], options?: StartOptions): Program;
  run(args: readonly string[], options?: StartOptions): Promise<Ended>;
  /** `setup` with the person's app at the sandbox. */
  setup(...more: readonly string[]): Program;
  /** Signs in without a browser, so that there is something to look at. */
  signIn(options?: LoginOptions, how?: ConsentOptions): Promise<void>;
}

export async function localPages(): Promise<LocalPages> {
  const at = await programFixture(noBrowser);
  const { sandbox, home } = at;
  const redirectUri = `http://127.0.0.1:${await freePort()}/callback`;
  sandbox.register({ ...APP, redirectUris: [redirectUri] });
  const running: Program[] = [];
  const path = (profile: string) => join(home, 'profiles', `${profile}.json`);
  const start: LocalPages['start'] = (args, { environment = {} } = {}) => {
    const program = at.start(args, {
      environment: { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '', FITBIT_LOGIN_PROFILE: 'default', ...environment },
    });
    running.push(program);
    return program;
  };
  return {
    sandbox,
    home,
    redirectUri,
    path,
    stored: async (profile = 'default') => JSON.parse(await readFile(path(profile), 'utf8')),
    start,
    run: (args, options) => start(args, options).ended,
    setup: (...more) => start(['setup', '--sandbox', sandbox.origin, '--redirect-uri', redirectUri, ...more]),
    signIn: async (options = {}, how = {}) => {
      await login(
        {
          sandbox: sandbox.origin,
          profile: 'default',
          clientId: APP.id,
          clientSecret: APP.secret,
          scopes: ['activity', 'sleep'],
          redirectUris: [redirectUri],
          ...options,
        },
        { environment: { FITBIT_LOGIN_HOME: home }, openBrowser: async (url) => void (await consent(url, how)) },
      );
    },
    [Symbol.asyncDispose]: async () => {
      for (const { child, ended } of running) {
        child.kill('SIGKILL');
        await ended;
      }
      await at[Symbol.asyncDispose]();
    },
  };
}

/** A tab of the browser that is at the address which the program printed. */
export async function open(browser: BrowserContext, program: Program): Promise<Page> {
  const page = await browser.newPage();
  await page.goto((await program.address()).href);
  return page;
}

/** Everything that loopback pages have served a tab, as text, until it is asked for. */
export function served(page: Page): () => Promise<readonly string[]> {
  const bodies: Promise<string>[] = [];
  page.on('response', (response: Response) => {
    // A redirect has no body that could be read, and a stream has no end.
    const type = response.headers()['content-type'] ?? '';
    if (response.status() >= 300 && response.status() < 400) return;
    if (type.startsWith('text/html')) bodies.push(response.text().catch(() => ''));
  });
  return () => Promise.all(bodies);
}

/** What the tab's back and forward buttons lead to, and what was typed to get there. */
export async function history(page: Page): Promise<readonly { readonly url: string; readonly userTypedURL: string }[]> {
  const devtools = await page.context().newCDPSession(page);
  const { entries } = await devtools.send('Page.getNavigationHistory');
  return entries;
}

/** A free port below the ephemeral range. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}
