import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findNode } from '../../scripts/node-runtime.ts';
import { some } from '../extent.ts';
import { RUNTIMES } from './nodes.ts';
import { robotBrowser } from './program.ts';

const run = promisify(execFile);
// On Windows npm is a script that only a shell starts.
const npm = (args: readonly string[], cwd: string) => run('npm', args, { cwd, shell: process.platform === 'win32' });

const USE = `console.log(new AuthError('DENIED', 'No.').exitCode, /^AuthError: No/.test(require('node:util').inspect(new AuthError('DENIED', 'No.'))) && typeof login === 'function');`;
/** Programs that use the library. Each prints `4 true`. */
const USERS = {
  'from an ES module': [
    'user.mjs',
    `import { createRequire } from 'node:module';
import { AuthError, login } from 'fitbit-login'; const require = createRequire(import.meta.url); ${USE}`,
  ],
  'from CommonJS': ['user.cjs', `const { AuthError, login } = require('fitbit-login'); ${USE}`],
  'from both at once, with one state': [
    'both.cjs',
    `const { AuthError } = require('fitbit-login');
import('fitbit-login').then((library) => console.log(new AuthError('DENIED', 'No.').exitCode, library.AuthError === AuthError));`,
  ],
} as const;

const TYPED = `
import { AuthError, type ErrorCode, type LoginOptions, openProfile } from 'fitbit-login';
export const code: ErrorCode = 'DENIED';
export const exitCode: number = new AuthError(code, 'No.').exitCode;
// @ts-expect-error: the list of codes is closed
export const other: ErrorCode = 'SOMETHING_ELSE';
export const options: LoginOptions = { provider: 'google-health', scopes: 'sleep', prompt: 'consent' };
// @ts-expect-error: the list of prompts is closed
export const wrong: LoginOptions = { prompt: 'please' };
export const me = openProfile('me');
export const text = async (): Promise<string> => (await me.token({ minTtlSeconds: 60 }));
export const response = async (): Promise<Response> => me.fetch('/v4/users/me/identity', { method: 'GET' });
`;
/** How TypeScript may look for the library: `[what, files, options]`. */
const COMPILED = [
  ['node16, from an ES module and from CommonJS', ['typed.mts', 'typed.cts'], ['--module', 'node16']],
  ['bundler', ['typed.ts'], ['--module', 'esnext', '--moduleResolution', 'bundler']],
] as const;

let archive = '';
let consumer = '';
let installed = '';
let allow = '';

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'consumer-'));
  installed = join(consumer, 'node_modules/fitbit-login');
  // The test command has built dist/ already.
  const packed = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', consumer], process.cwd());
  const [found]: readonly { readonly filename: string }[] = Object.values(JSON.parse(packed.stdout));
  archive = join(consumer, found?.filename ?? '');
  await writeFile(join(consumer, 'package.json'), '{ "private": true }\n');
  await npm(['install', '--offline', '--no-audit', archive], consumer);
  for (const [file, text] of Object.values(USERS)) await writeFile(join(consumer, file), text);
  allow = await robotBrowser('allow');
});
afterAll(() => rm(consumer, { recursive: true, force: true }));

