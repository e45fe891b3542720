import { relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';

/** Keeps modules out of a bundle: an import of one becomes an import of the built file that has it. A package goes by its name. */
export function elsewhere(files: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'elsewhere',
    setup: ({ onResolve, resolve }) =>
      onResolve({ filter: /./ }, async ({ path, kind, pluginData, ...where }) => {
        if (kind === 'entry-point' || pluginData === 'asked') return undefined;
        const found = await resolve(path, { kind, ...where, pluginData: 'asked' });
        const file = files[path] ?? files[relative('.', found.path).replaceAll(sep, '/')];
        return file === undefined ? undefined : { path: file, external: true };
      }),
  };
}
