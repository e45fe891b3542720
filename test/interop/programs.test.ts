import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { AuthError } from '../../src/errors.ts';
import { readSignIn } from '../../src/formats/read.ts';

const directory = mkdtempSync(join(tmpdir(), 'programs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const GOOGLE_ID = '1-a.apps.googleusercontent.com';
const NOON = new Date('2026-11-27T14:00:00Z');

/** Debian's own, which has Debian's packages. */
const python = (script: string, input: string | Uint8Array = '') =>
  execFileSync('/usr/bin/python3', ['-c', script], { input });

/** Whether a program is missing; says loudly what is not tested then. */
function without(name: string, command: string, ...args: readonly string[]): boolean {
  if (spawnSync(command, args).status === 0) return false;
  process.stderr.write(`\nSKIPPED: what ${name} writes, since it is not installed.\n`);
  return true;
}

/** What a file holds, with its secrets in the open. */
function found(content: string | Uint8Array) {
  const { credentials, notices } = readSignIn(content);
  const { clientId, clientSecret, accessToken, refreshToken, ...rest } = credentials;
  const plain = {
    clientId,
    secret: clientSecret?.reveal(),
    access: accessToken?.reveal(),
    refresh: refreshToken?.reveal(),
  };
  return { ...plain, ...rest, notices };
}

/** The command that an error gives, as a person runs it, in place of the import itself. */
function converted(content: Uint8Array): Uint8Array {
  const file = join(directory, 'FILE');
  writeFileSync(file, content);
  let hint = '';
  try {
    readSignIn(content);
  } catch (error) {
    hint = (error as AuthError).hint;
  }
  const command = /`(.*) \| fitbit-login import -`/.exec(hint)?.[1]?.replace('python3', '/usr/bin/python3') ?? 'false';
  return execFileSync('sh', ['-c', command], { cwd: directory });
}

describe.skipIf(without('google-auth', '/usr/bin/python3', '-c', 'import google.oauth2.credentials'))(
  'google-auth',
  () => {
    const credentials = `
import datetime, pickle, sys
from google.oauth2.credentials import Credentials
it = Credentials('ya29.acc', refresh_token='1//ref', client_id='${GOOGLE_ID}', client_secret='sec', token_uri='https://oauth2.googleapis.com/token', scopes=['openid'])
it.expiry = datetime.datetime(2026, 11, 27, 14)
`;
    const expected = {
      clientId: GOOGLE_ID,
      secret: 'sec',
      access: 'ya29.acc',
      refresh: '1//ref',
      scopes: ['openid'],
      expiresAt: NOON,
    };

    test('its pickle is converted by the command in the error', () => {
      const pickled = python(`${credentials}\nsys.stdout.buffer.write(pickle.dumps(it))`);
      expect(found(converted(pickled))).toMatchObject({ ...expected, notices: [] });
    });
  },
);

describe.skipIf(without('requests-oauthlib', '/usr/bin/python3', '-c', 'import requests_oauthlib'))(
  'requests-oauthlib',
  () => {
    const token = `
import json
from oauthlib.oauth2.rfc6749.parameters import parse_token_response
it = parse_token_response('{"access_token":"acc","refresh_token":"ref","expires_in":28800,"scope":"activity sleep","user_id":"ABC","token_type":"Bearer"}')
`;
    const expected = { access: 'acc', refresh: 'ref', scopes: ['activity', 'sleep'], userId: 'ABC' };

    test('its token as JSON', () => {
      const read = found(python(`${token}\nprint(json.dumps(it))`));
      expect(read).toMatchObject({ ...expected, notices: [] });
      expect(Math.abs((read.expiresAt?.getTime() ?? 0) - Date.now() - 28_800_000)).toBeLessThan(60_000);
    });

    test('its token as Python prints it, and as a pickle, by the commands in the errors', () => {
      expect(found(converted(python(`${token}\nprint(dict(it))`)))).toMatchObject(expected);
      expect(
        found(converted(python(`import sys, pickle\n${token}\nsys.stdout.buffer.write(pickle.dumps(dict(it)))`))),
      ).toMatchObject(expected);
    });
  },
);

test.skipIf(without('python-fitbit', '/usr/bin/python3', '-c', 'import fitbit'))(
  'python-fitbit: the token that its client holds',
  () => {
    const script = `
import fitbit, json
it = fitbit.Fitbit('23ABCD', 'sec', access_token='acc', refresh_token='ref', expires_at=${NOON.getTime() / 1000})
print(json.dumps(it.client.session.token))`;
    expect(found(python(script))).toMatchObject({ access: 'acc', refresh: 'ref', expiresAt: NOON });
  },
);

describe.skipIf(without('rclone', 'rclone', 'version'))('rclone', () => {
  const config = join(directory, 'rclone.conf');
  const token = JSON.stringify({
    access_token: 'ya29.acc',
    token_type: 'Bearer',
    refresh_token: '1//ref',
    expiry: '2026-11-27T23:00:00+09:00',
  });
  const expected = { clientId: GOOGLE_ID, secret: 'sec', access: 'ya29.acc', refresh: '1//ref', expiresAt: NOON };
  const rclone = (...args: readonly string[]) => execFileSync('rclone', ['--config', config, ...args]);

  test('its rclone.conf, and config dump', () => {
    const fields = ['client_id', GOOGLE_ID, 'client_secret', 'sec', 'token', token, 'config_is_local', 'false'];
    rclone('config', 'create', '--non-interactive', 'health', 'drive', ...fields);
    expect(found(execFileSync('cat', [config]))).toMatchObject({ ...expected, notices: [] });
    expect(found(rclone('config', 'dump'))).toMatchObject({ ...expected, notices: [] });
  });
});
