import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

const PROGRAM = resolve('dist/bin.cjs');
export const APP = SANDBOX_CLIENTS.server;

export interface Ended {
  /** The exit code; a signal's name where one ended it. */
  readonly exit: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  /** Added to the environment of {@link ProgramFixture}. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard input, whole, or left open for {@link Program.write}. Default: empty. */
  readonly input?: string | { readonly left: 'open' };
  /** A command that runs the program as another user, or elsewhere: its words come before the program's. Default: none. */
  readonly within?: readonly string[];
  /** A shell's command around the program's own, which is `"$@"` there. Default: none. */
  readonly around?: string;
  /** Where the built program is. Default: in dist/. */
  readonly program?: string;
}

/** The built program as a process, at work. */
export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stderr = '';

  constructor(
    args: readonly string[],
    environment: NodeJS.ProcessEnv,
    { input = '', within = [], around, program = PROGRAM }: Omit<StartOptions, 'environment'> = {},
  ) {
    const shell = around === undefined ? [] : ['sh', '-c', around, 'sh'];
    const [file = '', ...rest] = [...within, ...shell, process.execPath, program, ...args];
    const child = spawn(file, rest, { env: environment, stdio: 'pipe' });
    this.child = child;
    // A program that does not read its input is no fault.
    child.stdin.on('error', () => {});
    if (typeof input === 'string') child.stdin.end(input);
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr += chunk;
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    this.ended = once(child, 'close').then(([code, signal]) => ({
      exit: code ?? signal,
      stdout,
      stderr: this.#stderr,
    }));
  }

  /** Resolves once stderr holds it. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#stderr);
      if (found !== null) return found;
      const ended = this.ended.then(() => true);
      const last = await Promise.race([once(this.child.stderr ?? this.child, 'data').then(() => false), ended]);
      if (last && !pattern.test(this.#stderr)) throw new Error(`It ended without ${pattern}: ${this.#stderr}`);
    }
  }

  /** Writes to a standard input that was left open. */
  write(text: string): void {
    this.child.stdin?.write(text);
  }

  /** The provider's address, to which the one that it asks to have opened leads. */
  async authorizeUrl(): Promise<URL> {
    return authorizeUrlAt(await this.address());
  }

  /** The address that it asks to have opened. */
  async address(): Promise<URL> {
    const [, address = ''] = await this.says(/(?:^|visit )(http\S+)\n/m);
    return new URL(address);
  }
}

/** Where an address that was printed leads: a start address is visited as a browser would. */
export async function authorizeUrlAt(address: string | URL): Promise<URL> {
  const printed = new URL(address);
  if (!printed.pathname.startsWith('/start/')) return printed;
  const { headers } = await fetch(printed, { redirect: 'manual' });
  return new URL(headers.get('location') ?? '');
}

/** A home directory, a sandbox, and the program between them. */
export interface ProgramFixture extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly home: string;
  readonly file: string;
  /** A file outside of the home directory, for what the robot sees. */
  readonly notes: string;
  start(args: readonly string[], options?: StartOptions): Program;
  run(args: readonly string[], options?: StartOptions): Promise<Ended>;
  /** The arguments of a login at the sandbox, on a free port. */
  login(...more: string[]): readonly string[];
  /** Puts a profile there as an earlier sign-in left it. @returns its bytes */
  plant(content?: string): Promise<string>;
  stored(): Promise<string>;
}

/** Values of `BROWSER`. `noBrowser` opens nothing. */
export const noBrowser = `${process.execPath} -e 0`;
let bundled: Promise<string> | undefined;
export async function robotBrowser(decision: 'allow' | 'deny'): Promise<string> {
  bundled ??= bundleRobot();
  return `${process.execPath} ${await bundled} ${decision}`;
}

async function bundleRobot(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'robot-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, 'robot.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'robot.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  return outfile;
}

/** @param browser the default `BROWSER` of every run */
export async function programFixture(browser = noBrowser): Promise<ProgramFixture> {
  const sandbox = await startSandbox();
  const home = await mkdtemp(join(tmpdir(), 'program-'));
  const file = join(home, 'profiles/default.json');
  const notes = `${home}.notes`;
  const start: ProgramFixture['start'] = (args, { environment = {}, ...options } = {}) =>
    new Program(
      args,
      {
        PATH: process.env.PATH,
        FITBIT_LOGIN_HOME: home,
        FITBIT_CLIENT_ID: APP.id,
        FITBIT_CLIENT_SECRET: APP.secret,
        // Where a sign-in at a sandbox would not be stored unasked.
        FITBIT_LOGIN_PROFILE: 'default',
        BROWSER: browser,
        ...environment,
      },
      options,
    );
  return {
    sandbox,
    home,
    file,
    notes,
    start,
    run: (args, options) => start(args, options).ended,
    login: (...more) => [
      'login',
      '--sandbox',
      sandbox.origin,
      '--redirect-uri',
      'http://127.0.0.1:0/callback',
      ...more,
    ],
    plant: async (content = profile(sandbox.origin)) => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      // Whole or not at all, as the store does.
      await writeFile(`${file}.planted`, content, { mode: 0o600 });
      await rename(`${file}.planted`, file);
      return content;
    },
    stored: () => readFile(file, 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await sandbox.close();
      for (const path of [home, notes]) await rm(path, { recursive: true, force: true });
    },
  };
}

export const OLD_TOKEN = 'marked-old-access-token';

function profile(sandbox: string): string {
  const document = {
    version: 1,
    provider: 'fitbit',
    sandbox,
    client_id: APP.id,
    redirect_uris: ['http://127.0.0.1:0/callback'],
    requested_scope: 'sleep',
    access_token: OLD_TOKEN,
    refresh_token: 'marked-old-refresh-token',
    token_type: 'Bearer',
    scope: 'sleep',
    user_id: 'WALK01',
    obtained_at: '2026-01-31T12:00:00.000Z',
    expires_at: '2026-01-31T20:00:00.000Z',
  };
  return `${JSON.stringify(document)}\n`;
}
