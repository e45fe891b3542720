import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);

const CONSUMER = `
import { AuthError, type ErrorCode } from 'fitbit-login';
export const code: ErrorCode = 'DENIED';
export const exitCode: number = new AuthError(code, 'No.').exitCode;
// @ts-expect-error: the list of codes is closed
export const other: ErrorCode = 'SOMETHING_ELSE';
`;

describe('the package, as npm would publish it', () => {
  let consumer = '';
  let installed = '';

  beforeAll(async () => {
    consumer = await mkdtemp(join(tmpdir(), 'consumer-'));
    installed = join(consumer, 'node_modules/fitbit-login');
    await mkdir(installed, { recursive: true });
    // The test command has built dist/ already. On Windows npm is a script that only a shell starts.
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', consumer], {
      shell: process.platform === 'win32',
    });
    const [archive]: readonly { readonly filename: string }[] = Object.values(JSON.parse(stdout));
    await run('tar', ['-xzf', archive?.filename ?? '', '-C', installed, '--strip-components=1'], { cwd: consumer });
    await writeFile(join(consumer, 'package.json'), '{ "type": "module" }\n');
  });
  afterAll(() => rm(consumer, { recursive: true, force: true }));

  test('runs where no other package is installed', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    const { stdout } = await run(process.execPath, [join(installed, 'dist/bin.cjs'), '--version']);
    expect(stdout.trim()).toBe(version);
  });

  test('can be imported where no other package is installed', async () => {
    const script = `import { AuthError } from 'fitbit-login'; console.log(new AuthError('DENIED', 'No.').exitCode);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: consumer });
    expect(stdout).toBe('4\n');
  });

  test('brings the types of the library, without those of any other package', async () => {
    await mkdir(join(consumer, 'node_modules/@types'));
    for (const types of ['@types/node', 'undici-types']) {
      await symlink(resolve('node_modules', types), join(consumer, 'node_modules', types), 'junction');
    }
    await writeFile(join(consumer, 'consumer.ts'), CONSUMER);
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const lib = ['--lib', 'es2023,esnext.disposable', '--skipLibCheck', 'false', '--preserveSymlinks'];
    const tsc = run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), ...options, ...lib, 'consumer.ts'], {
      cwd: consumer,
    });
    // tsc reports on standard output.
    await expect(tsc.catch(({ stdout }: { readonly stdout: string }) => stdout)).resolves.toMatchObject({ stdout: '' });
  });

  test('brings the licence of every package that is bundled', async () => {
    const licences = await readFile(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['commander', 'fastify', 'oauth4webapi', 'open', 'pino', 'valibot']) {
      expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, 'm'));
    }
  });
});
