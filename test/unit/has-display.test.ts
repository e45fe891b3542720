import { describe, expect, test } from 'vitest';
import { type Machine, type NoDisplayReason, noDisplayReason } from '../../src/browser/has-display.ts';
import type { Environment } from '../../src/environment.ts';

const LINUX: Machine = { platform: 'linux', inContainer: false, onWsl: false };
const CONTAINER: Machine = { ...LINUX, inContainer: true };
const WSL: Machine = { ...LINUX, onWsl: true };
const MAC: Machine = { ...LINUX, platform: 'darwin' };
const WINDOWS: Machine = { ...LINUX, platform: 'win32' };
const SSH = { SSH_CONNECTION: '203.0.113.7 50022 198.51.100.1 22' };

const CASES: readonly (readonly [string, Environment, Machine, 'seen' | NoDisplayReason])[] = [
  ['a desktop under X11', { DISPLAY: ':0' }, LINUX, 'seen'],
  ['a desktop under Wayland', { WAYLAND_DISPLAY: 'wayland-0' }, LINUX, 'seen'],
  ['a server’s console', {}, LINUX, 'no-display'],
  ['an empty DISPLAY', { DISPLAY: '' }, LINUX, 'no-display'],
  ['FreeBSD with a display', { DISPLAY: ':0' }, { ...LINUX, platform: 'freebsd' }, 'seen'],
  ['FreeBSD without', {}, { ...LINUX, platform: 'freebsd' }, 'no-display'],
  ['macOS', {}, MAC, 'seen'],
  ['Windows', {}, WINDOWS, 'seen'],
  ['Termux', {}, { ...LINUX, platform: 'android' }, 'seen'],

  ['SSH', SSH, LINUX, 'ssh'],
  ['SSH, by SSH_TTY alone', { SSH_TTY: '/dev/pts/3' }, LINUX, 'ssh'],
  ['SSH, by the older SSH_CLIENT alone', { SSH_CLIENT: '203.0.113.7 50022 22' }, LINUX, 'ssh'],
  [
    'SSH with a forwarded display: the far machine’s browser is not the person’s',
    { ...SSH, DISPLAY: 'localhost:10.0' },
    LINUX,
    'ssh',
  ],
  ['SSH to a Mac', SSH, MAC, 'ssh'],
  ['SSH to Windows', SSH, WINDOWS, 'ssh'],
  ['SSH into WSL', { ...SSH, WSL_DISTRO_NAME: 'Ubuntu' }, WSL, 'ssh'],

  ['CI, even with a display', { CI: 'true', DISPLAY: ':99' }, LINUX, 'ci'],
  ['CI on a Mac', { CI: '1' }, MAC, 'ci'],
  ['CI=false', { CI: 'false', DISPLAY: ':0' }, LINUX, 'seen'],

  ['Docker or Podman', {}, CONTAINER, 'container'],
  ['Podman or nspawn, by its variable alone', { container: 'systemd-nspawn' }, LINUX, 'container'],
  ['a pod', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, LINUX, 'container'],
  ['Toolbx, which shares the display', { container: 'oci', WAYLAND_DISPLAY: 'wayland-0' }, CONTAINER, 'seen'],
  ['Flatpak', { container: 'flatpak', DISPLAY: ':99.0' }, LINUX, 'seen'],

  ['WSL', { WSL_DISTRO_NAME: 'Ubuntu', WSL_INTEROP: '/run/WSL/8_interop' }, WSL, 'seen'],
  ['WSL through sudo, which drops its variables', {}, WSL, 'seen'],
  ['WSL with a kernel of one’s own', { WSL_INTEROP: '/run/WSL/8_interop' }, LINUX, 'seen'],
  ['a container of Docker Desktop, on WSL’s kernel', {}, { ...CONTAINER, onWsl: true }, 'container'],

  ['BROWSER in a dev container', { BROWSER: '/vscode/helpers/browser.sh' }, CONTAINER, 'seen'],
  ['BROWSER over SSH', { ...SSH, BROWSER: 'firefox' }, LINUX, 'seen'],
  ['BROWSER in CI', { CI: 'true', BROWSER: 'chromium' }, LINUX, 'seen'],
  ['an empty BROWSER', { BROWSER: ' ' }, LINUX, 'no-display'],
];

describe('whether a browser opened here would be visible', () => {
  test.each(CASES)('%s', (_what, environment, machine, expected) => {
    expect(noDisplayReason(environment, machine) ?? 'seen').toBe(expected);
  });
});
