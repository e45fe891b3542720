/**
 * `npm run bench`: start-up, sign-in and size, as medians of short alternating rounds, next to a baseline and to other programs that
 * do the same job, if they are installed. A whole run writes docs/bench.json; every run prints a table.
 *
 *     npm run bench -- --only token       one row; may be repeated
 *     npm run bench -- --rounds 5         at most this many rounds of each row
 *     npm run bench -- --node 24          on this Node only: a path, or a major version that npx fetches
 *     npm run bench -- --no-peers
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { alternate, type Figure, median } from './bench/figures.ts';
import { findPeers } from './bench/peers.ts';
import { startProvider } from './bench/provider.ts';
import { ROWS, type Row } from './bench/rows.ts';
import { currentNode, findNode, type NodeRuntime } from './node-runtime.ts';

const SECOND_NODE = '24';
// On a real disk: in memory, syncing costs nothing.
const FOLDER = resolve('.bench');

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
    node: { type: 'string' },
    peers: { type: 'boolean', default: true },
  },
  allowNegative: true,
});

await mkdir(FOLDER, { recursive: true });
const directory = await mkdtemp(join(FOLDER, 'run-'));
await using provider = await startProvider();
// A clean environment: NODE_EXTRA_CA_CERTS alone doubles the start of Node 20 and hides everything else.
const environment = { PATH: process.env.PATH, HOME: directory, TMPDIR: directory, BROWSER: 'true' };
const setting = { directory, folder: FOLDER, environment, provider };
const { peers, missing } = values.peers ? await findPeers(setting) : { peers: [], missing: ['all peers'] };
const nodes = (values.node === undefined ? [currentNode, findNode(SECOND_NODE)] : [findNode(values.node)]).filter(
  (node): node is NodeRuntime => node !== undefined,
);
const figures: Figure[] = [];
const atEnd: (() => PromiseLike<void>)[] = [];
try {
  for (const [name, row] of Object.entries(ROWS)) {
    if (values.only.length > 0 && !values.only.includes(name)) continue;
    for (const node of row.onEachNode ? nodes : nodes.slice(-1)) {
      process.stderr.write(`${name} on Node ${node.version}\n`);
      try {
        figures.push(...(await measure(name, row, node)));
      } catch (error) {
        // The other rows took minutes and are worth printing.
        process.stderr.write(`${name}: ${error instanceof Error ? error.stack : error}\n`);
        process.exitCode = 1;
      }
    }
  }
} finally {
  for (const end of atEnd) await end();
  await rm(directory, { recursive: true, force: true });
}

const cells = figures.map(({ row, node, who, unit, median: value, ratio }) => [
  row,
  node.split('.')[0] ?? '',
  who,
  `${value.toFixed(unit === 's' ? 2 : 1)} ${unit}`,
  ratio?.toFixed(2) ?? '',
]);
for (const line of [['row', 'Node', 'program', 'median', 'ratio'], ['---', '---', '---', '---', '---'], ...cells]) {
  process.stdout.write(`| ${line.join(' | ')} |\n`);
}
for (const name of missing) process.stdout.write(`Not measured: ${name} is not installed.\n`);
if (values.only.length === 0 && values.node === undefined && values.peers && process.exitCode === undefined) {
  const machine = { platform: platform(), arch: arch(), cores: cpus().length };
  const report = { date: new Date().toISOString().slice(0, 10), machine, missing, figures };
  await writeFile('docs/bench.json', `${JSON.stringify(report, null, 2)}\n`);
}

async function measure(name: string, row: Row, node: NodeRuntime): Promise<readonly Figure[]> {
  const series = await alternate(
    await row.contestants({ ...setting, node, peers, atEnd }),
    Math.min(row.rounds, Number(values.rounds ?? row.rounds)),
  );
  const [base] = series;
  return series.map(({ name: who, values: measured }, index) => {
    const isBase = index === 0 || row.absolute === true;
    const ratio = median(measured.map((value, round) => value / (base?.values[round] ?? Number.NaN)));
    return {
      row: name,
      node: node.version,
      who,
      unit: row.unit,
      rounds: measured.length,
      median: median(measured),
      ratio: isBase ? undefined : ratio,
    };
  });
}