describe.each(some(RUNTIMES, 1))('installed in an empty project, on $name', ({ path: node }) => {
  let home = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'installed-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  /** The installed program, as a shell starts it. */
  const program = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    run(join(consumer, 'node_modules/.bin/fitbit-login'), args, {
      cwd: consumer,
      env: {
        PATH: [dirname(node), '/usr/bin', '/bin'].join(delimiter),
        FITBIT_LOGIN_HOME: join(home, 'store'),
        BROWSER: allow,
        ...more,
      },
      shell: process.platform === 'win32',
    });
  const uri = 'http://127.0.0.1:0/callback';
  const signIn = ['login', '--profile', 'default', '--sandbox', '--redirect-uri', uri, '--json'];

  test('the program answers', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(await program(['--version'])).toEqual({ stdout: `${version}\n`, stderr: '' });
    const help = await program(['--help']);
    expect(help).toMatchObject({ stdout: expect.stringContaining('Usage: fitbit-login'), stderr: '' });
  });

  test('signs in, and a script gets the token', async () => {
    const { stdout } = await program(signIn);
    expect(JSON.parse(stdout)).toMatchObject({ session: 'valid', profile: 'default' });
    const stored = JSON.parse(await readFile(join(home, 'store/profiles/default.json'), 'utf8'));
    expect(await program(['token'])).toEqual({ stdout: `${stored.access_token}\n`, stderr: '' });
  });

  test.skipIf(process.platform !== 'linux')('the browser’s launcher, next to its module, is found', async () => {
    const bin = join(home, 'bin');
    await mkdir(bin);
    // The one in the package asks for this browser; one of the system's would fail.
    await writeFile(join(bin, 'x-www-browser'), `#!/bin/sh\nexec ${allow} "$@"\n`);
    await writeFile(join(bin, 'xdg-open'), '#!/bin/sh\nexit 99\n');
    for (const name of await readdir(bin)) await chmod(join(bin, name), 0o755);
    const PATH = [bin, dirname(node), '/usr/bin', '/bin'].join(delimiter);
    // Without any desktop's own choice of a browser.
    const environment = { PATH, BROWSER: '', DISPLAY: ':99', XDG_DATA_DIRS: home, XDG_DATA_HOME: home, HOME: home };
    const { stdout } = await program([...signIn, '--profile', 'launched', '--timeout', '20'], environment);
    expect(JSON.parse(stdout)).toMatchObject({ session: 'valid', profile: 'launched' });
  });

  test.each(some(Object.entries(USERS), 2))('the library is used %s', async (_way, [file]) => {
    const { stdout } = await run(node, [file], { cwd: consumer });
    expect(stdout).toBe('4 true\n');
  });
});

describe('the package', () => {
  test('brings nothing but itself', async () => {
    expect((await readdir(join(consumer, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([
      'fitbit-login',
    ]);
  });

  test('brings the licence of every package that is bundled', async () => {
    const licences = await readFile(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['@optique/core', 'commander', 'fastify', 'oauth4webapi', 'open', 'pino', 'valibot']) {
      expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, 'm'));
    }
  });

  test('is bundled into an ES module by esbuild', async () => {
    // Outside of the project, so that it can only have what is in it.
    const outfile = join(tmpdir(), `${basename(consumer)}.mjs`);
    const input = join(consumer, 'user.mjs');
    await build({ entryPoints: [input], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
    expect(await run(process.execPath, [outfile]).finally(() => rm(outfile))).toEqual({
      stdout: '4 true\n',
      stderr: '',
    });
  });

  const old = findNode('18');
  test.skipIf(old === undefined)('says in one sentence that Node 18 is too old', async () => {
    const ended = run(old?.path ?? '', [join(installed, 'dist/bin.cjs'), 'token']);
    await expect(ended).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^fitbit-login needs Node.js 20\.19 or later\. .*\n$/),
    });
  });

  describe('compiles with TypeScript and @types/node alone', () => {
    beforeAll(async () => {
      await mkdir(join(consumer, 'node_modules/@types'));
      for (const types of ['@types/node', 'undici-types']) {
        await symlink(resolve('node_modules', types), join(consumer, 'node_modules', types), 'junction');
      }
    });

    test.each(some(COMPILED, 1))('%s', async (_what, files, options) => {
      for (const file of files) await writeFile(join(consumer, file), TYPED);
      const strict = ['--strict', '--noEmit', '--target', 'es2023', '--skipLibCheck', 'false', '--preserveSymlinks'];
      const lib = ['--lib', 'es2023,esnext.disposable', '--types', 'node'];
      const tsc = run(
        process.execPath,
        [resolve('node_modules/typescript/bin/tsc'), ...strict, ...lib, ...options, ...files],
        {
          cwd: consumer,
        },
      );
      // tsc reports on standard output.
      await expect(tsc.catch(({ stdout }: { readonly stdout: string }) => stdout)).resolves.toMatchObject({
        stdout: '',
      });
    });
  });
});
