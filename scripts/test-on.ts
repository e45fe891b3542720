/**
 * `npm run test:newest`, or `tsx scripts/test-on.ts 24`: the suite on another Node, with what is built already. `FILE…` limits it.
 *
 * The Node is copied to where every user may run it: npm keeps it below the home directory, and some tests run the program as
 * somebody else.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { findNode, NEWEST_NODE } from './node-runtime.ts';

const given = process.argv.slice(2);
const [major = '', ...files] = /^\d+$/.test(given[0] ?? '') ? given : [`${NEWEST_NODE}`, ...given];
const runtime = findNode(major);
if (runtime === undefined) {
  console.error(`Node ${major} cannot be had from npm.`);
  process.exit(1);
}
console.error(`The suite on Node ${runtime.version}:`);
const directory = mkdtempSync(join(tmpdir(), 'node-'));
try {
  chmodSync(directory, 0o755);
  const node = join(directory, process.platform === 'win32' ? 'node.exe' : 'node');
  copyFileSync(runtime.path, node);
  chmodSync(node, 0o755);
  const PATH = `${directory}${delimiter}${process.env.PATH ?? ''}`;
  const { status } = spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...files], {
    stdio: 'inherit',
    env: { ...process.env, PATH },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
