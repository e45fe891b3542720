/**
 * `npm run build`: the program and the library, bundled in dist/; the declarations come from tsc afterwards.
 * Every package is bundled and therefore a devDependency: `npx fitbit-login` fetches one small archive, and a person's
 * tokens do not depend on what some package's newest version does on the day of the install.
 *
 * In as few files as can be, since Node takes longer to find a file than to run a small one: `bin.cjs` has what `token` comes to as
 * a rule, `main.cjs` everything else that is ours and small, and `parts/` what is large and which few commands use.
 */
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { asCommonJs, facade, namesIn, TARGET } from './commonjs.ts';
import { elsewhere } from './elsewhere.ts';
import { lateBuiltins } from './late-builtins.ts';
import { licences } from './licences.ts';
import { withoutComments } from './without-comments.ts';

const OUT = 'dist';
const NOTICES = 'THIRD-PARTY-LICENSES.txt';
/** What others make in there. */
const OF_OTHERS = ['man', 'types'];

/** The files in `parts/`, and what each is made of. */
const PARTS = {
  listen: 'src/server/listen.ts',
  'old-app': 'src/server/old-app.ts',
  'completion-scripts': '@optique/core/completion',
  log: 'src/log/log.ts',
  open: 'src/browser/open.ts',
  'proxied-fetch': 'src/network/proxied-fetch.ts',
  sandbox: 'src/sandbox/sandbox.ts',
  'site-app': 'src/server/site-app.ts',
};

/** Parts have these from `main.cjs`: errors and secrets are told by their class, of which there must be one. */
const OF_ONE_KIND = ['src/errors.ts', 'src/secret.ts'];

/**
 * What nothing here reaches: Fastify's compilers of schemas, which no route has, and its stand-in for a client; HTTP/2; pino's threads.
 * Those of Node's own would be loaded while a sign-in waits.
 */
const LEFT_OUT = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
  'node:http2',
  'thread-stream',
];

const COMMON = {
  bundle: true,
  platform: 'node',
  target: TARGET,
  // Not minified: whoever entrusts tokens to a program may want to read it, and it would hardly start sooner. See isForeign.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} as const;

/** One file. What an `import()` in it asks for is run, or loaded, only then. */
const SINGLE = { ...COMMON, format: 'cjs', supported: { 'dynamic-import': false } } as const;

const bin = await build({
  ...SINGLE,
  entryPoints: ['src/bin.ts'],
  outfile: join(OUT, 'bin.cjs'),
  plugins: [elsewhere({ 'src/cli/main.ts': './main.cjs' }), withoutComments],
});
const main = await build({
  ...SINGLE,
  stdin: {
    contents: ['cli/main', 'index', 'errors', 'secret'].map((name) => `export * from './src/${name}.ts';`).join('\n'),
    resolveDir: '.',
  },
  outfile: join(OUT, 'main.cjs'),
  write: false,
  // For the lock, which makes and removes one directory: what it adds is for programs that open files by the thousand.
  alias: { 'graceful-fs': 'node:fs' },
  plugins: [
    elsewhere(Object.fromEntries(Object.entries(PARTS).map(([name, path]) => [path, `./parts/${name}.cjs`]))),
    withoutComments,
  ],
});
await writeFile(join(OUT, 'main.cjs'), lateBuiltins(main.outputFiles.map(({ text }) => text).join('')));
// What several parts share is split off, which esbuild does with ES modules only.
const parts = await build({
  ...COMMON,
  entryPoints: PARTS,
  outdir: join(OUT, 'parts'),
  splitting: true,
  format: 'esm',
  alias: Object.fromEntries(LEFT_OUT.map((name) => [name, resolve('scripts/left-out.ts')])),
  plugins: [elsewhere(Object.fromEntries(OF_ONE_KIND.map((path) => [path, '../main.cjs']))), withoutComments],
  write: false,
});

const built = new Set(['bin.cjs', 'main.cjs', 'index.js', 'parts/xdg-open', NOTICES].map((name) => join(OUT, name)));
await mkdir(join(OUT, 'parts'), { recursive: true });
for (const { path, text } of parts.outputFiles) {
  const file = relative('.', path).replace(/\.js$/, '.cjs');
  await writeFile(file, await asCommonJs(text, { minify: isForeign(relative('.', path)) }));
  built.add(file);
}
await writeFile(join(OUT, 'index.js'), facade('main.cjs', await namesIn('src/index.ts')));
// `open` looks for its launcher beside the module that it finds itself in.
await copyFile('node_modules/open/xdg-open', join(OUT, 'parts/xdg-open'));
for (const executable of ['bin.cjs', 'parts/xdg-open']) await chmod(join(OUT, executable), 0o755);
const bundled = [bin, main, parts].flatMap(({ metafile }) => bundledFiles(metafile));
await writeFile(join(OUT, NOTICES), await licences(bundled));

// Last, so that a program that runs meanwhile still finds what it has yet to load.
for (const name of await readdir(OUT, { recursive: true })) {
  const file = join(OUT, name);
  const [directory = ''] = name.split(sep);
  if (built.has(file) || file === join(OUT, 'parts') || OF_OTHERS.includes(directory)) continue;
  await rm(file, { recursive: true, force: true });
}

/** Whether next to nothing in a part is this project's own. Such a one is minified: its packages are better read where they are made. */
function isForeign(path: string): boolean {
  const inputs = Object.entries(parts.metafile.outputs[path]?.inputs ?? {});
  const bytes = (those: typeof inputs) => those.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  return bytes(inputs.filter(([input]) => input.includes('node_modules/'))) > 0.95 * bytes(inputs);
}

/** Every file of which something is left in the bundle. */
function bundledFiles({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}
