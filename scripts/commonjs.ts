import { build, transform } from 'esbuild';

/** The oldest Node that runs it. */
export const TARGET = 'node20.19';

/** Where a package looks for what it keeps beside its module. */
const MODULE_ADDRESS = 'import.meta.url';

/**
 * The text of one chunk as CommonJS, chunks that it imports included.
 *
 * Node starts CommonJS sooner: its own loader of ES modules costs 3 ms, and an ES module that imports `node:http` makes Node read
 * every name of it, `WebSocket` among them, which on Node 24 loads its whole HTTP client, another 15 ms.
 */
export async function asCommonJs(chunk: string, { minify = false } = {}): Promise<string> {
  const asksWhereItIs = chunk.includes(MODULE_ADDRESS);
  const { code } = await transform(chunk, {
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    minify,
    // What is imported when it is needed is required then.
    supported: { 'dynamic-import': false },
    ...(asksWhereItIs
      ? {
          define: { [MODULE_ADDRESS]: '$moduleAddress' },
          banner: `const $moduleAddress = require('node:url').pathToFileURL(__filename).href;`,
        }
      : {}),
  });
  return code.replaceAll(/\brequire\("(\.{1,2}\/[^"]+)\.js"\)/g, 'require("$1.cjs")');
}

/** The names of the values that a module exports. */
export async function namesIn(module: string): Promise<readonly string[]> {
  const { metafile } = await build({ entryPoints: [module], format: 'esm', metafile: true, write: false });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}

/** An ES module that hands on `names` of a CommonJS one beside it: whoever imports the library sees nothing of the difference. */
export function facade(of: string, names: readonly string[]): string {
  return `export {\n${names.map((name) => `  ${name},\n`).join('')}} from './${of}';\n`;
}
