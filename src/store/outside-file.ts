import { dirname } from 'node:path';
import { AuthError } from '../errors.ts';
import { lstat, unlink } from './at-once.ts';
import { diskError, unless } from './disk-error.ts';
import { createPrivate, orClosed, replace } from './durable-file.ts';
import { nearest } from './ground.ts';
import { assertOwner, isReplaceable, readPrivate } from './private-file.ts';

/**
 * The text of a file outside the store, `undefined` where there is none.
 * @throws AuthError `FILE_UNREADABLE` over 1 MiB, `STORE_UNAVAILABLE`
 */
export async function readOutside(path: string): Promise<string | undefined> {
  try {
    const bytes = readPrivate(path, () => {});
    if (bytes === undefined) await nearest(path);
    return bytes && new TextDecoder().decode(bytes);
  } catch (error) {
    if (!(error instanceof AuthError) || error.code !== 'STORE_DAMAGED') throw error;
    throw new AuthError('FILE_UNREADABLE', `${path} is larger than 1 MiB, so it is no file of tokens.`, {
      hint: 'Check the path.',
    });
  }
}

/**
 * Writes a file outside the store as the store writes its own: 0600 from its first byte, whole or not at all, durably.
 * A link is not followed, and a file or directory of another user's is left alone.
 * @throws AuthError `STORE_UNAVAILABLE`
 */
export async function writeOutside(path: string, text: string): Promise<void> {
  const existed = await isReplaceable(path);
  // One fixed name, beginning like the file's own: what a killed process left behind is found again and is ignored where the file is.
  const temporary = `${path}.new`;
  try {
    if (await unless(['ENOENT'], lstat(temporary))) await unlink(temporary);
    const handle = await createPrivate(temporary);
    await orClosed(handle, async () => assertOwner(existed ? path : dirname(path), [(await handle.stat()).uid]));
    await replace(handle, temporary, path, text);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw diskError('write', path, error);
  }
}
