import { describe, expect, test } from 'vitest';
import { CHECKS, type CheckId, type CheckState } from '../../src/doctor/check.ts';
import { diagnose, type Facts } from '../../src/doctor/diagnosis.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const URI = 'http://127.0.0.1:8976/callback';
const TROUBLE = { message: 'It was refused.', hint: 'Mend it.' };

/** A machine on which all is well. */
const WELL: Facts = {
  registration: { profile: 'default', clientId: '23ABCD', providerName: 'Fitbit', redirectUris: [URI] },
  directory: { path: '/home/you/.config/fitbit-login', exists: true, freeBytes: 1e9 },
  profile: {
    name: 'default',
    path: '/home/you/.config/fitbit-login/profiles/default.json',
    exists: true,
    standing: 'valid',
  },
  log: { path: '/home/you/.local/state/fitbit-login/fitbit-login.log', exists: true },
  ipv4: { address: '127.0.0.1', needed: 'only' },
  ipv6: { address: '::1', needed: 'no' },
  ports: [{ uri: URI }],
  browser: { commands: [] },
  proxy: { kind: 'none' },
  certificates: { store: 'bundled', extra: { kind: 'unset' }, unchecked: false },
  clock: { now: NOW },
  provider: { name: 'Fitbit', host: 'api.fitbit.com' },
};

