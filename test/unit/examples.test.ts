import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { parsed } from './parsed.ts';

/** Other programs of the examples; none of them does anything here. */
const OTHERS = ['curl', 'Out-String', 'Invoke-Expression'];

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'examples-'));
  const bin = join(home, 'bin');
  for (const directory of [
    bin,
    ...['.config/fish/completions', '.local/share/bash-completion/completions'].map((at) => join(home, at)),
  ])
    await mkdir(directory, { recursive: true });
  await writeFile(join(bin, 'fitbit-login'), `#!/bin/sh\nprintf '%s\\0' "$@" >"$HOME/words"\n`);
  for (const name of OTHERS) await writeFile(join(bin, name), '#!/bin/sh\n');
  for (const name of ['fitbit-login', ...OTHERS]) await chmod(join(bin, name), 0o755);
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** The words that a shell passes to fitbit-login for this line. */
async function words(typed: string): Promise<readonly string[]> {
  const env = { HOME: home, PATH: [join(home, 'bin'), process.env.PATH].join(delimiter) };
  const stderr = await new Promise((done) => {
    execFile('bash', ['--norc', '-c', typed], { env, cwd: home }, (_error, _stdout, said) => done(said));
  });
  expect(stderr).toBe('');
  const found = await readFile(join(home, 'words'), 'utf8');
  const words = found.split('\0').slice(0, -1);
  return words.join('') === '' ? [] : words;
}

describe('the examples of the help', () => {
  for (const command of COMMANDS) {
    test(`${command.name} has at least one`, () => {
      expect(command.examples.length).toBeGreaterThan(0);
      expect(command.examples.some(({ command: typed }) => typed.includes('fitbit-login'))).toBe(true);
    });

    test.each(command.examples)(`${command.name}: $command`, async ({ command: typed }) => {
      await expect(words(typed).then(parsed)).resolves.toBeDefined();
    });
  }
});
