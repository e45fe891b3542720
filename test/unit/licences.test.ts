import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { licences } from '../../scripts/licences.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'licences-'));
  await put('one', { LICENSE: 'The licence of one.\r\n' });
  await put('@some/two', { 'licence.md': 'The licence of two.', 'NOTICE.txt': 'A notice of two.' });
  await put('one/node_modules/three', { COPYING: 'The licence of three.' });
  await put('none', {});
  await put('abstract-logging', {});
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function put(name: string, files: Readonly<Record<string, string>>): Promise<void> {
  const directory = join(root, 'node_modules', name);
  await mkdir(directory, { recursive: true });
  const manifest = JSON.stringify({ name: name.replace(/^.*node_modules\//, ''), version: '1.2.3', license: 'MIT' });
  for (const [file, text] of Object.entries({ ...files, 'package.json': manifest }))
    await writeFile(join(directory, file), text);
}

const of = (...files: readonly string[]) => licences(files.map((file) => join(root, 'node_modules', file)));

describe('the licences of what is bundled', () => {
  test('name every package that a file is of, once, with all of its texts', async () => {
    const all = await of('one/index.js', 'one/lib/deep/er.js', '@some/two/dist/a.js', 'one/node_modules/three/b.js');
    const sections = all.split(`\n${'-'.repeat(80)}\n\n`).slice(1);
    expect(sections).toEqual([
      '@some/two 1.2.3 (MIT)\n\nA notice of two.\n\nThe licence of two.\n',
      'one 1.2.3 (MIT)\n\nThe licence of one.\n',
      'three 1.2.3 (MIT)\n\nThe licence of three.\n',
    ]);
  });

  test('cannot be made if a package has no licence text, whatever licence it names', async () => {
    await expect(of('one/index.js', 'none/index.js')).rejects.toThrow('none 1.2.3 (MIT) comes without a licence text');
  });

  test('accept a text passed for a package that has none', async () => {
    expect(await of('abstract-logging/index.js')).toMatch(/^abstract-logging 1\.2\.3 \(MIT\)\n\n.*James Sumners/ms);
  });

  test('skip the program’s own files', async () => {
    expect(await licences(['src/bin.ts'])).not.toContain('(');
  });
});
