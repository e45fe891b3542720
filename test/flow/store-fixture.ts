import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { test as base, expect } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { fileStore } from '../../src/store/file-store.ts';
import type { Profile } from '../../src/store/profile.ts';
import type { ProfileStore } from '../../src/store/store.ts';

export const isRoot = userInfo().uid === 0;
export const isPosix = process.platform !== 'win32';
/** The user that the kernel names for an owner it does not know. */
export const NOBODY = 65534;
export const OTHER_USER = 12345;

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
/** Profiles that tests distinguish by a note or a count. */
export const named = (note: string): Profile => ({ ...PROFILE, extra: { note } });
export const noteOf = (profile: Profile | undefined): unknown => profile?.extra?.note;
export const counting = (count: number): Profile => ({ ...PROFILE, extra: { count } });
export const countOf = (profile: Profile | undefined): unknown => profile?.extra?.count;

/** Locks a profile and stores what `next` makes of it. */
export async function commit(store: ProfileStore, name: string, next: (current?: Profile) => Profile): Promise<void> {
  await using locked = await store.lock(name);
  await locked.commit(next(locked.current));
}

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

/** Mounts a small file system on a directory. @returns its path, or `undefined` without the right to do that */
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

/** Bundles `store-child.ts` into `directory`, so that many of it start quickly. @returns the path of the program */
async function buildChild(directory: string): Promise<string> {
  const outfile = join(directory, 'store-child.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'store-child.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  // Some of the tests run it as another user.
  await chmod(directory, 0o755);
  return outfile;
}

/** One process that works on a profile. */
class StoreProcess {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  readonly #reader: Interface;
  readonly #end: Promise<unknown>;

  constructor(program: string, args: readonly string[], options: SpawnOptions & { readonly wrapper?: string } = {}) {
    const { wrapper, ...rest } = options;
    const command = [process.execPath, program, ...args];
    this.process = wrapper
      ? spawn('bash', ['-c', `${wrapper}; exec "$@"`, 'bash', ...command], { stdio: 'pipe', ...rest })
      : spawn(process.execPath, command.slice(1), { stdio: 'pipe', ...rest });
    const { stdout, stderr } = this.process;
    if (stdout === null || stderr === null) throw new Error('The process has no output.');
    stderr.on('data', (data: Buffer) => this.lines.push(`stderr: ${data}`));
    this.#reader = createInterface({ input: stdout });
    this.#reader.on('line', (line) => this.lines.push(line));
    this.#end = once(this.process, 'close');
  }

  /** Resolves when the process has printed `line`. */
  async says(line: string): Promise<void> {
    while (!this.lines.includes(line)) {
      const ended = await Promise.race([once(this.#reader, 'line').then(() => false), this.#end.then(() => true)]);
      if (ended && !this.lines.includes(line)) throw new Error(`It ended without "${line}": ${this.lines.join(' | ')}`);
    }
  }

  goOn(): void {
    this.process.stdin?.end('go on\n');
  }

  /** Everything it printed, when it has ended. */
  async ended(): Promise<readonly string[]> {
    await this.#end;
    return this.lines;
  }
}

interface StoreFixture {
  /** A directory of this test's own. */
  readonly root: string;
  /** The profiles' directory, which is not there yet. */
  readonly directory: string;
  readonly notices: string[];
  readonly store: ProfileStore;
  readonly put: (name: string, profile: Profile) => Promise<void>;
  /** Writes the file of the profile `default` by hand; its path. */
  readonly plant: (content: string | Uint8Array, mode?: number) => Promise<string>;
  /** Asserts that `default` cannot be locked and that `path` stays byte for byte as it was. */
  readonly refusedUntouched: (path: string) => Promise<AuthError>;
  /** Starts a process at work on a profile; it does not outlive the test. */
  readonly start: (args: readonly string[], options?: ConstructorParameters<typeof StoreProcess>[2]) => StoreProcess;
}

/** Tests with a store, and processes, of their own. */
export const test = base.extend<StoreFixture & { readonly program: string }>({
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
  store: ({ directory, notices }, use) =>
    use(fileStore({ directory, runner: { uid: process.geteuid?.() }, onNotice: (text) => notices.push(text) })),
  put: ({ store }, use) => use((name, profile) => commit(store, name, () => profile)),
  plant: ({ directory, store }, use) =>
    use(async (content, mode = 0o600) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(store.location('default'), content, { mode });
      return store.location('default');
    }),
  refusedUntouched: ({ store }, use) =>
    use(async (path) => {
      const before = await readFile(path);
      const error = await failing(store.lock('default'));
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
