import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { AuthError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether a browser window opened from here would be seen by the person who typed the command: not over SSH, not in CI,
 * and on Linux only with a display.
 */
export function hasScreen(environment: Environment, platform: NodeJS.Platform): boolean {
  const { CI, SSH_CONNECTION, SSH_TTY, DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME } = environment;
  if ((CI && CI !== 'false') || SSH_CONNECTION || SSH_TTY) return false;
  return platform === 'darwin' || platform === 'win32' || Boolean(DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME);
}

/**
 * Shows `url` in the person's own browser (RFC 8252 §5): the command in `BROWSER` where it is set, else the system's
 * usual one. Its output goes nowhere near ours.
 *
 * Resolves when the launcher has ended well; a launcher that goes on running, as a browser itself does, leaves the
 * promise open.
 *
 * @throws AuthError `UNEXPECTED` when the launcher cannot be started or ends with another code than 0.
 */
export async function openBrowser(url: string, environment: Environment): Promise<void> {
  const child = environment.BROWSER ? startCommand(environment.BROWSER, url) : await startUsual(url);
  await new Promise<void>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new AuthError('UNEXPECTED', `The browser could not be started: ${cause.message}.`, { cause })),
    );
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new AuthError(
            'UNEXPECTED',
            `The browser launcher ended with ${code === null ? 'a signal' : `code ${code}`}.`,
          ),
        );
    });
  });
}

// A path may hold blanks, so the whole value is tried as a file before it is split into a command and its arguments.
function startCommand(command: string, url: string): ChildProcess {
  const [file = command, ...given] = existsSync(command) ? [command] : command.trim().split(/\s+/);
  const args = given.some((arg) => arg.includes('%s'))
    ? given.map((arg) => arg.replaceAll('%s', url))
    : [...given, url];
  const child = spawn(file, args, { stdio: 'ignore', detached: true });
  child.unref();
  return child;
}

async function startUsual(url: string): Promise<ChildProcess> {
  const { default: open } = await import('open');
  return open(url);
}
