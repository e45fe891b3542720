/**
 * The small steps of node:fs/promises, by the same names, taken at once: each lasts some microseconds, and many times that on its way
 * to Node's threads and back. A change of a profile takes thirty of them, while somebody waits. Only what waits for the disk itself,
 * {@link OpenFile.sync}, goes that way.
 */
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  type Dirent,
  fchmodSync,
  fstatSync,
  fsync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

export async function chmod(path: string, mode: number): Promise<void> {
  chmodSync(path, mode);
}

export async function lstat(path: string): Promise<Stats> {
  return lstatSync(path);
}

/** @returns the first directory that was created, with `recursive` */
export async function mkdir(
  path: string,
  options: { readonly mode: number; readonly recursive?: boolean },
): Promise<string | undefined> {
  return mkdirSync(path, options);
}

export async function readdir(path: string): Promise<string[]> {
  return readdirSync(path);
}

export async function readEntries(path: string): Promise<Dirent[]> {
  return readdirSync(path, { withFileTypes: true });
}

export async function readlink(path: string): Promise<string> {
  return readlinkSync(path);
}

export async function realpath(path: string): Promise<string> {
  return realpathSync.native(path);
}

export async function rename(from: string, to: string): Promise<void> {
  renameSync(from, to);
}

export async function rmdir(path: string): Promise<void> {
  rmdirSync(path);
}

export async function stat(path: string): Promise<Stats> {
  return statSync(path);
}

/** With every digit of the times. */
export async function statExactly(path: string): Promise<BigIntStats> {
  return statSync(path, { bigint: true });
}

export async function unlink(path: string): Promise<void> {
  unlinkSync(path);
}

/** A file that is open. */
export class OpenFile {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  static async open(path: string, flags: number, mode?: number): Promise<OpenFile> {
    return new OpenFile(openSync(path, flags, mode));
  }

  async stat(): Promise<Stats> {
    return fstatSync(this.#descriptor);
  }

  async chmod(mode: number): Promise<void> {
    fchmodSync(this.#descriptor, mode);
  }

  /** Writes as much as the system takes. @returns how many bytes */
  async write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return writeSync(this.#descriptor, bytes, offset, length, position);
  }

  async truncate(length: number): Promise<void> {
    ftruncateSync(this.#descriptor, length);
  }

  /** Resolves once what was written is on the disk. */
  async sync(): Promise<void> {
    await promisify(fsync)(this.#descriptor);
  }

  async close(): Promise<void> {
    closeSync(this.#descriptor);
  }
}
