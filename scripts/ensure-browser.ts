/** Sees to it that the browser tests have a browser. Where none can be had it says so, loudly, and they are skipped. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { findBrowser } from './find-browser.ts';

const INSTALLATION = [
  ['apt-get', '-qq', 'update'],
  ['apt-get', '-qq', 'install', '-y', '--no-install-recommends', 'chromium'],
];

const browser = findBrowser() ?? installed();
if (browser === undefined) {
  console.error(
    [
      '*'.repeat(80),
      'NO BROWSER: the browser tests will be SKIPPED. Install Chrome, Chromium or Edge, or name one in CHROME_PATH.',
      '*'.repeat(80),
    ].join('\n'),
  );
} else {
  console.error(`Browser tests use ${browser}`);
}

/** Debian's own package, where this user may install it without being asked for a password. */
function installed(): string | undefined {
  if (!existsSync('/etc/debian_version')) return undefined;
  const root = process.getuid?.() === 0;
  if (!root && !succeeds(['sudo', '-n', 'true'])) return undefined;
  console.error('No browser found: installing chromium with apt-get …');
  return INSTALLATION.every((command) => succeeds(root ? command : ['sudo', '-n', ...command]))
    ? findBrowser()
    : undefined;
}

/** Runs `command` in silence; what it printed is shown only if it failed. */
function succeeds([program = '', ...args]: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr, error } = spawnSync(program, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) console.error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
  return status === 0;
}
