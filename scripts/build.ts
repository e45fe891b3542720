/**
 * `npm run build`: the program and the library as one code-split bundle in dist/; the declarations come from tsc afterwards.
 * Every package is bundled and therefore a devDependency: `npx fitbit-login` fetches one small archive, and a person's
 * tokens do not depend on what some package's newest version does on the day of the install.
 */
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { asCommonJs, facade, TARGET } from './commonjs.ts';
import { licences } from './licences.ts';

const OUT = 'dist';

/** Parts of Fastify that nothing here reaches: the compilers of schemas, which no route has, and its stand-in for a client. */
const LEFT_OUT = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'];

const COMMON = {
  bundle: true,
  platform: 'node',
  target: TARGET,
  // Not minified: whoever entrusts tokens to a program may want to read it, and it would start no sooner.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} as const;

// What `token` comes to as a rule, in one file: each file more takes Node longer than it takes to run it.
const quick = await build({
  ...COMMON,
  entryPoints: ['src/bin.ts'],
  outfile: join(OUT, 'bin.cjs'),
  format: 'cjs',
  supported: { 'dynamic-import': false },
  plugins: [standingBeside('./cli/main.ts', './main.cjs')],
});

const whole = await build({
  ...COMMON,
  entryPoints: { main: 'src/cli/main.ts', index: 'src/index.ts' },
  outdir: OUT,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  alias: {
    ...Object.fromEntries(LEFT_OUT.map((name) => [name, resolve('scripts/left-out.ts')])),
    // For the lock, which makes and removes one directory: what it adds is for programs that open files by the thousand.
    'graceful-fs': 'node:fs',
  },
  write: false,
});
const metafile: Metafile = {
  inputs: { ...quick.metafile.inputs, ...whole.metafile.inputs },
  outputs: { ...quick.metafile.outputs, ...whole.metafile.outputs },
};

const built = new Set(['bin.cjs', 'index.js']);
for (const { path, text } of whole.outputFiles) {
  const file = relative('.', path).replace(/\.js$/, '.cjs');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await asCommonJs(text));
  built.add(basename(file));
}
await writeFile(join(OUT, 'index.js'), facade('index.cjs', metafile.outputs['dist/index.js']?.exports ?? []));

for (const chunk of chunksWith(metafile, /(^|\/)node_modules\/open\/index\.js$/)) {
  // `open` looks for its launcher beside the module that it finds itself in.
  const launcher = join(dirname(chunk), 'xdg-open');
  await copyFile('node_modules/open/xdg-open', launcher);
  await chmod(launcher, 0o755);
}
await chmod(join(OUT, 'bin.cjs'), 0o755);
await writeFile(join(OUT, 'THIRD-PARTY-LICENSES.txt'), await licences(bundledFiles(metafile)));

// Last, so that a program that runs meanwhile still finds the chunks that it has yet to load.
for (const directory of [OUT, join(OUT, 'chunks')]) {
  for (const file of await readdir(directory)) {
    if (/\.c?js$/.test(file) && !built.has(file)) await rm(join(directory, file));
  }
}

/** Leaves the import of one module to the file that is built of it, `path`. */
function standingBeside(imported: string, path: string): Plugin {
  return {
    name: 'standing beside',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\./ }, ({ path: asked }) => (asked === imported ? { path, external: true } : undefined)),
  };
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
