import { constants, fchmodSync, fstatSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import pino, { type Level, type Logger } from 'pino';
import type { LogLevel } from './level.ts';

export interface LogOptions {
  /** Absolute path. Created 0600 in a 0700 directory. Absent: no file is written. */
  readonly file?: string | undefined;
  /** Dates the lines. */
  readonly now: () => Date;
  /** Size at which the file is set aside as `FILE.1` when next opened, in bytes. Default 1 MiB; so at most twice that is kept. */
  readonly maxBytes?: number;
  /** Where given, every line goes there as well, from `level` on. */
  readonly terminal?: { readonly level: LogLevel; readonly stream: NodeJS.WritableStream };
}

// A second net: no event holds a secret on purpose.
const SECRETS = [
  'access_token',
  'refresh_token',
  'client_secret',
  'code',
  'code_verifier',
  'state',
  'token',
  'authorization',
];

/**
 * Opens the log: JSON, one line an event. A log that cannot be written is silently done without: it must never cost
 * a sign-in.
 */
export function openLog({ file, now, maxBytes = 1_048_576, terminal }: LogOptions): Logger {
  const options = {
    level: terminal?.level === 'trace' || terminal?.level === 'debug' ? terminal.level : 'info',
    base: null,
    timestamp: () => `,"time":"${now().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
  };
  const streams: LogStream[] = [];
  if (file !== undefined) streams.push(...inFile(file, maxBytes));
  if (terminal !== undefined)
    streams.push({ level: terminal.level, stream: { write: (line) => void terminal.stream.write(line) } });
  return pino(options, pino.multistream(streams));
}

interface LogStream {
  readonly level: Level;
  readonly stream: { write(line: string): void };
}

/** Nothing, where it cannot be written: as promised above. */
function inFile(file: string, maxBytes: number): readonly LogStream[] {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    setAsideWhenLarge(file, maxBytes);
    const destination = pino.destination({ dest: openForAppending(file), sync: true });
    destination.on('error', () => {});
    return [{ level: 'info', stream: destination }];
  } catch {
    return [];
  }
}

/** Never through a link, and closed to others even where it was not. */
function openForAppending(file: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  // Without O_NONBLOCK a pipe would hold the open up until somebody reads from it.
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if ((fstatSync(descriptor).mode & 0o077) !== 0) fchmodSync(descriptor, 0o600);
  return descriptor;
}

function setAsideWhenLarge(file: string, maxBytes: number): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxBytes) renameSync(file, `${file}.1`);
}
