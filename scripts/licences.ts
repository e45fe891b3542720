import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
const PACKAGE_DIRECTORY = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Texts for packages that come without theirs, by the package's name; each says where the licence is named. */
const GIVEN = join(import.meta.dirname, 'licences');

/** What of a package.json is read here. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * The licence texts of the packages that `files` belong to, sorted by package, the same for the same packages on every machine.
 * @throws Error where a package comes without a licence text and none is given for it in `licences/`.
 */
export async function licences(files: readonly string[]): Promise<string> {
  const directories = new Set(files.flatMap((file) => PACKAGE_DIRECTORY.exec(file)?.[0] ?? []));
  const texts = await Promise.all([...directories].map(licence));
  const heading = 'fitbit-login contains parts of the following packages.\n';
  return [heading, ...new Set(texts.sort())].join(`\n${'-'.repeat(80)}\n\n`);
}

async function licence(directory: string): Promise<string> {
  const manifest: Manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const title = `${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})`;
  const names = (await readdir(directory)).filter((name) => LICENCE_FILE.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  if (texts.length === 0) texts.push(await given(manifest.name, title));
  return `${[title, ...texts.map((text) => text.replaceAll('\r\n', '\n').trim())].join('\n\n')}\n`;
}

async function given(name: string, title: string): Promise<string> {
  try {
    return await readFile(join(GIVEN, `${name.replace('/', '-')}.txt`), 'utf8');
  } catch (cause) {
    throw new Error(`${title} comes without a licence text, and none is given for it in ${GIVEN}.`, { cause });
  }
}
