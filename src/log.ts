import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';

/** The log levels, most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** @internal */
export interface LogOptions {
  /** Absolute path. Created 0600 in a 0700 directory. Absent: no file is written. */
  readonly file?: string;
  /** Dates the lines. */
  readonly now: () => Date;
  /** The size, in bytes, at which the file is renamed to `FILE.1` and begun anew; so twice that is kept. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Receives every line as well, from `level` on. */
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

/** Opens the log: JSON, one line an event. If the file cannot be written, it is done without: the log must never cost a sign-in. @internal */
export async function openLog({ file, now, maxBytes = 1_048_576, terminal }: LogOptions): Promise<Logger> {
  // Imported only here: it takes longer to load than most commands run, and those that only read a profile log nothing.
  const { default: pino } = await import('pino');
  const options = {
    level: terminal?.level === 'trace' || terminal?.level === 'debug' ? terminal.level : 'info',
    base: null,
    timestamp: () => `,"time":"${now().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
  };
  const streams: { level: LogLevel; stream: { write(line: string): void } }[] = [];
  if (file !== undefined) streams.push({ level: 'info', stream: { write: appendTo(file, maxBytes) } });
  if (terminal !== undefined) streams.push(terminal);
  return pino(options, pino.multistream(streams));
}

/** The text of the log, oldest line first, with the part that was renamed; empty if there is none. @internal */
export async function readLog(file: string): Promise<string> {
  const parts = await Promise.all([`${file}.1`, file].map((path) => readFile(path, 'utf8').catch(() => '')));
  return parts.join('');
}

/** A file that several processes append to, which never grows beyond a size. Gives up silently once it cannot be written. */
function appendTo(file: string, maxBytes: number): (line: string) => void {
  let descriptor: number | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    descriptor = openForAppending(file);
  } catch {
    // As openLog promises.
  }
  return (line) => {
    if (descriptor === undefined) return;
    try {
      // Asked for each time, since other processes write to the file, too.
      const { size, ino } = fstatSync(descriptor);
      if (size > 0 && size + Buffer.byteLength(line) > maxBytes) {
        // Unless another process did so first.
        if (statSync(file, { throwIfNoEntry: false })?.ino === ino) renameSync(file, `${file}.1`);
        closeSync(descriptor);
        descriptor = undefined;
        descriptor = openForAppending(file);
      }
      writeSync(descriptor, line);
    } catch {
      // As openLog promises.
    }
  };
}

/** Follows no link, and closes the file to others even if it was not. */
function openForAppending(file: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  // Without O_NONBLOCK, opening a pipe waits for a reader.
  const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if ((fstatSync(descriptor).mode & 0o077) !== 0) fchmodSync(descriptor, 0o600);
  return descriptor;
}
