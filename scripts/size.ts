/**
 * `npm run size`: what a person downloads, stores and waits for, from the packed archive as npm installs it. Fails over a limit.
 * Wants `npm run build` first.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { table } from '../src/cli/output.ts';

const KIB = 1024;

/** What may not be exceeded: some room above what it was when the limit was set. */
const LIMITS = [
  { measure: 'archive', what: 'the archive that npm downloads', limit: 800 * KIB },
  { measure: 'installed', what: 'installed', limit: 2.5 * KIB * KIB },
  { measure: 'packages', what: 'packages that an installation brings', limit: 1 },
  { measure: 'token', what: 'code that `token` loads, where the token needs no refresh', limit: 48 * KIB },
] as const;

type Measures = Readonly<Record<(typeof LIMITS)[number]['measure'], number>>;

const run = promisify(execFile);
const directory = await mkdtemp(join(tmpdir(), 'size-'));
try {
  const found = await measures();
  const rows = LIMITS.map(({ measure, what, limit }) => {
    const is = found[measure];
    const over = is > limit;
    return { cells: [what, shown(is, limit), `limit ${shown(limit, limit)}`, over ? 'TOO MUCH' : 'ok'], over };
  });
  console.log(table(rows.map(({ cells }) => cells)));
  if (rows.some(({ over }) => over)) process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function measures(): Promise<Measures> {
  const { stdout } = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', directory], process.cwd());
  const [packed]: readonly { readonly filename: string; readonly size: number }[] = Object.values(JSON.parse(stdout));
  if (packed === undefined) throw new Error('npm packed nothing.');
  await writeFile(join(directory, 'package.json'), '{ "private": true }\n');
  await npm(['install', '--no-audit', '--prefer-offline', join(directory, packed.filename)], directory);
  const modules = join(directory, 'node_modules');
  const lock: { readonly packages: object } = JSON.parse(await readFile(join(modules, '.package-lock.json'), 'utf8'));
  return {
    archive: packed.size,
    installed: await sizeUnder(modules),
    packages: Object.keys(lock.packages).length,
    token: await loadedByToken(join(modules, 'fitbit-login')),
  };
}

function npm(args: readonly string[], cwd: string) {
  // On Windows npm is a script that only a shell starts.
  return run('npm', args, { cwd, shell: process.platform === 'win32' });
}

async function sizeUnder(root: string): Promise<number> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const sizes = entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}

/** The size of those of the package's files that are compiled when a script asks for a token that is still good, as V8 counts them. */
async function loadedByToken(root: string): Promise<number> {
  const home = join(directory, 'home');
  const coverage = join(directory, 'coverage');
  await mkdir(join(home, 'profiles'), { recursive: true, mode: 0o700 });
  await writeFile(join(home, 'profiles/default.json'), JSON.stringify(freshProfile()), { mode: 0o600 });
  const { bin }: { readonly bin: Readonly<Record<string, string>> } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  );
  const { stdout } = await run(process.execPath, [join(root, bin['fitbit-login'] ?? ''), 'token'], {
    env: { PATH: process.env.PATH, FITBIT_LOGIN_HOME: home, NODE_V8_COVERAGE: coverage },
  });
  if (stdout !== 'a-token\n') throw new Error(`\`token\` printed something else: ${stdout}`);
  const files = new Set<string>();
  for (const name of await readdir(coverage)) {
    const { result }: { readonly result: readonly { readonly url: string }[] } = JSON.parse(
      await readFile(join(coverage, name), 'utf8'),
    );
    for (const { url } of result) if (url.startsWith('file:')) files.add(fileURLToPath(url));
  }
  const own = [...files].filter((file) => file.includes(`${sep}${basename(root)}${sep}`));
  if (own.length === 0) throw new Error('V8 names no file of the package.');
  return (await Promise.all(own.map((file) => stat(file)))).reduce((sum, { size }) => sum + size, 0);
}

function freshProfile(): Readonly<Record<string, unknown>> {
  const now = Date.now();
  return {
    version: 1,
    provider: 'fitbit',
    client_id: '23ABCD',
    redirect_uris: ['http://127.0.0.1:8976/callback'],
    requested_scope: 'sleep',
    access_token: 'a-token',
    refresh_token: 'another-token',
    token_type: 'Bearer',
    scope: 'sleep',
    user_id: 'WALK01',
    obtained_at: new Date(now).toISOString(),
    expires_at: new Date(now + 8 * 3_600_000).toISOString(),
  };
}

/** A number of bytes; a small limit is a count. */
function shown(amount: number, limit: number): string {
  return limit < KIB ? String(amount) : `${(amount / KIB).toFixed(0)} KiB`;
}
