import { lstatSync, mkdirSync } from 'node:fs';
import type { Environment } from '../browser.ts';
import { places } from '../store/places.ts';

/**
 * Where Node may keep this program's compiled code. What is in there is run, so that it must be a directory of this user's own that
 * nobody else can write to; Node's usual one is in the directory of temporary files, where another user could have been first.
 *
 * @param uid Of this user. Absent on Windows, where such directories are the user's own anyway.
 * @returns `undefined` where there is no such directory; that costs some time at every start, and nothing else
 * @internal
 */
export function codeCacheDirectory(environment: Environment, uid: number | undefined): string | undefined {
  const { cache } = places(environment);
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    const found = lstatSync(cache);
    const isOwn = uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0);
    return found.isDirectory() && isOwn ? cache : undefined;
  } catch {
    return undefined;
  }
}
