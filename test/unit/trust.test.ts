import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../src/environment.ts';
import { judgeTrust, type Trust } from '../../src/network/trust.ts';
import { authority, skipWithoutOpenssl } from '../flow/authority.ts';

const place = mkdtempSync(join(tmpdir(), 'trust-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe.skipIf(skipWithoutOpenssl)('what NODE_EXTRA_CA_CERTS adds', () => {
  const pem = skipWithoutOpenssl ? '' : authority('Test Root').cert;
  const lines = pem.trimEnd().split('\n');
  const cut = lines.slice(0, -1).join('\n');
  const nonsense = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const FILES: readonly [string, string, object][] = [
    ['one certificate', pem, { kind: 'read', certificates: 1 }],
    ['two', pem + pem, { kind: 'read', certificates: 2 }],
    [
      'one among other things',
      `# Our root\n${pem}-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n`,
      { kind: 'read', certificates: 1 },
    ],
    ['lines as on Windows', lines.join('\r\n'), { kind: 'read', certificates: 1 }],
    ['one that is cut off', cut, { kind: 'unusable', why: 'certificate 1 of 1 is damaged' }],
    ['a second that is damaged', pem + nonsense, { kind: 'unusable', why: 'certificate 2 of 2 is damaged' }],
    ['none', 'no certificate\n', { kind: 'unusable', why: 'it holds no certificate in PEM form' }],
    ['nothing', '', { kind: 'unusable', why: 'it holds no certificate in PEM form' }],
  ];
  test.each(FILES)('%s', async (name, text, expected) => {
    const file = join(place, `${name}.pem`);
    writeFileSync(file, text);
    const { extra } = await judgeTrust({ NODE_EXTRA_CA_CERTS: file });
    expect(extra).toEqual({ file, ...expected });
    // Node warns of what is damaged; a file without any certificate it takes in silence.
    expect(warningOfNode(file) !== '').toBe(extra.kind === 'unusable' && extra.why.includes('damaged'));
  });

  test('a file that is not there', async () => {
    const file = join(place, 'missing.pem');
    const { extra } = await judgeTrust({ NODE_EXTRA_CA_CERTS: file });
    expect(extra).toEqual({ kind: 'unusable', file, why: 'it cannot be read (ENOENT)' });
    expect(warningOfNode(file)).toContain('Ignoring extra certs');
  });
});

function warningOfNode(file: string): string {
  const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: file };
  return spawnSync(process.execPath, ['--eval', `require('node:tls').createSecureContext()`], { env, encoding: 'utf8' })
    .stderr;
}

const ENVIRONMENTS: readonly [string, Environment, Partial<Trust>][] = [
  ['nothing', {}, { store: 'bundled', extra: { kind: 'unset' }, unchecked: false }],
  ['an empty file name', { NODE_EXTRA_CA_CERTS: '' }, { extra: { kind: 'unset' } }],
  ['the system’s authorities', { NODE_USE_SYSTEM_CA: '1' }, { store: 'system' }],
  ['the same as an option', { NODE_OPTIONS: '--no-warnings --use-system-ca' }, { store: 'system' }],
  ['OpenSSL’s', { NODE_OPTIONS: '--use-openssl-ca' }, { store: 'openssl' }],
  [
    'OpenSSL’s, elsewhere',
    { NODE_OPTIONS: '--use-openssl-ca', SSL_CERT_FILE: '/etc/ca.pem' },
    { store: 'openssl', opensslPlace: '/etc/ca.pem' },
  ],
  ['a place that nobody looks at', { SSL_CERT_FILE: '/etc/ca.pem' }, { store: 'bundled' }],
  ['no checks at all', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, { unchecked: true }],
];
test.each(ENVIRONMENTS)('whose certificates are believed: %s', async (_name, environment, expected) => {
  const trust = await judgeTrust(environment);
  expect(trust).toMatchObject(expected);
  expect('opensslPlace' in trust).toBe('opensslPlace' in expected);
});
