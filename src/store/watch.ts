import { readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';

/** How often a directory is looked at all the same: not every file system tells of its changes. In milliseconds. */
const LOOK_MS = 2_000;

/** Calls `onChange` after a file of the directory has changed, until the function that is given back is called. The directory may be missing. */
export function watchDirectory(directory: string, onChange: () => void): () => void {
  let last = fingerprint(directory);
  const look = () => {
    const now = fingerprint(directory);
    if (now === last) return;
    last = now;
    onChange();
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  let told: ReturnType<typeof watch> | undefined;
  try {
    told = watch(directory, { persistent: false }, look);
    told.on('error', () => told?.close());
  } catch {
    // Missing, or not watchable: the timer looks.
  }
  return () => {
    clearInterval(timer);
    told?.close();
  };
}

/**
 * The directory's profiles, when each was changed, and which are being changed: a change is over, with its line in the log, only once
 * its lock has gone.
 */
function fingerprint(directory: string): string {
  try {
    return readdirSync(directory)
      .filter((name) => /\.(json|lock)$/.test(name))
      .map((name) => (name.endsWith('.lock') ? name : `${name} ${mtimeOf(join(directory, name))}`))
      .join('\n');
  } catch {
    return '';
  }
}

function mtimeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
