/**
 * `npm run mutate`: changes what guards the promises, one place at a time, and counts the changes that no test notices. Each file is
 * tried with the tests that are there for it. Takes about an hour; writes docs/mutation.json.
 *
 *     npm run mutate -- src/secret.ts     some of the files; may be several
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';

const GUARDED: Readonly<Record<string, readonly string[]>> = {
  'src/secret.ts': ['unit/secret'],
  'src/oauth/authorization.ts': ['unit/authorization'],
  'src/oauth/pasted-callback.ts': ['unit/pasted-callback'],
  'src/oauth/errors.ts': ['unit/oauth-errors'],
  'src/oauth/token-endpoint.ts': ['unit/oauth-errors', 'unit/id-token'],
  'src/auth/api.ts': ['unit/api-url'],
  'src/auth/session.ts': ['unit/session', 'unit/status'],
  'src/server/callback.ts': ['flow/server-result', 'flow/server-start', 'flow/server-attacks'],
  'src/server/guards.ts': ['unit/guards'],
  'src/server/start.ts': ['unit/browser-binding'],
  'src/server/target.ts': ['unit/target'],
  'src/store/atomic-file.ts': ['unit/atomic-file', 'flow/store-durability'],
  'src/store/lock.ts': ['unit/lock'],
};
/** Only what stands between these two is changed: where a request may go. */
const PARTS: Readonly<Record<string, readonly [string, string]>> = {
  'src/auth/api.ts': ['function validateRequest(', 'function send('],
};
const REPORT = '.mutation/report.json';
const RESULT = 'docs/mutation.json';

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>;
}
interface Mutant {
  readonly status: 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'RuntimeError' | 'CompileError' | 'Ignored';
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}
interface Score {
  readonly killed: number;
  readonly survived: number;
  readonly score: number;
}

const [, , ...chosen] = process.argv;
const results: Record<string, Score> = JSON.parse(await readFile(RESULT, 'utf8').catch(() => '{}'));
for (const [path, tests] of Object.entries(GUARDED)) {
  if (chosen.length > 0 && !chosen.includes(path)) continue;
  const MUTATE_TESTS = tests.map((name) => `test/${name}.test.ts`).join();
  const env = { ...process.env, MUTATE_TESTS, PROPERTY_SHARE: '0.01' };
  // Its own exit code says that mutants survived, which is counted below over all files.
  const ended = spawnSync('stryker', ['run', '--mutate', await part(path)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (ended.status !== 0) throw new Error(`stryker ended with ${ended.status ?? ended.signal} for ${path}.`);
  const report: Report = JSON.parse(await readFile(REPORT, 'utf8'));
  const mutants = Object.values(report.files).flatMap((one) => one.mutants);
  const survivors = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const killed = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  results[path] = scored(killed, survivors.length);
  for (const { mutatorName, replacement = '', location } of survivors)
    console.log(`${path}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement.slice(0, 100)}`);
  console.log(`${path}: ${JSON.stringify(results[path])}`);
}

const counted = Object.entries(results).filter(([path]) => path !== 'all');
const sum = (field: 'killed' | 'survived') => counted.reduce((total, [, one]) => total + one[field], 0);
const all = scored(sum('killed'), sum('survived'));
await writeFile(RESULT, `${JSON.stringify({ ...Object.fromEntries(counted), all }, null, 2)}\n`);
console.log(`all: ${JSON.stringify(all)}`);
process.exitCode = all.score >= 90 ? 0 : 1;

/** With the lines, where not the whole file is meant. */
async function part(path: string): Promise<string> {
  const [from, to] = PARTS[path] ?? [];
  if (from === undefined || to === undefined) return path;
  const lines = (await readFile(path, 'utf8')).split('\n');
  const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;
  return `${path}:${lineOf(from)}-${lineOf(to) - 1}`;
}

function scored(killed: number, survived: number): Score {
  return { killed, survived, score: Math.round((1000 * killed) / (killed + survived)) / 10 };
}
