/**
 * `npm run bench`: how fast and how small the program is, measured in alternating pairs with what it is compared to, and with other
 * programs that do the like, where they are installed. Takes minutes. A whole run writes docs/bench.json and docs/images/bench.svg;
 * any other writes to .bench/, where the benchmark also keeps the peers' packages. For Linux and macOS.
 *
 *     npm run bench -- --quick            few rounds, small counts, no peers: only shows that it works
 *     npm run bench -- --only token       one row; may be given several times
 *     npm run bench -- --rounds 100       so many rounds of each row
 *     npm run bench -- --node 24          under this Node only: a path, or a major version that npx fetches
 *     npm run bench -- --no-peers
 *     npm run bench -- --own-environment  in this shell's environment instead of a clean one
 *     npm run bench -- --redraw           measures nothing: draws the picture in docs/ again from the figures there
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { openBenchmark, ROWS } from './bench/benchmark.ts';
import type { Figure } from './bench/figure.ts';
import type { Missing } from './bench/peers/peer.ts';
import { picture } from './bench/picture.ts';
import { parseReport, reportJson, reportOf } from './bench/report.ts';
import { reportText } from './bench/table.ts';
import { currentNode, findNode, type NodeRuntime } from './node-runtime.ts';

const FOLDER = '.bench';
const DOCS = { figures: 'docs/bench.json', picture: 'docs/images/bench.svg' } as const;
const SECOND_NODE = '24';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
    node: { type: 'string' },
    peers: { type: 'boolean', default: true },
    'own-environment': { type: 'boolean', default: false },
    redraw: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
const { quick, only } = values;
const unknown = only.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0)
  refuse(`There is no row ${unknown.join(', ')}. Rows: ${ROWS.map(({ name }) => name).join(', ')}.`);
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
  refuse('--rounds wants a whole number from 1 on.');

if (values.redraw) {
  await write(DOCS.picture, picture(parseReport(await readFile(DOCS.figures, 'utf8'))));
  process.exit();
}

const started = performance.now();
const size = quick ? 'quick' : 'full';
const peers = values.peers && !quick;
const inherits = values['own-environment'];
const rows = ROWS.filter(({ name }) => only.length === 0 || only.includes(name));
const { nodes, missing } = chosenNodes();
const figures: Figure[] = [];
await using benchmark = await openBenchmark({ size, folder: FOLDER, rounds, peers, inherits });
for (const row of rows) {
  for (const node of row.onEachNode ? nodes : nodes.slice(0, 1)) {
    say(`${row.name}, Node ${node.version}`);
    try {
      figures.push(...(await benchmark.run(row, node)));
    } catch (error) {
      // What was measured until now took minutes, and is worth being printed.
      say(`${row.name}: FAILED: ${error instanceof Error ? error.stack : error}`);
      process.exitCode = 1;
    }
  }
}

const { version } = v.parse(v.object({ version: v.string() }), JSON.parse(await readFile('package.json', 'utf8')));
const report = reportOf({
  date: new Date().toISOString().slice(0, 10),
  program: version,
  size,
  environment: inherits ? 'own' : 'clean',
  minutes: (performance.now() - started) / 60_000,
  methods: Object.fromEntries(rows.map(({ name, method }) => [name, method])),
  figures,
  missing: [...missing, ...benchmark.missing],
});
process.stdout.write(`${reportText(report)}\n`);
const isOrdinary =
  !quick && peers && !inherits && only.length === 0 && rounds === undefined && values.node === undefined;
const isWhole = isOrdinary && process.exitCode === undefined;
const json = reportJson(report);
await write(isWhole ? DOCS.figures : join(FOLDER, 'bench.json'), json);
// Of the very numbers that are written down, so that the picture can be made again from them.
await write(isWhole ? DOCS.picture : join(FOLDER, 'bench.svg'), picture(parseReport(json)));

/** The Node that runs this and a newer one, or the one that was asked for. */
function chosenNodes(): { readonly nodes: readonly NodeRuntime[]; readonly missing: readonly Missing[] } {
  if (values.node !== undefined) {
    const asked = findNode(values.node);
    return asked === undefined ? refuse(`Node ${values.node} cannot be had.`) : { nodes: [asked], missing: [] };
  }
  if (quick) return { nodes: [currentNode], missing: [] };
  const second = findNode(SECOND_NODE);
  if (second === undefined) {
    const install = `it comes by itself as soon as npx can fetch node@${SECOND_NODE}`;
    return { nodes: [currentNode], missing: [{ name: `Node ${SECOND_NODE}`, install }] };
  }
  return { nodes: second === currentNode ? [currentNode] : [currentNode, second], missing: [] };
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  say(`wrote ${path}`);
}

function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

function refuse(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
