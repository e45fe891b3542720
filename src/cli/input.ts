import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { decodeText } from '../auth/index.ts';
import { AuthError } from '../errors.ts';
import { inputTooLarge, unreadableFile } from '../messages.ts';

/** Far more than a sign-in, a client secret or a request's body is large. */
const MAX_BYTES = 1024 * 1024;

/**
 * The text of a file or a pipe that a person named, 1 MiB at most. The signal ends the wait for a pipe's writer.
 * @throws AuthError `FILE_UNREADABLE`, for a device, too; the signal's reason
 */
export async function fileText(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await readAll(openInput(path), { name: path, signal });
  } catch (thrown) {
    throw thrown instanceof AuthError ? thrown : unreadableFile(path, thrown);
  }
}

function openInput(path: string): Readable {
  // Without O_NONBLOCK, opening a pipe waits for a writer, in a way that no signal ends.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = fstatSync(descriptor);
  if (found.isFile()) return createReadStream(path, { fd: descriptor });
  if (found.isFIFO()) return new Socket({ fd: descriptor, readable: true, writable: false });
  closeSync(descriptor);
  throw unreadableFile(path);
}

/** The whole of an input, as text. @throws AuthError `FILE_UNREADABLE` over 1 MiB; the signal's reason */
export async function readAll(
  input: Readable,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(signal, input)) {
      chunks.push(Buffer.from(chunk));
      size += chunks.at(-1)?.length ?? 0;
      if (size > MAX_BYTES) throw inputTooLarge(name);
    }
  } catch (thrown) {
    throw signal.aborted ? signal.reason : thrown;
  }
  return decodeText(Buffer.concat(chunks));
}
