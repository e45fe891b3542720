import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Environment } from '../environment.ts';
import { appPaths } from '../store/paths.ts';

const ROOT = 0;

/**
 * Where Node may keep this program's compiled code. That code is run, so the directory must belong to this user and be writable for no
 * other. Node's default is in the directory for temporary files, which another user could have created first.
 *
 * @param uid Of this user. Absent on Windows, where such directories are the user's own anyway.
 * @returns `undefined` if there is no such directory; each start then takes a little longer
 * @internal
 */
export function codeCacheDirectory(environment: Environment, uid: number | undefined): string | undefined {
  try {
    const { cache } = appPaths(environment);
    if (uid === ROOT && !isRootsAlone(cache)) return undefined;
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    const found = lstatSync(cache);
    const isOwn = uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0);
    return found.isDirectory() && isOwn ? cache : undefined;
  } catch {
    return undefined;
  }
}

/** Root leaves nothing of its own in another user's home, however deep in it. */
function isRootsAlone(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const owner = statSync(at, { throwIfNoEntry: false })?.uid ?? ROOT;
    if (owner !== ROOT) return false;
    if (at === dirname(at)) return true;
  }
}
