import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { Measured, Row } from './row.ts';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '../..');
const Packed = v.record(v.string(), v.object({ filename: v.string() }));
const Lock = v.object({ packages: v.record(v.string(), v.unknown()) });

interface Installed {
  readonly packages: number;
  readonly kib: number;
}

/** What an install brings. */
export const install: Row = {
  name: 'install',
  method:
    'The package that `npm pack` makes, installed into an empty folder: the packages that are then below node_modules, and the sizes of ' +
    'their files. The peers, each in a folder of its own, likewise.',
  rounds: { full: 1, quick: 1 },
  measure: async ({ directory, peers }) => {
    const ours = await installOurs(directory);
    const others = await Promise.all(
      peers.flatMap(({ name, version, folder }) =>
        folder === undefined ? [] : [installed(folder).then((found) => ({ name, version, ...found }))],
      ),
    );
    const figure = (unit: 'packages' | 'KiB', of: (found: Installed) => number): Omit<Measured, 'title' | 'goal'> => ({
      unit,
      statistic: 'exact',
      count: 1,
      ours: exactly(of(ours)),
      peers: others.map((found) => ({ name: found.name, version: found.version, failures: 0, ...exactly(of(found)) })),
    });
    return [
      {
        title: 'an install: packages',
        ...figure('packages', ({ packages }) => packages),
        goal: { of: 'ours', is: '≤', limit: 3 },
      },
      {
        title: 'an install: size',
        ...figure('KiB', ({ kib }) => kib),
        goal: { of: 'ours', is: '≤', limit: 3 * 1024 },
      },
    ];
  },
};

async function installOurs(directory: string): Promise<Installed> {
  const npm = (args: readonly string[], cwd: string) =>
    // On Windows npm is a script that only a shell starts.
    run('npm', [...args, '--ignore-scripts', '--loglevel=error'], { cwd, shell: platform() === 'win32' });
  const { stdout } = await npm(['pack', '--json', '--pack-destination', directory], PROJECT);
  const [archive] = Object.values(v.parse(Packed, { ...JSON.parse(stdout) }));
  const folder = join(directory, 'consumer');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{}\n');
  await npm(['install', '--no-audit', '--no-fund', join(directory, archive?.filename ?? '')], folder);
  return installed(folder);
}

async function installed(folder: string): Promise<Installed> {
  const place = join(folder, 'node_modules');
  const lock = v.parse(Lock, JSON.parse(await readFile(join(place, '.package-lock.json'), 'utf8')));
  const files = (await readdir(place, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files
      .filter(({ name }) => name !== '.package-lock.json')
      .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return { packages: Object.keys(lock.packages).length, kib: sizes.reduce((sum, size) => sum + size, 0) / 1024 };
}

function exactly(value: number) {
  return { value, low: value, high: value };
}
