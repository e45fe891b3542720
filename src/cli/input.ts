import { readFile } from 'node:fs/promises';
import { AuthError } from '../errors.ts';

/** The text of a file that a person named; “-” is standard input. @throws AuthError `FILE_UNREADABLE` */
export async function fileText(file: string, readInput: () => Promise<string>): Promise<string> {
  if (file === '-') return readInput();
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new AuthError('FILE_UNREADABLE', `${file} cannot be read${why}.`, { cause });
  }
}
