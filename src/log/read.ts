import { readFile } from 'node:fs/promises';

/** The text of the log, oldest line first, the part that was set aside included; empty where there is none. */
export async function readLog(file: string): Promise<string> {
  const parts = await Promise.all([`${file}.1`, file].map((path) => readFile(path, 'utf8').catch(() => '')));
  return parts.join('');
}
