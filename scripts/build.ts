/**
 * `npm run build`: the program and the library as one code-split bundle in dist/; the declarations come from tsc afterwards.
 * Every package is bundled and therefore a devDependency: `npx fitbit-login` fetches one small archive, and a person's
 * tokens do not depend on what some package's newest version does on the day of the install.
 */
import { chmod, copyFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { licences } from './licences.ts';

const OUT = 'dist';

const { metafile } = await build({
  entryPoints: ['src/bin.ts', 'src/index.ts'],
  outdir: OUT,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Not minified: whoever entrusts tokens to a program may want to read it, and the download would be only a fifth smaller.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // The CommonJS packages among the bundled ones call `require` for Node's own modules.
  banner: {
    js: `import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);`,
  },
});

for (const chunk of chunksWith(metafile, /(^|\/)node_modules\/open\/index\.js$/)) {
  // `open` looks for its launcher beside the module that it finds itself in.
  const launcher = join(dirname(chunk), 'xdg-open');
  await copyFile('node_modules/open/xdg-open', launcher);
  await chmod(launcher, 0o755);
}
await chmod(join(OUT, 'bin.js'), 0o755);
await writeFile(join(OUT, 'THIRD-PARTY-LICENSES.txt'), await licences(bundledFiles(metafile)));

// Last, so that a program that runs meanwhile still finds the chunks that it has yet to load.
const built = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const chunk of await readdir(join(OUT, 'chunks'))) {
  if (chunk.endsWith('.js') && !built.has(chunk)) await rm(join(OUT, 'chunks', chunk));
}

function chunksWith({ outputs }: Metafile, input: RegExp): readonly string[] {
  const chunks = Object.entries(outputs).filter(([, { inputs }]) =>
    Object.keys(inputs).some((path) => input.test(path)),
  );
  return chunks.map(([path]) => path);
}

/** Every file of which something is left in the bundle. */
function bundledFiles({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}
