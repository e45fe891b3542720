import { spawnSync } from 'node:child_process';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { type Program, programFixture } from './program.ts';

/** Of the system. */
const MAKE_FIFO = 'mkfifo';

const OPTIONS = [
  ['import', (path: string) => ['import', path]],
  ['--client-secret-file', (path: string) => ['login', '--client-secret-file', path]],
  ['--data @file', (path: string) => ['api', '/1/user/-/profile.json', '--data', `@${path}`]],
] as const;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ESCAPES = /[\r\u001b\u0007\u009b\u202e\u2066]/;

/** Resolves once a program has a file open. */
async function opened({ child: { pid } }: Program, path: string): Promise<void> {
  const descriptors = `/proc/${pid}/fd`;
  for (;;) {
    const names = await readdir(descriptors);
    const links = await Promise.all(names.map((name) => readlink(join(descriptors, name)).catch(() => '')));
    if (links.includes(path)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(process.platform !== 'linux')('a file passed by name:', () => {
  test.each(OPTIONS)(
    '%s waits for a pipe without a writer until Ctrl-C, and reads one with a writer',
    async (_name, of) => {
      await using at = await programFixture();
      const pipe = join(at.home, 'pipe');
      spawnSync(MAKE_FIFO, [pipe]);
      const program = at.start(of(pipe));
      await opened(program, pipe);
      program.child.kill('SIGINT');
      expect((await program.ended).exit).toBe(130);
      const reading = at.start(['import', pipe]);
      await opened(reading, pipe);
      await writeFile(pipe, 'nothing of use');
      expect(await reading.ended).toMatchObject({ exit: 2, stderr: expect.stringContaining('no access token') });
    },
  );

  test('devices, directories and files over 1 MiB are refused, and nothing is stored', async () => {
    await using at = await programFixture();
    const large = join(at.home, 'large.json');
    await writeFile(large, 'x'.repeat(1024 * 1024 + 1));
    expect(await at.run(['import', '/dev/zero'])).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining('/dev/zero'),
    });
    expect((await at.run(['import', at.home])).exit).toBe(6);
    expect(await at.run(['import', large])).toMatchObject({ exit: 2, stderr: expect.stringContaining('1 MiB') });
    await expect(at.stored()).rejects.toThrow();
  });

  test('whose name holds a terminal’s escapes is named without them', async () => {
    await using at = await programFixture();
    const { exit, stderr } = await at.run([
      'import',
      `${at.home}/\u001b]0;owned\u0007\u001b]8;;http:\u001b\\\u001b]52;c;YQ==\u0007\u009b2J\r\u202e\u2066.json`,
    ]);
    expect(exit).toBe(6);
    expect(stderr).toContain('ENOENT');
    expect(stderr).not.toMatch(ESCAPES);
    const json = await at.run(['import', `${at.home}/\u009b\u202e.json`, '--json']);
    expect(json.stdout).toContain('\\u009b\\u202e');
    expect(json.stdout).not.toMatch(ESCAPES);
  });
});
