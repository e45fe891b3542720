import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What is too large to be installed with the project: fetched by npm, and skipped where it cannot be.
const TOOLS = ['jest@30', 'rollup@4', '@rollup/plugin-commonjs@29', '@rollup/plugin-node-resolve@16'];
const run = promisify(execFile);
const project = process.cwd();

describe.skipIf(process.platform === 'win32')('the packed library is used by', () => {
  let directory = '';
  let obstacle: string | undefined;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'consumers-'));
    await writeFile(join(directory, 'package.json'), '{"private":true}');
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory], {
      cwd: project,
    });
    const [{ filename }] = JSON.parse(stdout);
    const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', filename, ...TOOLS];
    await run('npm', install, { cwd: directory }).catch((error: Error) => {
      obstacle = error.message;
    });
  }, 240_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const tool = (name: string, args: readonly string[]) =>
    run(process.execPath, [join(directory, 'node_modules', name), ...args], { cwd: directory });

  test('Jest, from CommonJS', async ({ skip }) => {
    skip(obstacle !== undefined, `npm cannot fetch Jest: ${obstacle}`);
    await writeFile(
      join(directory, 'user.test.js'),
      `const { AuthError, login } = require('fitbit-login');
       test('a wrong option is an AuthError', async () => {
         const error = await login({ scopes: 7 }).catch((thrown) => thrown);
         expect(error).toBeInstanceOf(AuthError);
         expect(error.code).toBe('USAGE');
       });`,
    );
    const { stderr } = await tool('jest/bin/jest.js', ['--ci']);
    expect(stderr).toMatch(/Tests: +1 passed, 1 total/);
  });

  test('Rollup, for a bundle of ES modules', async ({ skip }) => {
    skip(obstacle !== undefined, `npm cannot fetch Rollup: ${obstacle}`);
    await writeFile(
      join(directory, 'user.mjs'),
      `import { AuthError, login } from 'fitbit-login';
       console.log(typeof login, new AuthError('DENIED', 'No.').exitCode);`,
    );
    const plugins = ['-p', '@rollup/plugin-commonjs', '-p', '@rollup/plugin-node-resolve'];
    await tool('rollup/dist/bin/rollup', [
      'user.mjs',
      '-d',
      'out',
      '-f',
      'es',
      '--entryFileNames',
      '[name].mjs',
      ...plugins,
    ]);
    await rm(join(directory, 'node_modules/fitbit-login'), { recursive: true });
    expect((await run(process.execPath, [join(directory, 'out/user.mjs')])).stdout).toBe('function 4\n');
  });
});
