import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs of a test's own that play launchers and browsers. Each is a shell script. */
export interface Launchers extends AsyncDisposable {
  /** Holds the scripts and what they wrote. */
  readonly directory: string;
  /** Writes an executable script; its path. */
  make(name: string, ...lines: readonly string[]): Promise<string>;
  /** A directory for PATH in which there are only these programs of the machine's, by links, and scripts made with `bin/…`. */
  bin(...tools: readonly string[]): Promise<string>;
  /** What {@link RECORD} wrote: the arguments of the script's first run. Waits for it. */
  recorded(name: string): Promise<readonly string[]>;
  /** How often the script has been run so far. */
  runs(name: string): Promise<number>;
}

/** A line of a script: writes down its arguments, one to a line. */
export const RECORD = 'echo run >> "$0.runs"; printf \'%s\\n\' "$@" > "$0.new"; mv "$0.new" "$0.args"';

/** What xdg-open needs besides a shell. */
export const XDG_TOOLS = ['cat', 'cut', 'dirname', 'basename', 'env', 'grep', 'mv', 'readlink', 'sed', 'tr', 'uname'];

export async function launchers(): Promise<Launchers> {
  // A space and non-ASCII letters must not break anything.
  const directory = await mkdtemp(join(tmpdir(), 'Läunch ers-'));
  await mkdir(join(directory, 'bin'));
  return {
    directory,
    make: async (name, ...lines) => {
      const path = join(directory, name);
      await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'));
      await chmod(path, 0o755);
      return path;
    },
    bin: async (...tools) => {
      for (const tool of tools) {
        const found = ['/usr/bin', '/bin'].map((place) => join(place, tool)).find((path) => existsSync(path));
        if (found !== undefined) await symlink(found, join(directory, 'bin', tool)).catch(() => {});
      }
      return join(directory, 'bin');
    },
    recorded: async (name) => {
      const path = join(directory, `${name}.args`);
      const appeared = watch(join(path, '..'));
      if (!existsSync(path)) for await (const _ of appeared) if (existsSync(path)) break;
      return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    },
    runs: async (name) =>
      (await readFile(join(directory, `${name}.runs`), 'utf8').catch(() => '')).split('\n').length - 1,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
