import { constants, fchmodSync, fstatSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import pino, { type Level, type Logger } from 'pino';
import type { LogLevel } from './level.ts';

export interface LogOptions {
  /** Absolute path. Created 0600 in a 0700 directory. */
  readonly file: string;
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
  const streams: { level: Level; stream: { write(line: string): void } }[] = [];
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    setAsideWhenLarge(file, maxBytes);
    const destination = pino.destination({ dest: openForAppending(file), sync: true });
    destination.on('error', () => {});
    streams.push({ level: 'info', stream: destination });
  } catch {
    // As promised above: no log, but no failure either.
  }
  if (terminal !== undefined)
    streams.push({ level: terminal.level, stream: { write: (line) => void terminal.stream.write(line) } });
  return pino(options, pino.multistream(streams));
}

/** Never through a link, and closed to others even where it was not. */
function openForAppending(file: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  if ((fstatSync(descriptor).mode & 0o077) !== 0) fchmodSync(descriptor, 0o600);
  return descriptor;
}

function setAsideWhenLarge(file: string, maxBytes: number): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxBytes) renameSync(file, `${file}.1`);
}
