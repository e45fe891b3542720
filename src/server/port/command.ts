import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a program of the system prints. @throws where it is missing, fails, prints too much, or is not done in time */
export async function outputOf(file: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const options = { signal, killSignal: 'SIGKILL', windowsHide: true, maxBuffer: 4 * 1024 * 1024 } as const;
  const { stdout } = await run(file, args, options);
  return stdout;
}
