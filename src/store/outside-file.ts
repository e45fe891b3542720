import { randomBytes } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskError } from './disk-error.ts';
import { createPrivate, replace } from './durable-file.ts';
import { isReplaceable, readPrivate } from './private-file.ts';

/** The text of a file outside the store, `undefined` where there is none. @throws AuthError `STORE_UNAVAILABLE`, `STORE_DAMAGED` over 1 MiB */
export async function readOutside(path: string): Promise<string | undefined> {
  const bytes = await readPrivate(path, () => {});
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/**
 * Writes a file outside the store as the store writes its own: 0600 from its first byte, whole or not at all, durably.
 * A link is not followed.
 * @throws AuthError `STORE_UNAVAILABLE`
 */
export async function writeOutside(path: string, text: string): Promise<void> {
  await isReplaceable(path);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    const handle = await createPrivate(temporary);
    await replace(handle, temporary, path, text);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw diskError('write', path, error);
  }
}
