import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { holderOf, type SocketList } from '../../src/server/port/holder.ts';
import { lsofSockets } from '../../src/server/port/lsof.ts';
import { probe } from '../../src/server/port/stack.ts';
import { freePort, hasIpv6, lacks, netcat, nodeAt, type PortProgram, pythonServer } from './port-programs.ts';

const withoutLsof = lacks('lsof', '-v');
const withoutNetcat = lacks('nc', '-h');
const withoutPython = lacks('python3', '--version');

/** Without IPv6 there is only half of it to see. */
const possible = (rows: readonly (readonly [string, string])[]) =>
  rows.filter((addresses) => hasIpv6 || !addresses.some((address) => address.includes(':')));

/** This system's own way, and that of macOS where its program is there. */
const WAYS: readonly (readonly [string, SocketList | undefined])[] = [
  [process.platform, undefined],
  ...(withoutLsof ? [] : [['lsof', lsofSockets] as const]),
];

describe.each(WAYS)('who holds a port, as %s tells', (_way, sockets) => {
  test.each(
    possible([
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
      ['0.0.0.0', '127.0.0.1'],
      ['::', '127.0.0.1'],
      ['::ffff:127.0.0.1', '127.0.0.1'],
      ['::', '::1'],
    ]),
  )('a program on %s holds %s', async (host, asked) => {
    await using program = await nodeAt(host);
    expect(await holderOf(asked, program.port, { sockets })).toEqual({ pid: program.pid, process: 'node' });
  });

  test.each(
    possible([
      ['127.0.0.2', '127.0.0.1'],
      ['127.0.0.1', '::1'],
      ['::1', '127.0.0.1'],
      ['0.0.0.0', '::1'],
    ]),
  )('a program on %s does not hold %s', async (host, asked) => {
    await using program = await nodeAt(host);
    expect(await holderOf(asked, program.port, { sockets })).toBeUndefined();
  });

  test.skipIf(!hasIpv6)('of two on one port, each stack’s own is told', async () => {
    await using one = await nodeAt('127.0.0.1');
    await using other = await nodeAt('::1', { port: one.port });
    expect(await holderOf('127.0.0.1', one.port, { sockets })).toMatchObject({ pid: one.pid });
    expect(await holderOf('::1', one.port, { sockets })).toMatchObject({ pid: other.pid });
  });

  test.skipIf(withoutPython)('Python’s web server', async () => {
    await using program = await pythonServer();
    expect(await holderOf('127.0.0.1', program.port, { sockets })).toEqual({
      pid: program.pid,
      process: expect.stringMatching(/^python3?/),
    });
  });

  test.skipIf(withoutNetcat)('netcat, which is still there afterwards', async () => {
    await using program = await netcat();
    const holder = await holderOf('127.0.0.1', program.port, { sockets });
    expect(holder).toEqual({ pid: program.pid, process: expect.stringMatching(/^nc/) });
    expect(program.child.exitCode).toBeNull();
  });

  test('nobody, where only a connection is left of who listened', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const client = connect(port, '127.0.0.1');
    const [socket]: Socket[] = await once(server, 'connection');
    server.close();
    expect(await holderOf('127.0.0.1', port, { sockets })).toBeUndefined();
    for (const end of [client, socket]) end?.destroy();
    await once(server, 'close');
  });

  test('nobody, at a port that is free', async () => {
    expect(await holderOf('127.0.0.1', await freePort(), { sockets })).toBeUndefined();
  });
});

test('a system that does not tell, fails or takes too long is no error', async () => {
  await using program = await nodeAt('127.0.0.1');
  const broken: SocketList = async () => {
    throw new Error('no such program');
  };
  expect(await holderOf('127.0.0.1', program.port, { sockets: broken })).toBeUndefined();
  const slow: SocketList = (_port, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const signal = AbortSignal.timeout(1);
  expect(await holderOf('127.0.0.1', program.port, { sockets: slow, signal })).toBeUndefined();
});

test('a program whose file is named to command a terminal is named without that', async () => {
  const sockets: SocketList = async () => [
    { address: '127.0.0.1', holder: async () => ({ pid: 1, process: `\u001b[31m${randomUUID().repeat(9)}` }) },
  ];
  const holder = await holderOf('127.0.0.1', 1, { sockets });
  expect(holder?.process).toMatch(/^\?\[31m[\w-]{59}$/);
});

describe('what a sign-in would meet', () => {
  test.skipIf(!hasIpv6)('on each stack that its redirect URI may lead to', async () => {
    await using program = await nodeAt('::1');
    const { port, pid } = program;
    expect(await probe(`http://localhost:${port}/callback`)).toEqual([
      { address: '127.0.0.1', port, at: `127.0.0.1:${port}`, state: { kind: 'free' } },
      { address: '::1', port, at: `[::1]:${port}`, state: { kind: 'taken', holder: { pid, process: 'node' } } },
    ]);
    expect(await probe(`http://127.0.0.1:${port}/`)).toHaveLength(1);
  });

  // Other systems let a more exact address be taken beside it, and give that what comes for it.
  test
    .skipIf(process.platform !== 'linux')
    .each<[string, () => Promise<PortProgram>]>([
      ['0.0.0.0', () => nodeAt('0.0.0.0')],
      ...(hasIpv6 ? [['[::] of both stacks', () => nodeAt('::')] as [string, () => Promise<PortProgram>]] : []),
    ])('a program on %s is noticed', async (_name, start) => {
    await using program = await start();
    const [first] = await probe(`http://127.0.0.1:${program.port}/`);
    expect(first?.state).toMatchObject({ kind: 'taken', holder: { pid: program.pid } });
  });

  test.skipIf(!hasIpv6)('a program on [::] alone leaves 127.0.0.1 free', async () => {
    await using program = await nodeAt('::', { ipv6Only: true });
    const [first] = await probe(`http://127.0.0.1:${program.port}/`);
    expect(first?.state).toEqual({ kind: 'free' });
  });

  test('it leaves nothing behind: the port can be taken at once', async () => {
    const port = await freePort();
    const [first] = await probe(`http://localhost:${port}/`);
    expect(first?.state).toEqual({ kind: 'free' });
    await using program = await nodeAt('0.0.0.0', { port });
    expect(program.port).toBe(port);
  });

  test('a redirect URI elsewhere is refused', async () => {
    await expect(probe('http://192.0.2.1:8976/')).rejects.toMatchObject({ code: 'USAGE' });
  });
});
