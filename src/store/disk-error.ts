import { AuthError } from '../errors.ts';
import { diskFailure } from '../messages.ts';

/** The operating system's name of an error: `ENOENT`. `undefined` for any other thrown value. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** `STORE_UNAVAILABLE`: "Can't write /path: no space left on device (ENOSPC)." An {@link AuthError} passes through as it is. */
export function diskError(action: string, path: string, error: unknown): AuthError {
  return error instanceof AuthError ? error : diskFailure(action, path, errnoOf(error) ?? 'unknown error', error);
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
