import { readFile } from 'node:fs/promises';
import { type Plugin, transform } from 'esbuild';

/**
 * Takes the comments out of the packages that are bundled: they are for people, who find them in the packages, and make up as much as
 * half of what Node has to read at every start.
 */
export const withoutComments: Plugin = {
  name: 'without comments',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { minifyWhitespace: true, legalComments: 'none' });
      return { contents: code, loader: 'js' };
    }),
};
