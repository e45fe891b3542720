import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Environment } from '../environment.ts';

/** Whether a program can be run: a path, or a name that is looked for in `PATH` (on Windows with the endings in `PATHEXT`). Runs nothing. */
export async function isRunnable(
  file: string,
  { PATH = '', PATHEXT = '' }: Environment,
  platform: NodeJS.Platform,
): Promise<boolean> {
  const endings = platform === 'win32' ? ['', ...PATHEXT.split(';')] : [''];
  const isPath = isAbsolute(file) || file.includes('/') || (platform === 'win32' && file.includes('\\'));
  const places = isPath ? [file] : PATH.split(delimiter).map((directory) => join(directory, file));
  for (const place of places) {
    for (const ending of endings) if (await isProgram(place + ending)) return true;
  }
  return false;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
