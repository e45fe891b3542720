/**
 * After tsc, in `npm run build`: of the declarations only those stay that the library's own lead to, and none of these may speak of
 * a package that an install does not bring.
 */
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const TYPES = 'dist/types';

/** `import … from '…'`, `export … from '…'` and `import('…')`. What stands in a comment begins with an asterisk. */
const SPECIFIER = /^(?:import|export)\s[^;]*?\sfrom\s+['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gms;

const kept = new Set<string>();
await keep(join(TYPES, 'index.d.ts'));
const entries = await readdir(TYPES, { recursive: true, withFileTypes: true });
for (const entry of entries) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !kept.has(path)) await rm(path);
}
for (const directory of entries
  .filter((entry) => entry.isDirectory())
  .map((entry) => join(entry.parentPath, entry.name))
  .sort()
  .reverse()) {
  if ((await readdir(directory)).length === 0) await rmdir(directory);
}

/** @throws Error where a declaration speaks of a package */
async function keep(path: string): Promise<void> {
  if (kept.has(path)) return;
  kept.add(path);
  for (const [, imported, inline] of (await readFile(path, 'utf8')).matchAll(SPECIFIER)) {
    const specifier = imported ?? inline ?? '';
    if (specifier.startsWith('.')) await keep(join(dirname(path), specifier.replace(/\.[jt]s$/, '.d.ts')));
    else if (!specifier.startsWith('node:'))
      throw new Error(`${path} speaks of ${specifier}, which an install does not bring.`);
  }
}
