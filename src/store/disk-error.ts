import { AuthError } from '../errors.ts';

/** What each error of the operating system means, in words that follow "…: ". */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission was refused',
  EBUSY: 'another program is using it',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file size limit is reached',
  EINVAL: 'the file system does not support it',
  EIO: 'the disk reported an input/output error',
  EISDIR: 'there is a directory in its place',
  ELOOP: 'there is a symbolic link in its place',
  EMFILE: 'this process has too many files open',
  ENAMETOOLONG: 'the path is too long',
  ENFILE: 'this machine has too many files open',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a directory',
  ENOTEMPTY: 'it is not empty',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
};

/** The operating system's name of an error: `ENOENT`. `undefined` for any other thrown value. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** `STORE_UNAVAILABLE`: "Cannot write /path: the disk is full (ENOSPC)." An {@link AuthError} passes through as it is. */
export function diskError(action: string, path: string, error: unknown): AuthError {
  if (error instanceof AuthError) return error;
  const code = errnoOf(error) ?? 'unknown error';
  const reason = REASONS[code] ?? 'the operating system refused';
  return new AuthError('STORE_UNAVAILABLE', `Cannot ${action} ${path}: ${reason} (${code}).`, {
    cause: error,
    details: { path, errno: code },
  });
}

/** `undefined` instead of the operating system's errors with one of `codes`. */
export async function ignoring<T>(codes: readonly string[], action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (codes.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
