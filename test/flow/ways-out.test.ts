import { expect, test } from 'vitest';
import { refusal } from '../../src/server/port/refusal.ts';
import type { Taken } from '../../src/server/port/stack.ts';
import { waysOut } from '../../src/server/port/ways-out.ts';
import { holding } from '../../src/server/port/words.ts';
import { parseRedirectUri } from '../../src/server/redirect-uri.ts';
import { freePort, nodeAt } from './port-programs.ts';

const URI = 'http://127.0.0.1:8976/callback';

function blocked(state: Omit<Taken, 'kind'>, uri = URI) {
  const taken: Taken = { kind: 'taken', ...state };
  const redirect = parseRedirectUri(uri);
  const { port } = redirect;
  return { redirect, taken, stack: { address: '127.0.0.1', port, at: `127.0.0.1:${port}`, state: taken } } as const;
}

interface Case {
  readonly os: NodeJS.Platform;
  readonly state: Omit<Taken, 'kind'>;
  readonly words: string;
  readonly first: string;
}

const NODE = { pid: 4711, process: 'node' };

const CASES: readonly Case[] = [
  {
    os: 'linux',
    state: { holder: NODE },
    words: 'is held by node (pid 4711)',
    first: 'End that program: `kill 4711`. Then run this again.',
  },
  {
    os: 'win32',
    state: { holder: NODE },
    words: 'is held by node (pid 4711)',
    first: 'End that program: `taskkill /F /PID 4711`. Then run this again.',
  },
  {
    os: 'linux',
    state: { holder: { uid: 33 } },
    words: 'is held by another program, of the user with id 33',
    first: 'End that program: `sudo ss -ltnp sport = :8976` shows which it is. Then run this again.',
  },
  {
    os: 'darwin',
    state: {},
    words: 'is held by another program',
    first: 'End that program: `sudo lsof -nP -iTCP:8976 -sTCP:LISTEN` shows which it is. Then run this again.',
  },
  {
    os: 'win32',
    state: {},
    words: 'is held by another program',
    first: 'End that program: `netstat -ano | findstr :8976` shows which it is. Then run this again.',
  },
  {
    os: 'linux',
    state: { holder: NODE, waitingSeconds: 1 },
    words: 'is held by an earlier fitbit-login (pid 4711), which has waited for its sign-in for a second',
    first: 'Finish the earlier sign-in: its terminal shows the address to open.',
  },
  {
    os: 'linux',
    state: { holder: { pid: 4711, process: 'ssh' }, waitingSeconds: 185 },
    words: 'is held by an earlier fitbit-login behind ssh (pid 4711), which has waited for its sign-in for 3 minutes',
    first: 'Finish the earlier sign-in: its terminal shows the address to open.',
  },
  {
    os: 'darwin',
    state: { waitingSeconds: 60 },
    words: 'is held by an earlier fitbit-login, which has waited for its sign-in for a minute',
    first: 'Finish the earlier sign-in: its terminal shows the address to open.',
  },
];

test.each(CASES)('$os: $words', async ({ os, state, words, first }) => {
  expect(holding([blocked(state)], 1)).toBe(`127.0.0.1:8976 ${words}`);
  const lines = (await waysOut([blocked(state)], { pid: 1, os })).split('\n');
  expect(lines[0]).toBe('There are three ways out:');
  expect(lines.slice(1).map((line) => line.slice(0, 5))).toEqual(['  1. ', '  2. ', '  3. ']);
  expect(lines[1]).toBe(`  1. ${first}`);
});

test('what ends an earlier one of unknown pid is not invented', async () => {
  expect(await waysOut([blocked({ waitingSeconds: 1 })], { pid: 1, os: 'linux' })).toContain(
    '2. End it: Ctrl-C in its terminal. Then run this again.',
  );
});

test('several holders: each once, and each command', async () => {
  const all = [
    blocked({ holder: NODE }),
    blocked({ holder: { pid: 1, process: 'nginx' } }),
    blocked({ holder: NODE }),
  ] as const;
  expect(holding(all, undefined)).toMatch(
    /are held by node \(pid 4711\), and 127\.0\.0\.1:8976 is held by nginx \(pid 1\)$/,
  );
  expect(await waysOut(all, { pid: undefined, os: 'linux' })).toContain('`kill 4711` or `kill 1`');
});

test('several redirect URIs: the other one is given beside all of them', async () => {
  const all = [blocked({ holder: NODE }), blocked({ holder: NODE }, 'http://127.0.0.1:8977/')] as const;
  expect(await waysOut(all, { pid: undefined, os: 'linux' })).toMatch(
    /Register another .* give all; .*"http:\/\/127.0.0.1:8976\/callback http:\/\/127.0.0.1:8977\/ http:\/\/127.0.0.1:\d+\/callback"/,
  );
});

test('a port that was taken a moment ago is not called free, nor is anybody accused', async () => {
  const redirect = parseRedirectUri(`http://127.0.0.1:${await freePort()}/callback`);
  const { addresses, port } = redirect;
  const failure = { redirect, address: addresses[0] ?? '', code: 'EADDRINUSE', cause: undefined };
  const error = await refusal([failure], {});
  expect(error.code).toBe('PORT_BUSY');
  expect(error.message).toBe(`127.0.0.1:${port} is held by another program.`);
});

test('the other redirect URI is at a port that is free, on the same host and path', async () => {
  const port = await freePort();
  // Whoever has it.
  await using _next = await nodeAt('127.0.0.1', { port: port + 10 }).catch(() => undefined);
  const hint = await waysOut([blocked({}, `http://127.0.0.1:${port}/a/b`)], { pid: 1, os: 'linux' });
  const [, first, second = ''] = /`--redirect-uri "(\S+) (\S+)"`/.exec(hint) ?? [];
  expect(first).toBe(`http://127.0.0.1:${port}/a/b`);
  expect(parseRedirectUri(second)).toMatchObject({ host: '127.0.0.1', path: '/a/b' });
  expect(Number(new URL(second).port)).toBeGreaterThan(port + 10);
});

test.each(['http://127.0.0.1/callback', 'http://127.0.0.1:65530/callback'])(
  'the other redirect URI beside %s is at a port that everybody may use',
  async (uri) => {
    const hint = await waysOut([blocked({}, uri)], { pid: 1, os: 'linux' });
    const [, suggested = ''] = /`--redirect-uri "\S+ (\S+)"`/.exec(hint) ?? [];
    expect(parseRedirectUri(suggested).port).toBeGreaterThan(1023);
  },
);
