import { readFile } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { AuthError } from '../errors.ts';
import { decodeText } from '../index.ts';

/** The text of a file that a person named; “-” is standard input. @throws AuthError `FILE_UNREADABLE` */
export async function fileText(file: string, readInput: () => Promise<string>): Promise<string> {
  if (file === '-') return readInput();
  try {
    return decodeText(await readFile(file));
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new AuthError('FILE_UNREADABLE', `${file} cannot be read${why}.`, { cause });
  }
}

/** The largest input that is taken: nothing that is asked for comes near it. */
const MAX_BYTES = 1024 * 1024;

/** The whole of standard input. @throws AuthError `USAGE` over 1 MiB; the signal's reason */
export async function readAll(input: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(signal, input)) {
      chunks.push(Buffer.from(chunk));
      size += chunks.at(-1)?.length ?? 0;
      if (size > MAX_BYTES) throw new AuthError('USAGE', 'Standard input is larger than 1 MiB.');
    }
  } catch (thrown) {
    throw signal.aborted ? signal.reason : thrown;
  }
  return decodeText(Buffer.concat(chunks));
}
