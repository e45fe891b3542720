import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { outputFailed } from '../messages.ts';

/** Where results go: standard output, or a stream that stands for it. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(data: string | Uint8Array, done: (error?: Error | null) => void): unknown;
}

const STDOUT = 1;

/**
 * Writes to the descriptor itself: Node's stream takes longer to make than `token` takes in all, and does not notice when a full disk
 * takes only a part. A pipe that does not block and is full is left to that stream, which waits.
 */
export function writeToDescriptor(
  data: string | Uint8Array,
  done: (error?: Error | null) => void,
  stream: () => NodeJS.WriteStream,
): void {
  let rest: Uint8Array = Buffer.from(data);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(STDOUT, rest));
    done();
  } catch (cause) {
    if (errnoOf(cause) === 'EAGAIN') stream().write(rest, done);
    else done(cause instanceof Error ? cause : undefined);
  }
}

/**
 * Writes a result. A reader that has gone away is no failure.
 * @throws AuthError `OUTPUT_FAILED`
 */
export async function print(output: Output, data: string | Uint8Array): Promise<void> {
  const error = await new Promise<Error | null | undefined>((resolve) => output.write(data, resolve));
  const code = errnoOf(error) ?? 'unknown error';
  if (!error || code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return;
  const [, reason = error.message] = /^\w+: (.*), write$/.exec(error.message) ?? [];
  throw outputFailed(`${reason} (${code})`, error);
}