/** What is otherwise, which check says so and how, and words that must be in it. */
const CASES: readonly (readonly [CheckId, CheckState, Partial<Facts>, string])[] = [
  ['registration', 'ok', {}, URI],
  [
    'registration',
    'ok',
    { registration: { ...WELL.registration, redirectUris: ['http://127.0.0.1:0/callback'] } },
    'no redirect URI has to be registered',
  ],
  ['registration', 'warning', { registration: { ...WELL.registration, clientId: undefined } }, 'fitbit-login setup'],
  ['registration', 'wrong', { registration: { ...WELL.registration, trouble: TROUBLE } }, 'Mend it.'],
  ['directory', 'ok', {}, 'open to nobody else'],
  ['directory', 'ok', { directory: { path: '/x', exists: false } }, 'can be made'],
  ['directory', 'warning', { directory: { ...WELL.directory, openMode: '0755' } }, 'chmod 700'],
  ['directory', 'wrong', { directory: { ...WELL.directory, trouble: TROUBLE } }, 'Nothing can be stored'],
  ['directory', 'wrong', { directory: { ...WELL.directory, freeBytes: 20_480 } }, '20 KiB left'],
  ['profile', 'ok', {}, 'Signed in.'],
  ['profile', 'ok', { profile: { name: 'me', path: '/x', exists: false } }, 'Nobody is signed in under “me”'],
  ['profile', 'warning', { profile: { ...WELL.profile, openMode: '0644' } }, 'chmod 600'],
  ['profile', 'wrong', { profile: { ...WELL.profile, trouble: TROUBLE } }, 'The file is left as it is'],
  ['log', 'ok', {}, 'open to nobody else'],
  ['log', 'ok', { log: { path: '/x', exists: false } }, 'can be made'],
  ['log', 'warning', { log: { ...WELL.log, openMode: '0666' } }, 'chmod 600'],
  ['log', 'warning', { log: { ...WELL.log, trouble: TROUBLE } }, 'work without it'],
  ['loopback-ipv4', 'ok', {}, '127.0.0.1 can be listened on'],
  [
    'loopback-ipv4',
    'wrong',
    {
      ipv4: {
        address: '127.0.0.1',
        needed: 'only',
        trouble: { message: 'Cannot listen: the interface is down.', hint: 'Bring it up.' },
      },
    },
    'Bring it up.',
  ],
  [
    'loopback-ipv6',
    'ok',
    { ipv6: { address: '::1', needed: 'no', trouble: { message: 'No IPv6.', hint: 'X' } } },
    'not needed',
  ],
  [
    'loopback-ipv6',
    'ok',
    { ipv6: { address: '::1', needed: 'also', trouble: { message: 'No IPv6.', hint: 'X' } } },
    'localhost',
  ],
  [
    'loopback-ipv6',
    'wrong',
    { ipv6: { address: '::1', needed: 'only', trouble: { message: 'No IPv6.', hint: 'Pass --redirect-uri.' } } },
    '--redirect-uri',
  ],
  ['port', 'ok', {}, URI],
  ['port', 'ok', { ports: [{ uri: 'http://127.0.0.1:0/callback' }] }, 'Any free port'],
  [
    'port',
    'warning',
    {
      ports: [
        { uri: 'http://127.0.0.1:1/', held: { by: '127.0.0.1:1 is used by node (pid 7).', waysOut: 'Kill.' } },
        { uri: URI },
      ],
    },
    `uses the next one that is free: ${URI}`,
  ],
  [
    'port',
    'wrong',
    { ports: [{ uri: URI, held: { by: '127.0.0.1:8976 is used by node (pid 7).', waysOut: 'Kill.' } }] },
    'pid 7',
  ],
  ['browser', 'ok', {}, 'usual browser'],
  ['browser', 'ok', { browser: { commands: [{ text: 'firefox', runs: true }] } }, 'firefox'],
  [
    'browser',
    'warning',
    { browser: { commands: [], elsewhere: 'This is an SSH session' } },
    'SSH session, so no browser',
  ],
  [
    'browser',
    'warning',
    {
      browser: {
        commands: [
          { text: 'lynks', runs: false },
          { text: 'firefox', runs: true },
        ],
      },
    },
    '“firefox” is tried instead',
  ],
  ['browser', 'wrong', { browser: { commands: [{ text: 'lynks', runs: false }] } }, 'cannot be run'],
  ['browser', 'wrong', { browser: { commands: [], trouble: TROUBLE } }, 'It was refused'],
  ['proxy', 'ok', {}, 'No proxy'],
  [
    'proxy',
    'ok',
    { proxy: { kind: 'used', url: 'http://proxy.example:3128', from: 'HTTPS_PROXY', hasPassword: true } },
    'HTTPS_PROXY names http://proxy.example:3128, with a password',
  ],
  ['proxy', 'wrong', { proxy: { kind: 'unusable', trouble: TROUBLE } }, 'cannot be reached'],
  ['certificates', 'ok', {}, 'come with Node'],
  [
    'certificates',
    'ok',
    { certificates: { store: 'system', extra: { kind: 'read', file: '/ca.pem', certificates: 2 }, unchecked: false } },
    'the 2 in /ca.pem',
  ],
  [
    'certificates',
    'wrong',
    {
      certificates: {
        store: 'bundled',
        extra: { kind: 'unusable', file: '/ca.pem', why: 'it is empty' },
        unchecked: false,
      },
    },
    '/ca.pem, and it is empty',
  ],
  [
    'certificates',
    'wrong',
    { certificates: { ...WELL.certificates, unchecked: true } },
    'NODE_TLS_REJECT_UNAUTHORIZED',
  ],
  ['clock', 'ok', {}, '2026-11-24T12:00:00.000Z'],
  ['clock', 'ok', { clock: { now: NOW, aheadSeconds: -60 } }, 'within a minute'],
  ['clock', 'warning', { clock: { now: NOW, aheadSeconds: -61 } }, '61 seconds behind'],
  ['clock', 'wrong', { clock: { now: NOW, aheadSeconds: 301 } }, '301 seconds ahead of'],
  ['clock', 'wrong', { clock: { now: new Date('2020-01-01T00:00:00Z') } }, 'not written yet'],
  ['clock', 'wrong', { clock: { now: NOW, obtainedAt: new Date('2026-11-24T12:01:01Z') } }, 'obtained later'],
  ['clock', 'ok', { clock: { now: NOW, obtainedAt: new Date('2026-11-24T12:01:00Z') } }, 'The clock says'],
  ['provider', 'ok', {}, 'answers at api.fitbit.com'],
  [
    'provider',
    'wrong',
    { provider: { name: 'Fitbit', host: 'api.fitbit.com', trouble: TROUBLE } },
    'Stored tokens stay',
  ],
];

describe('doctor judges', () => {
  test.each(CASES)('%s: %s', (id, state, otherwise, words) => {
    const checks = diagnose({ ...WELL, ...otherwise });
    const check = checks.find((one) => one.id === id);
    expect(check?.state).toBe(state);
    expect(`${check?.found} ${check?.means} ${check?.todo ?? ''}`).toContain(words);
    // Whatever is not well says what to do.
    expect(check?.todo === undefined).toBe(state === 'ok');
    // One cause, one finding: the others stay as they were.
    expect(checks.filter((one) => one.id !== id)).toEqual(diagnose(WELL).filter((one) => one.id !== id));
  });

  test('every check well and otherwise', () => {
    for (const { id } of CHECKS) {
      const states = new Set(CASES.filter(([which]) => which === id).map(([, state]) => state));
      expect(states.has('ok') && states.size > 1, id).toBe(true);
    }
  });

  test('nothing of the network where it was not asked', () => {
    const checks = diagnose({ ...WELL, provider: undefined });
    expect(checks.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id).filter((id) => id !== 'provider'));
  });
});
