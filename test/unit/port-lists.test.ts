import { describe, expect, test } from 'vitest';
import { readLsof } from '../../src/server/port/lsof.ts';
import { readNetstat, readTasklist } from '../../src/server/port/netstat.ts';

const ENGLISH = `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1204
  TCP    0.0.0.0:18976          0.0.0.0:0              LISTENING       99
  TCP    127.0.0.1:8976         0.0.0.0:0              LISTENING       4711
  TCP    127.0.0.1:8976         127.0.0.1:52344        ESTABLISHED     4711
  TCP    127.0.0.1:52344        127.0.0.1:8976         ESTABLISHED     5000
  TCP    [::1]:8976             [::]:0                 LISTENING       4712
  UDP    0.0.0.0:8976           *:*                                    4713
`;

const GERMAN = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    127.0.0.1:8976         0.0.0.0:0              ABHÖREN         4711
  TCP    [::]:8976              [::]:0                 ABHÖREN         4
  TCP    127.0.0.1:52344        127.0.0.1:8976         HERGESTELLT     5000
`.replaceAll('\n', '\r\n');

describe('netstat of Windows', () => {
  test('only what listens at this port, on either stack', () => {
    expect(readNetstat(ENGLISH, 8976)).toEqual([
      { address: '127.0.0.1', pid: 4711 },
      { address: '::1', pid: 4712 },
    ]);
  });

  test('in any language', () => {
    expect(readNetstat(GERMAN, 8976)).toEqual([
      { address: '127.0.0.1', pid: 4711 },
      { address: '::', pid: 4 },
    ]);
  });

  test('nothing of what it does not know', () => {
    expect(readNetstat('', 8976)).toEqual([]);
    expect(readNetstat('Zugriff verweigert', 8976)).toEqual([]);
  });
});

test.each([
  ['"node.exe","4711","Console","1","50,000 K"\r\n', 'node'],
  ['"Docker Desktop.exe","4711","Console","1","50,000 K"', 'Docker Desktop'],
  ['"System","4","Services","0","140 K"', 'System'],
  ['INFO: No tasks are running which match the specified criteria.', undefined],
  ['', undefined],
])('tasklist of Windows: %j → %j', (printed, name) => {
  expect(readTasklist(printed)).toBe(name);
});

describe('lsof of macOS', () => {
  const PRINTED = [
    ...['p501', 'cControlCenter', 'f9', 'tIPv4', 'n*:5000', 'f10', 'tIPv6', 'n*:5000'],
    ...['p4711', 'cGoogle\\x20Chrome\\x20He', 'f20', 'tIPv4', 'n127.0.0.1:5000', 'f21', 'tIPv6', 'n[::1]:5000', ''],
  ].join('\n');

  test('each socket with its address and its process', async () => {
    const sockets = readLsof(PRINTED);
    expect(sockets.map(({ address }) => address)).toEqual(['0.0.0.0', '::', '127.0.0.1', '::1']);
    const holders = await Promise.all(sockets.map(({ holder }) => holder()));
    expect(holders[1]).toEqual({ pid: 501, process: 'ControlCenter' });
    expect(holders[3]).toEqual({ pid: 4711, process: 'Google Chrome He' });
  });

  test('nothing, where nothing is printed', () => {
    expect(readLsof('')).toEqual([]);
  });
});
