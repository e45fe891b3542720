import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

const MAC_APPLICATIONS = ['Google Chrome', 'Chromium', 'Microsoft Edge'];

const WINDOWS_PROGRAMS = [
  ['Google', 'Chrome', 'Application', 'chrome.exe'],
  ['Chromium', 'Application', 'chrome.exe'],
  ['Microsoft', 'Edge', 'Application', 'msedge.exe'],
];

/** An installed Chrome, Chromium or Edge: the one that `CHROME_PATH` names, else the first one found. */
export function findBrowser(): string | undefined {
  const { CHROME_PATH } = process.env;
  return CHROME_PATH || candidates().find(starts);
}

function candidates(): readonly string[] {
  const { env } = process;
  switch (process.platform) {
    case 'darwin': {
      const roots = ['/Applications', join(env.HOME ?? '', 'Applications')];
      return roots.flatMap((root) => MAC_APPLICATIONS.map((name) => join(root, `${name}.app/Contents/MacOS/${name}`)));
    }
    case 'win32': {
      const roots = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA];
      return roots.flatMap((root) => (root ? WINDOWS_PROGRAMS.map((parts) => join(root, ...parts)) : []));
    }
    default: {
      const directories = (env.PATH ?? '').split(delimiter).filter(Boolean);
      return NAMES.flatMap((name) => directories.map((directory) => join(directory, name)));
    }
  }
}

function starts(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return false;
  }
  // On Ubuntu the command may be there only to say that the browser is not. Elsewhere `--version` would open a window.
  return process.platform !== 'linux' || spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0;
}
