/**
 * `npm run pictures`: the README's pictures, into docs/images/. The program's own command line signs in at the sandbox in a
 * real browser, and its pages are looked at; clock, time zone and ports are fixed, so that the same pages give the same pictures.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Writable } from 'node:stream';
import { html } from 'ghtml';
import type { Page } from 'playwright-core';
import {
  consent,
  type RuntimeOptions,
  refresh,
  setup,
  login as signIn,
  startSandbox,
  statusPage,
} from '../src/auth/index.ts';
import { main } from '../src/cli/main.ts';
import { launch, skipWithoutBrowser } from '../test/browser/browser.ts';

const IMAGES = 'docs/images';
const START = new Date('2026-03-02T09:30:00Z');
const SANDBOX_PORT = 8975;
const CLIENT = { id: '23ABCD', name: 'My notebook', redirectUris: ['http://127.0.0.1:8976/callback'] };
// Where the profile would be on a reader's own machine.
const SHOWN_HOME = '/home/you/.config/fitbit-login';

const LOOKS = [
  { suffix: '', width: 1280, colorScheme: 'light' },
  { suffix: '-dark', width: 1280, colorScheme: 'dark' },
  { suffix: '-360', width: 360, colorScheme: 'light' },
  { suffix: '-360-dark', width: 360, colorScheme: 'dark' },
] as const;

if (skipWithoutBrowser) process.exit(1);
process.env.TZ = 'UTC';
await mkdir(IMAGES, { recursive: true });
const home = await mkdtemp(join(tmpdir(), 'screenshots-'));
const said: string[] = [];
const ended = new AbortController();
let time = START.getTime();
const now = () => new Date(time);
const pass = (hours: number) => {
  time += hours * 3_600_000;
};
const surroundings: RuntimeOptions = { environment: { FITBIT_LOGIN_HOME: home }, now };
try {
  await using sandbox = await startSandbox({ port: SANDBOX_PORT, clients: [CLIENT], now });
  await using browser = await launch();
  const page = await browser.context.newPage();
  const login = ['login', '--client-id', CLIENT.id, '--scope', 'activity heartrate sleep weight'];
  await run([...login, '--profile', 'default', '--sandbox', sandbox.origin], async (url) => {
    await page.goto(url);
    await picture(page, 'consent');
    await page.getByRole('button', { name: 'Allow' }).click();
  });
  await page.getByRole('heading', { name: /signed in/i }).waitFor();
  await picture(page, 'signed-in');
  await run(['status'], () => Promise.reject(new Error('status opens no browser.')));
  // A new page: the last one's policy would keep the style out.
  const screen = await browser.context.newPage();
  await screen.setViewportSize({ width: 960, height: 400 });
  await screen.setContent(terminal(said.join('')));
  await screen.locator('main').screenshot({ path: `${IMAGES}/terminal.png` });

  await visit(page, (onPage, signal) => setup({ profile: 'new', onPage, signal }, surroundings));
  await picture(page, 'setup');

  pass(7.7);
  await refresh({}, surroundings);
  pass(1.4);
  await signIn(
    { profile: 'partner', clientId: CLIENT.id, scopes: ['sleep', 'weight'], sandbox: sandbox.origin },
    {
      ...surroundings,
      openBrowser: async (url) => void (await consent(url, { person: 'SLEEP2', untick: ['weight'] })),
    },
  );
  pass(0.6);
  await visit(page, (onPage, signal) => statusPage({ onPage, signal }, surroundings));
  await picture(page, 'status');
} finally {
  ended.abort();
  await rm(home, { recursive: true, force: true });
}

async function run(argv: readonly string[], openBrowser: (url: string) => Promise<void>): Promise<void> {
  const typed = argv.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ');
  said.push(`\n$ fitbit-login ${typed}\n`);
  const output = () =>
    new Writable({
      write: (chunk, _encoding, done) => {
        said.push(String(chunk).replaceAll(home, SHOWN_HOME));
        done();
      },
    });
  const exitCode = await main({
    argv,
    version: '0',
    stdin: process.stdin,
    stdout: output(),
    stderr: output(),
    signal: new AbortController().signal,
    surroundings: { ...surroundings, openBrowser },
  });
  if (exitCode !== 0) throw new Error(`${typed} ended with ${exitCode}:\n${said.join('')}`);
}

/** Opens a local page, which stays until its program ends with this one. */
async function visit(
  page: Page,
  serve: (onPage: (url: string) => void, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const address = new Promise<string>((resolve, reject) => {
    serve(resolve, ended.signal).catch(reject);
  });
  // Nothing changes while pictures are taken.
  await page.clock.install({ time: now() });
  await page.clock.pauseAt(now());
  await page.goto(await address);
}

/** The whole page, in each of its looks, as it would be on a reader's own machine. */
async function picture(page: Page, name: string): Promise<void> {
  for (const { suffix, width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 640 });
    await page.emulateMedia({ colorScheme });
    await page.locator('dd', { hasText: home }).evaluateAll(
      (rows, [from, to]) => {
        for (const row of rows) row.textContent = row.textContent.replace(from, to);
      },
      [home, SHOWN_HOME] as const,
    );
    await page.screenshot({ path: `${IMAGES}/${name}${suffix}.png`, fullPage: true });
  }
}

/** What the program printed, as a terminal would show it. The address is cut where its random part begins. */
function terminal(text: string): string {
  const lines = text
    .trim()
    .replace(/(&client_id=[^&]*)\S*/, '$1&…')
    .split('\n');
  const shown = lines.map((line) => (line.startsWith('$ ') ? html`<b>${line}</b>` : html`${line}`));
  return `<!doctype html><html lang="en"><style>
    body { margin: 0; background: #15191b; }
    main { padding: 1.5rem 1.75rem; background: #15191b; color: #c9d1d0; }
    pre { margin: 0; font: 14px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre-wrap; }
    b { color: #5ec8b8; }
  </style><main><pre>${shown.join('\n')}</pre></main></html>`;
}
