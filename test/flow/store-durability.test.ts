import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { writeOutside } from '../../src/store/atomic-file.ts';
import { commit, named, test } from './store-fixture.ts';

/**
 * What a power failure leaves: of a file, what was last synced of it; of a directory, the names as they were last synced, or, since a disk
 * may be quicker than it must, as they are now.
 */
class Disk {
  readonly #contents = new Map<number, string>();
  readonly #names = new Map<number, ReadonlyMap<string, number>>();
  /** Called after each operation that changes or syncs anything. */
  afterEach = () => {};

  synced(descriptor: number): void {
    const { ino } = fs.fstatSync(descriptor);
    const path = fs.readlinkSync(`/proc/self/fd/${descriptor}`);
    if (fs.fstatSync(descriptor).isDirectory()) this.#names.set(ino, namesIn(path));
    else this.#contents.set(ino, fs.readFileSync(path, 'utf8'));
  }

  /** The texts that may be found at `path` after a power failure now; `undefined` for no file. */
  afterPowerFailure(directory: string, name: string): ReadonlySet<string | undefined> {
    const directoryNumber = fs.statSync(directory, { throwIfNoEntry: false })?.ino ?? 0;
    const synced = this.#names.get(directoryNumber)?.get(name);
    const now = directoryNumber === 0 ? undefined : namesIn(directory).get(name);
    return new Set(
      [synced, now].map((file) =>
        file === undefined ? undefined : (this.#contents.get(file) ?? 'nothing: never synced'),
      ),
    );
  }
}

function namesIn(directory: string): ReadonlyMap<string, number> {
  return new Map(fs.readdirSync(directory).map((name) => [name, fs.lstatSync(join(directory, name)).ino]));
}

let disk = new Disk();
const undo: (() => void)[] = [];

/** Calls `after` when a method of the file system has done its work. */
function observe<T extends object>(holder: T, method: keyof T & string, after: (self: unknown) => void): void {
  const original: unknown = Reflect.get(holder, method);
  if (typeof original !== 'function') throw new Error(`There is no ${method}.`);
  Reflect.set(holder, method, async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    const result: unknown = await Reflect.apply(original, this, args);
    after(this);
    disk.afterEach();
    return result;
  });
  undo.push(() => Reflect.set(holder, method, original));
}

beforeAll(async () => {
  const anyFile = await open('/dev/null');
  const handle: FileHandle = Object.getPrototypeOf(anyFile);
  await anyFile.close();
  observe(handle, 'sync', (self) => disk.synced((self as FileHandle).fd));
  for (const method of ['write', 'truncate'] as const) observe(handle, method, () => {});
  for (const method of ['rename', 'unlink', 'mkdir'] as const) observe(fs.promises, method, () => {});
  syncBuiltinESMExports();
});
beforeEach(() => {
  disk = new Disk();
});
afterAll(() => {
  for (const one of undo) one();
  syncBuiltinESMExports();
});

const notes = (texts: ReadonlySet<string | undefined>) =>
  [...texts].map((text) => (text?.startsWith('{') ? JSON.parse(text).note : text));

describe.runIf(process.platform === 'linux')('the machine: a power failure', () => {
  test('during a change leaves the old profile or the new one whole, and after a commit the new one', async ({
    directory,
    store,
  }) => {
    const seen = new Set<unknown>();
    const look = () => {
      const found = notes(disk.afterPowerFailure(directory, 'default.json'));
      for (const note of found) seen.add(note);
      return found;
    };
    await commit(store, 'default', () => named('old'));
    expect(look()).toEqual(['old']);
    seen.clear();
    disk.afterEach = () => void look();
    await using locked = await store.lock('default');
    await locked.checkpoint(named('noted'));
    expect(look()).toEqual(['noted']);
    await locked.commit(named('new'));
    expect(look()).toEqual(['new']);
    expect([...seen]).toEqual(['old', 'noted', 'new']);
    await locked.remove();
    expect(look()).toEqual([undefined]);
  });

  test('after a first commit leaves the directories that it made', async ({ root, directory, store }) => {
    await commit(store, 'default', () => named('first'));
    expect(disk.afterPowerFailure(root, 'config')).not.toContain(undefined);
    expect(disk.afterPowerFailure(join(directory, '..'), 'profiles')).not.toContain(undefined);
  });

  test('after a rename leaves the profile under the new name only', async ({ directory, store }) => {
    await commit(store, 'a', () => named('renamed'));
    await store.rename('a', 'b');
    expect(notes(disk.afterPowerFailure(directory, 'b.json'))).toEqual(['renamed']);
    expect(notes(disk.afterPowerFailure(directory, 'a.json'))).toEqual([undefined]);
  });

  test('during an export leaves the old file or the new one whole', async ({ root }) => {
    await writeOutside(join(root, 'tokens.env'), 'OLD=1\n');
    const seen = new Set<string | undefined>();
    disk.afterEach = () => {
      for (const text of disk.afterPowerFailure(root, 'tokens.env')) seen.add(text);
    };
    await writeOutside(join(root, 'tokens.env'), 'NEW=1\n');
    expect([...disk.afterPowerFailure(root, 'tokens.env')]).toEqual(['NEW=1\n']);
    expect([...seen]).toEqual(['OLD=1\n', 'NEW=1\n']);
  });
});
