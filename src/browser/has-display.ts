import { existsSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';
import type { Environment } from '../environment.ts';

/** Why the person would not see a page that is opened here. */
export type NoDisplayReason = 'ci' | 'ssh' | 'container' | 'no-display';

/** What the environment does not show of a machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Whether Docker or Podman left the file that says so. */
  readonly inContainer: boolean;
  /** Whether the kernel is that of the Windows Subsystem for Linux. */
  readonly onWsl: boolean;
}

/** The first half of a sentence. */
export const NO_DISPLAY: Readonly<Record<NoDisplayReason, string>> = {
  ci: 'This is an automated job (CI is set)',
  ssh: 'This is an SSH session',
  container: 'This is a container without a display',
  'no-display': 'There is no display here',
};

/** Where a display needs no variable. */
const WITH_DISPLAY: readonly NodeJS.Platform[] = ['darwin', 'win32', 'android'];

/** What this machine is. Reads three files, at most. */
export function thisMachine(): Machine {
  return {
    platform: platform(),
    inContainer: existsSync('/.dockerenv') || existsSync('/run/.containerenv'),
    onWsl: kernel().includes('microsoft'),
  };
}

/**
 * Why the person would not see a page that is opened here; `undefined` where they would. In this order:
 *
 * - `BROWSER` says that they would: dev containers, Codespaces and remote editors set it to a helper that opens the page where
 *   the person is, and a value set by hand is better than any guess.
 * - Not in CI, and not over SSH, whatever `DISPLAY` says: a forwarded display would show a browser of the remote machine, slowly
 *   and without the person's own sign-ins. The person's own browser (RFC 8252 §5) is on the local side. `BROWSER=firefox` says
 *   otherwise.
 * - macOS, Windows and Android have a display. Everything else has one where `DISPLAY` or `WAYLAND_DISPLAY` is set, containers
 *   too: those that are made for it (Toolbx, Distrobox, Flatpak, Crostini) share the display and hand pages on to the host.
 * - The Windows Subsystem for Linux has that of Windows, whose browser is opened. WSL 2 forwards what Windows asks of 127.0.0.1
 *   to Linux, but for `localhostForwarding=false` in `.wslconfig` and some VPNs; the URL is printed in any case.
 */
export function noDisplayReason(
  environment: Environment,
  machine: Machine = thisMachine(),
): NoDisplayReason | undefined {
  const { BROWSER, CI, SSH_CONNECTION, SSH_CLIENT, SSH_TTY, DISPLAY, WAYLAND_DISPLAY } = environment;
  if (BROWSER?.trim()) return undefined;
  if (CI && CI !== 'false' && CI !== '0') return 'ci';
  if (SSH_CONNECTION || SSH_CLIENT || SSH_TTY) return 'ssh';
  if (WITH_DISPLAY.includes(machine.platform) || DISPLAY || WAYLAND_DISPLAY) return undefined;
  if (isWsl(environment, machine)) return undefined;
  return isContainer(environment, machine) ? 'container' : 'no-display';
}

/** Whether this is the Windows Subsystem for Linux. A container of Docker Desktop runs on the same kernel and is none. */
function isWsl(environment: Environment, machine: Machine): boolean {
  const { WSL_DISTRO_NAME, WSL_INTEROP } = environment;
  if (machine.platform !== 'linux') return false;
  return Boolean(WSL_DISTRO_NAME || WSL_INTEROP) || (machine.onWsl && !isContainer(environment, machine));
}

// systemd's Container Interface has `container` name what runs it; Kubernetes shows every pod where its API is.
function isContainer({ container, KUBERNETES_SERVICE_HOST }: Environment, { inContainer }: Machine): boolean {
  return inContainer || Boolean(container || KUBERNETES_SERVICE_HOST);
}

function kernel(): string {
  try {
    return readFileSync('/proc/version', 'utf8').toLowerCase();
  } catch {
    return '';
  }
}
