import { constants, type Stats } from 'node:fs';
import { access, lstat, stat, statfs } from 'node:fs/promises';
import { platform } from 'node:os';
import { AuthError } from '../errors.ts';
import { diskError, unless } from './disk-error.ts';
import { assertOwnGround, nearest, type Runner } from './ground.ts';
import { assertOwner, isReplaceable } from './private-file.ts';

/** What is at a path, or would be, found out without changing anything. */
export interface Inspected {
  readonly exists: boolean;
  /** Why nothing could be written there. */
  readonly trouble?: AuthError;
  /** Its mode where others can open it: `0644`. Never on Windows, where modes say nothing. */
  readonly openMode?: string;
  /** Disk space for this user, in bytes. Absent where the system does not tell. */
  readonly freeBytes?: number;
}

/** Looks at a file or a directory of this program's own. Never throws. */
export async function inspect(path: string, kind: 'file' | 'directory', runner: Runner): Promise<Inspected> {
  let found: Stats | undefined;
  try {
    found = await unless(['ENOENT', 'ENOTDIR'], kind === 'file' ? lstat(path) : stat(path));
    const exists = found !== undefined;
    const near = await nearest(path);
    const { bavail, bsize } = await statfs(near).catch(() => ({ bavail: Number.NaN, bsize: 1 }));
    await assertOwnGround(path, runner);
    if (kind === 'file') await isReplaceable(path);
    else if (found?.isDirectory() === false) throw notADirectory(path);
    if (exists && runner.uid !== undefined) await assertOwner(path, [runner.uid]);
    await access(near, constants.W_OK);
    const open = found !== undefined && platform() !== 'win32' && (found.mode & 0o077) !== 0 ? found.mode : undefined;
    return {
      exists,
      ...(open === undefined ? {} : { openMode: (open & 0o777).toString(8).padStart(4, '0') }),
      ...(Number.isNaN(bavail) ? {} : { freeBytes: bavail * bsize }),
    };
  } catch (error) {
    return { exists: found !== undefined, trouble: diskError('write', path, error) };
  }
}

function notADirectory(path: string): AuthError {
  return new AuthError('STORE_UNAVAILABLE', `${path} is not a directory.`, {
    hint: 'Look at it, move it away, then run the command again.',
    details: { path },
  });
}
