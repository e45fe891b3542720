import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('a build made twice is the same to the byte', { timeout: 300_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'builds-'));
  try {
    const [one, other] = [join(directory, 'one'), join(directory, 'other')];
    for (const into of [one, other]) await run(process.execPath, ['--import', 'tsx', 'scripts/build.ts', into]);
    const files = (await readdir(one, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(20);
    expect((await readdir(other, { recursive: true })).sort()).toEqual(
      (await readdir(one, { recursive: true })).sort(),
    );
    for (const { name, parentPath } of files) {
      const path = join(parentPath, name);
      const same = (await readFile(path)).equals(await readFile(path.replace(one, () => other)));
      expect(same, `${path} is the same`).toBe(true);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('each package in package-lock.json has its integrity and no resolved URL', async () => {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
    packages: Record<string, { integrity?: string; resolved?: string; link?: boolean }>;
  };
  const installed = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true);
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.filter(([, { integrity = '' }]) => !/^sha512-[\w+/]{86}==$/.test(integrity))).toEqual([]);
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});
