import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { build } from 'esbuild';

/** Bundles `store-child.ts` into `directory`, so that fifty of it start quickly; the path of the program. */
export async function buildChild(directory: string): Promise<string> {
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

/** One process at work on a profile. */
export class StoreProcess {
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

  /** Resolves once the process has said `line`. */
  async says(line: string): Promise<void> {
    while (!this.lines.includes(line)) {
      const ended = await Promise.race([once(this.#reader, 'line').then(() => false), this.#end.then(() => true)]);
      if (ended && !this.lines.includes(line)) throw new Error(`It ended without "${line}": ${this.lines.join(' | ')}`);
    }
  }

  goOn(): void {
    this.process.stdin?.end('go on\n');
  }

  /** What it said until its end. */
  async ended(): Promise<readonly string[]> {
    await this.#end;
    return this.lines;
  }
}
