/**
 * `npm run build`: the program, the library and its types in dist/, or in the directory that is named.
 * Every package is bundled and therefore a devDependency: an install brings one package, and nobody's tokens depend on what some
 * package's newest version does on the day of the install.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { licences } from './licences.ts';

/**
 * Node's own modules, asked of the process. An ES module cannot call the `require` of the CommonJS packages in it, be it ours or one
 * that a bundler makes of the library; and to import `node:http` would load all that it names, an HTTP client among it (20 ms, Node 24).
 */
const builtins: Plugin = {
  name: 'builtins',
  setup: ({ onLoad, onResolve }) => {
    const filter = new RegExp(`^(node:)?(${builtinModules.join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path: path.replace(/^node:/, ''), namespace: 'builtin' }));
    // Of use to programs that open files by the thousand; it would change node:fs for the program that uses the library.
    onResolve({ filter: /^graceful-fs$/ }, () => ({ path: 'fs', namespace: 'builtin' }));
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}');`,
    }));
  },
};

/** What Fastify and Pino load for what is not done here: JSON schemas, injected requests, threads. 0.6 MB of an install. */
const unused: Plugin = {
  name: 'what Fastify and Pino do not need here',
  setup: ({ onLoad, onResolve }) => {
    const filter = /^(@fastify\/(ajv|fast-json-stringify)-compiler|light-my-request|thread-stream)$/;
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: '' }));
  },
};

/** The packages for a database: a file that program and library share, loaded by few. */
const postgresPackages: Plugin = {
  name: 'the packages for PostgreSQL are another file',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/postgres-packages\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './postgres-packages.mjs', external: true } : undefined,
    ),
};

const [, , into = 'dist'] = process.argv;
const run = promisify(execFile);
await mkdir(dirname(resolve(into)), { recursive: true });
// Beside its final place, so that a program that runs meanwhile finds all of the old files or all of the new ones.
const out = await mkdtemp(`${resolve(into)}-`);
try {
  await buildAll();
  await rm(into, { recursive: true, force: true });
  await rename(out, into);
  await chmod(into, 0o755);
} finally {
  await rm(out, { recursive: true, force: true });
}

async function buildAll(): Promise<void> {
  const common = {
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    metafile: true,
    logLevel: 'warning',
    // Half the size. Who wants to read it reads src/, which this comes from to the byte.
    minify: true,
    legalComments: 'none',
  } as const satisfies BuildOptions;
  const built = await Promise.all([
    // What a script runs: one small file, since Node takes longer to find files than to run them. The rest is loaded when needed.
    build({
      ...common,
      entryPoints: ['src/bin.ts'],
      outfile: join(out, 'bin.cjs'),
      format: 'cjs',
      // Old enough for an old Node to read it, and to say that it is too old.
      target: 'node12.20',
      plugins: [
        {
          name: 'the whole program is another file',
          setup: ({ onResolve }) =>
            onResolve({ filter: /\/cli\/main\.ts$/ }, () => ({ path: './main.mjs', external: true })),
        },
      ],
    }),
    build({
      ...common,
      entryPoints: { main: 'src/cli/main.ts' },
      outdir: out,
      outExtension: { '.js': '.mjs' },
      format: 'esm',
      splitting: true,
      plugins: [unused, builtins, postgresPackages],
    }),
    build({
      ...common,
      entryPoints: ['src/store/postgres-packages.ts'],
      outfile: join(out, 'postgres-packages.mjs'),
      format: 'esm',
      plugins: [builtins],
      // Node 20 has none, and `pg` would load Node's fetch to find out where it runs.
      define: { navigator: JSON.stringify({ userAgent: 'Node.js' }) },
    }),
    build({
      ...common,
      entryPoints: ['src/index.ts'],
      outfile: join(out, 'index.cjs'),
      format: 'cjs',
      plugins: [unused, builtins, postgresPackages],
      // There is no __filename where a bundler has made an ES module of it.
      banner: {
        js: `const moduleUrl = typeof __filename === 'string' ? process.getBuiltinModule('url').pathToFileURL(__filename).href : undefined;`,
      },
      define: { 'import.meta.url': 'moduleUrl' },
    }),
  ]);
  // One state, however the library is loaded: the ES module hands on what the other one has.
  const names = Object.keys(createRequire(import.meta.url)(join(out, 'index.cjs'))).sort();
  await writeFile(
    join(out, 'index.mjs'),
    `export {\n${names.map((name) => `  ${name},\n`).join('')}} from './index.cjs';\n`,
  );
  // Where the package `open` looks for it: beside the file that it finds itself in.
  await copyFile('node_modules/open/xdg-open', join(out, 'xdg-open'));
  for (const executable of ['bin.cjs', 'xdg-open']) await chmod(join(out, executable), 0o755);
  await writeFile(
    join(out, 'THIRD-PARTY-LICENSES.txt'),
    await licences(built.flatMap(({ metafile }) => inputsOf(metafile))),
  );
  await declarations(join(out, 'types'));
}

/** Every file of which something is left in a bundle. */
function inputsOf({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}

/** The declarations that the library's own lead to, as those of a CommonJS module and of an ES module that hands it on. */
async function declarations(types: string): Promise<void> {
  await tsc(['-p', 'tsconfig.build.json', '--outDir', types]);
  const index = join(types, 'index.d.ts');
  const resolution = '--ignoreConfig --listFilesOnly --noEmit --module nodenext --target es2023 --types node'.split(
    ' ',
  );
  const needed = (await tsc([...resolution, index])).split('\n').map((path) => relative(types, resolve(path.trim())));
  for (const entry of await readdir(types, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !needed.includes(relative(types, path))) await rm(path);
  }
  await writeFile(join(types, 'package.json'), '{ "type": "commonjs" }\n');
  await writeFile(join(types, 'index.d.mts'), `export * from './index.js';\n`);
}

async function tsc(args: readonly string[]): Promise<string> {
  try {
    return (await run(process.execPath, ['node_modules/typescript/bin/tsc', ...args])).stdout;
  } catch (failed) {
    // tsc reports on standard output.
    throw new Error(failed instanceof Error && 'stdout' in failed ? String(failed.stdout) : 'tsc failed', {
      cause: failed,
    });
  }
}
