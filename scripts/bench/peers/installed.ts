import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';

const Manifest = v.object({ version: v.string() });

/** The version of a package below a folder's node_modules; `undefined` where it is not installed there. */
export async function versionIn(folder: string, name: string): Promise<string | undefined> {
  try {
    const manifest = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8');
    return v.parse(Manifest, JSON.parse(manifest)).version;
  } catch {
    return undefined;
  }
}
