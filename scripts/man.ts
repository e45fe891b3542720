/** `npm run build` ends with this: the manual, `man fitbit-login`, from the same table as the help. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { manPage } from './man-page.ts';

const manifest: { readonly version: string; readonly man: readonly [string] } = JSON.parse(
  await readFile('package.json', 'utf8'),
);
const [file] = manifest.man;
await mkdir(dirname(file), { recursive: true });
await writeFile(file, manPage(manifest.version, await dateOf(manifest.version)));

/** When the version came out, as the changelog says; one that has not is of today. */
async function dateOf(version: string): Promise<string> {
  const changelog = await readFile('CHANGELOG.md', 'utf8');
  const heading = changelog.split('\n').find((line) => line.startsWith('## ') && line.includes(version));
  return /\d{4}-\d\d-\d\d/.exec(heading ?? '')?.[0] ?? new Date().toISOString().slice(0, 10);
}
