import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { test as base, expect } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { fileStore } from '../../src/store/file-store.ts';
import type { Profile } from '../../src/store/profile.ts';
import type { ProfileStore } from '../../src/store/store.ts';
import { buildChild, StoreProcess } from './store-process.ts';

export const isRoot = userInfo().uid === 0;
export const isPosix = process.platform !== 'win32';
export const NOBODY = 65534;

export const PROFILE: Profile = {
  provider: 'fitbit',
  client: { id: 'ABC123', secret: new Secret('client-secret') },
  redirectUris: ['http://127.0.0.1:8976/callback'],
  requestedScopes: ['sleep'],
  tokens: {
    accessToken: new Secret('access'),
    refreshToken: new Secret('refresh'),
    tokenType: 'Bearer',
    scopes: ['sleep'],
    obtainedAt: new Date('2026-01-31T12:00:00Z'),
  },
};
/** Profiles that tests tell apart by a note, or a count. */
export const named = (note: string): Profile => ({ ...PROFILE, extra: { note } });
export const noteOf = (profile: Profile | undefined): unknown => profile?.extra?.note;
export const counting = (count: number): Profile => ({ ...PROFILE, extra: { count } });
export const countOf = (profile: Profile | undefined): unknown => profile?.extra?.count;

/** The error of something that must fail. */
export async function failing(doing: Promise<unknown>): Promise<AuthError> {
  const error = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AuthError) return error;
  throw new Error(`It did not fail as it should: ${error}`);
}

export const run = promisify(execFile);

/** Mounts a small file system on a directory; its path, or `undefined` for who may not do that. */
export async function mount(path: string, options: string): Promise<string | undefined> {
  const mounted = run('mount', ['-t', 'tmpfs', '-o', `mode=700,${options}`, 'tmpfs', path]);
  return mounted.then(
    () => path,
    () => undefined,
  );
}

/** The mode of a file, as `ls` and `chmod` know it: `600`. */
export async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}

interface Surroundings {
  /** A directory of this test's own. */
  readonly root: string;
  /** The profiles' directory, which is not there yet. */
  readonly directory: string;
  readonly notices: string[];
  readonly store: ProfileStore;
  readonly put: (name: string, profile: Profile) => Promise<void>;
  /** Writes the file of the profile `default` by hand; its path. */
  readonly plant: (content: string | Uint8Array, mode?: number) => Promise<string>;
  /** That an update of `default` fails before its change is called, and leaves `path` byte for byte as it was. */
  readonly refusedUntouched: (path: string) => Promise<AuthError>;
  /** Starts a process at work on a profile; it does not outlive the test. */
  readonly start: (args: readonly string[], options?: ConstructorParameters<typeof StoreProcess>[2]) => StoreProcess;
}

/** Tests with a store, and processes, of their own. */
export const test = base.extend<Surroundings & { readonly program: string }>({
  program: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are wanted
    async ({}, use) => {
      const programs = await mkdtemp(join(tmpdir(), 'store-child-'));
      await use(await buildChild(programs));
      await rm(programs, { recursive: true, force: true });
    },
    { scope: 'file' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above
  root: async ({}, use) => {
    const root = await mkdtemp(join(tmpdir(), 'store-'));
    await use(root);
    if (isRoot) await run('umount', [root]).catch(() => {}); // most tests have mounted nothing there
    await rm(root, { recursive: true, force: true });
  },
  directory: ({ root }, use) => use(join(root, 'config', 'profiles')),
  // biome-ignore lint/correctness/noEmptyPattern: as above
  notices: ({}, use) => use([]),
  store: ({ directory, notices }, use) => use(fileStore({ directory, onNotice: (text) => notices.push(text) })),
  put: ({ store }, use) => use((name, profile) => store.update(name, ({ save }) => save(profile))),
  plant: ({ directory, store }, use) =>
    use(async (content, mode = 0o600) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(store.location('default'), content, { mode });
      return store.location('default');
    }),
  refusedUntouched: ({ store }, use) =>
    use(async (path) => {
      const before = await readFile(path);
      let called = false;
      const error = await failing(
        store.update('default', async () => {
          called = true;
        }),
      );
      expect(called).toBe(false);
      expect((await readFile(path)).equals(before)).toBe(true);
      return error;
    }),
  start: async ({ program }, use) => {
    const started: StoreProcess[] = [];
    await use((args, options) => {
      const one = new StoreProcess(program, args, options);
      started.push(one);
      return one;
    });
    for (const one of started) one.process.kill('SIGKILL');
    await Promise.all(started.map((one) => one.ended()));
  },
});
