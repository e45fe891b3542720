import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { explainBind, explainPort, holderOf } from '../../src/server/port-in-use.ts';
import { parseRedirectUri } from '../../src/server/redirect-uri.ts';
import { freePort, hasIpv6, lacks, nodeAt, pythonServer } from './port-programs.ts';

const isLinux = process.platform === 'linux';
const withoutPython = lacks('python3', '--version');

const HELD: readonly (readonly [string, string, boolean])[] = [
  ['127.0.0.1', '127.0.0.1', true],
  ['0.0.0.0', '127.0.0.1', true],
  ['::', '127.0.0.1', true],
  ['::ffff:127.0.0.1', '127.0.0.1', true],
  ['::1', '::1', true],
  ['::', '::1', true],
  ['127.0.0.2', '127.0.0.1', false],
  ['127.0.0.1', '::1', false],
  ['::1', '127.0.0.1', false],
];

test.skipIf(!isLinux).each(HELD.filter((row) => hasIpv6 || !row.some((value) => String(value).includes(':'))))(
  'a program that listens on %s holds %s: %s',
  async (host, asked, holds) => {
    await using program = await nodeAt(host);
    const expected = holds ? { pid: program.pid, process: 'node' } : {};
    expect(await holderOf(asked, program.port)).toEqual(expected);
  },
);

test('a free port has no holder', async () => {
  expect(await holderOf('127.0.0.1', await freePort())).toEqual({});
});

test.skipIf(!isLinux || withoutPython)('Python’s web server is named', async () => {
  await using program = await pythonServer();
  const holder = await holderOf('127.0.0.1', program.port);
  expect(holder).toEqual({ pid: program.pid, process: expect.stringMatching(/^python3?/) });
});

test.skipIf(!isLinux)('a program whose file name has terminal escapes is named without them', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'port-'));
  const file = join(directory, `\u001b[31m${'a'.repeat(90)}`);
  await copyFile(process.execPath, file);
  await using program = await nodeAt('127.0.0.1', { executable: file });
  expect(await holderOf('127.0.0.1', program.port)).toEqual({ pid: program.pid, process: `?[31m${'a'.repeat(59)}` });
  await rm(directory, { recursive: true });
});

interface Case {
  readonly title: string;
  readonly code: string;
  readonly uri?: string;
  readonly os?: NodeJS.Platform;
  readonly error: 'PORT_BUSY' | 'LISTEN_FAILED';
  readonly says: RegExp;
  readonly hint: string;
}

const CASES: readonly Case[] = [
  { title: 'taken, macOS', code: 'EADDRINUSE', os: 'darwin', error: 'PORT_BUSY', says: /used/, hint: 'lsof' },
  { title: 'taken, Windows', code: 'EADDRINUSE', os: 'win32', error: 'PORT_BUSY', says: /used/, hint: 'netstat -ano' },
  {
    title: 'taken, Linux, unknown holder',
    code: 'EADDRINUSE',
    os: 'linux',
    error: 'PORT_BUSY',
    says: /used/,
    hint: 'ss ',
  },
  {
    title: 'privileged',
    code: 'EACCES',
    uri: 'http://127.0.0.1:80/a',
    error: 'LISTEN_FAILED',
    says: /privileged/,
    hint: '1023',
  },
  {
    title: 'reserved',
    code: 'EACCES',
    os: 'win32',
    error: 'LISTEN_FAILED',
    says: /reserved/,
    hint: 'excludedportrange',
  },
  {
    title: 'lo down',
    code: 'EADDRNOTAVAIL',
    os: 'linux',
    error: 'LISTEN_FAILED',
    says: /loopback/,
    hint: 'ip link set lo up',
  },
  {
    title: 'IPv6 off',
    code: 'EADDRNOTAVAIL',
    os: 'linux',
    uri: 'http://[::1]:1/a',
    error: 'LISTEN_FAILED',
    says: /IPv6/,
    hint: 'sysctl',
  },
  {
    title: 'no IPv6',
    code: 'EAFNOSUPPORT',
    os: 'linux',
    uri: 'http://[::1]:1/a',
    error: 'LISTEN_FAILED',
    says: /IPv6/,
    hint: 'http://127.0.0.1:1/a',
  },
  {
    title: 'no port left',
    code: 'EADDRINUSE',
    uri: 'http://127.0.0.1:0/a',
    error: 'PORT_BUSY',
    says: /no free port/,
    hint: 'many ports',
  },
  { title: 'another reason', code: 'EMFILE', error: 'LISTEN_FAILED', says: /EMFILE/, hint: 'loopback' },
];

test.each(CASES)('$title: $error with its reason and a hint', async ({ code, uri, os, error, says, hint }) => {
  const redirect = parseRedirectUri(uri ?? `http://127.0.0.1:${await freePort()}/callback`);
  const failure = { redirect, address: redirect.addresses[0] ?? '', code, cause: undefined };
  const explained = await explainBind([failure], { os });
  expect(explained.code).toBe(error);
  expect(explained.message).toMatch(says);
  expect(explained.hint).toContain(hint);
});

test('several redirect URIs: each reason, and the hint for the one in use', async () => {
  await using program = await nodeAt('127.0.0.1');
  const [one, two] = ['http://[::1]:1/a', `http://127.0.0.1:${program.port}/a`].map(parseRedirectUri);
  if (one === undefined || two === undefined) throw new TypeError('two');
  const { code, message, hint, details } = await explainBind([
    { redirect: one, address: '::1', code: 'EAFNOSUPPORT', cause: undefined },
    { redirect: two, address: '127.0.0.1', code: 'EADDRINUSE', cause: undefined },
  ]);
  expect([code, details.tried]).toEqual(['PORT_BUSY', `[::1]:1, 127.0.0.1:${program.port}`]);
  expect(message).toMatch(/IPv6.*; port/);
  expect(hint).toContain('--redirect-uri');
});

test.skipIf(!hasIpv6)('localhost taken on one stack only is reported with that stack', async () => {
  await using program = await nodeAt('::1');
  const { port } = program;
  const problem = await explainPort(parseRedirectUri(`http://localhost:${port}/callback`));
  expect(problem).toMatchObject({ code: 'PORT_BUSY', details: { address: '::1', port } });
  expect(await explainPort(parseRedirectUri(`http://127.0.0.1:${port}/`))).toBeUndefined();
});

test('looking leaves nothing behind: the port can be bound at once', async () => {
  const port = await freePort();
  expect(await explainPort(parseRedirectUri(`http://localhost:${port}/`))).toBeUndefined();
  await using program = await nodeAt('0.0.0.0', { port });
  expect(program.port).toBe(port);
});
