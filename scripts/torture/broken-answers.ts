import type { Fault } from '../../src/sandbox/faults.ts';
import { openBench } from './bench.ts';
import { inLanes } from './lanes.ts';
import type { Rig, Row } from './row.ts';

type Broken = Omit<Fault, 'at'>;

/** How each broken answer must end, by the exit codes of the README. */
const REFUSED: readonly (readonly [Broken, exitCode: number])[] = [
  [{ kind: 'status', status: 400 }, 2],
  [{ kind: 'status', status: 401 }, 2],
  [{ kind: 'status', status: 410 }, 2],
  [{ kind: 'status', status: 429, resetSeconds: 3_000 }, 5],
  [{ kind: 'status', status: 400, errorType: 'invalid_grant' }, 3],
  [{ kind: 'status', status: 400, errorType: 'of_its_own' }, 5],
  [{ kind: 'status', status: 200 }, 5],
  [{ kind: 'status', status: 403 }, 5],
  [{ kind: 'status', status: 404 }, 5],
  [{ kind: 'status', status: 409 }, 5],
  [{ kind: 'status', status: 429, resetSeconds: 1 }, 5],
  [{ kind: 'status', status: 500 }, 5],
  [{ kind: 'status', status: 502 }, 5],
  [{ kind: 'status', status: 503 }, 5],
  [{ kind: 'redirect' }, 5],
  [{ kind: 'redirect', status: 307, location: '/oauth2/token' }, 5],
  [{ kind: 'empty' }, 5],
  [{ kind: 'html' }, 5],
  [{ kind: 'invalid-json' }, 5],
  [{ kind: 'null-body' }, 5],
  [{ kind: 'array-body' }, 5],
  [{ kind: 'deep-json' }, 5],
  [{ kind: 'huge' }, 5],
  [{ kind: 'gzip-bomb' }, 5],
  [{ kind: 'huge-header' }, 5],
  [{ kind: 'drip', ms: 20 }, 5],
  [{ kind: 'hang' }, 5],
  [{ kind: 'reset' }, 5],
  [{ kind: 'truncated-json' }, 5],
  [{ kind: 'wrong-types' }, 5],
  [{ kind: 'missing-access-token' }, 5],
  [{ kind: 'negative-expires' }, 5],
  [{ kind: 'token-type-other' }, 5],
];

/** Odd, but tokens all the same. */
const TAKEN: readonly Broken[] = [
  { kind: 'proto' },
  { kind: 'duplicate-keys' },
  { kind: 'extra-fields' },
  { kind: 'missing-expires' },
  { kind: 'zero-expires' },
  { kind: 'missing-scope' },
  { kind: 'token-type-lower' },
  { kind: 'wrong-content-type' },
];

const IN_SHORT = ['hang', 'gzip-bomb', 'truncated-json', 'reset', 'proto'];
const LANES = { full: 8, short: 12 } as const;
/** Node itself takes about a fifth of this. */
const MOST_MEMORY_BYTES = 300 * 1024 * 1024;
/** Ten seconds of trying again, and the fifteen that the last try may take. */
const MOST_SECONDS = 25 + 10;

type Attempt = readonly [Broken, exitCode: number];

/** The token endpoint answers a refresh with something that is no token answer, or a strange one, for as long as it is asked. */
export const brokenAnswers: Row = {
  name: 'broken-answers',
  title: 'a malicious or broken token endpoint: bounded, a right exit code, the tokens stay',
  figure: (size) => `${attempts(size).length} kinds of broken answers`,
  mustBe: 'bounded time and memory, right exit code, tokens kept',
  run: async (rig) => {
    const failures: string[] = [];
    let [slowest, largest] = [0, 0];
    const lanes = Array.from({ length: LANES[rig.size] });
    await inLanes(lanes, attempts(rig.size), async (attempt) => {
      const { ms, bytes, wrong } = await endure(rig, attempt);
      slowest = Math.max(slowest, ms);
      largest = Math.max(largest, bytes);
      failures.push(...wrong);
    });
    return {
      was: `at most ${(slowest / 1000).toFixed(1)} s and ${Math.round(largest / 1024 / 1024)} MiB; ${failures.length} wrong ends`,
      failures,
    };
  },
};

function attempts(size: keyof typeof LANES): readonly Attempt[] {
  const all: readonly Attempt[] = [...REFUSED, ...TAKEN.map((broken) => [broken, 0] as const)];
  return size === 'full' ? all : all.filter(([{ kind, status }]) => IN_SHORT.includes(kind) || (status ?? 500) < 429);
}

async function endure(rig: Rig, [broken, exitCode]: Attempt) {
  const wrong: string[] = [];
  const fail = (what: string) => wrong.push(`${Object.values(broken).join(' ')}: ${what}`);
  await using bench = await openBench(rig);
  const { account, sandbox } = bench;
  await bench.expire(account);
  const before = (await bench.stored(account)).tokens;
  sandbox.faults.add({ at: 'token', ...broken });
  const run = await bench.token(account, { measured: true });
  sandbox.faults.clear();
  const { tokens } = await bench.stored(account);
  const kept = tokens?.accessToken.equals(before?.accessToken) && tokens.refreshToken?.equals(before?.refreshToken);

  if (run.exitCode !== exitCode) fail(`exit ${run.exitCode}, not ${exitCode}: ${run.stderr.trim()}`);
  if (exitCode !== 0 && !kept) fail('the tokens were not kept');
  if (run.stderr.includes('    at ')) fail('a stack trace was printed');
  if ((run.peakBytes ?? 0) > MOST_MEMORY_BYTES) fail(`${run.peakBytes} bytes of memory`);
  if (run.ms > MOST_SECONDS * 1000) fail(`${Math.round(run.ms)} ms`);
  // A grant that was called dead is stored so: token asks no more, and refresh clears it.
  if (exitCode === 3) await bench.start(account, ['refresh']).ended;
  for (const failure of await bench.verdict(account, await bench.token(account))) fail(`afterwards: ${failure}`);
  rig.say(`${Object.values(broken).join(' ')}: exit ${run.exitCode} after ${(run.ms / 1000).toFixed(1)} s`);
  return { ms: run.ms, bytes: run.peakBytes ?? 0, wrong };
}
