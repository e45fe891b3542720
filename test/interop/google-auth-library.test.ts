import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OAuth2Client, UserRefreshClient } from 'google-auth-library';
import { describe, expect, test } from 'vitest';
import { GOOGLE } from '../flow/google.ts';
import { type SignedIn, signedIn } from '../flow/signed-in.ts';

const run = promisify(execFile);

async function exported(at: SignedIn): Promise<string> {
  const output = join(at.home, 'google.json');
  const { code } = await at.run(['export', '--format', 'authorized_user', '--output', output]);
  expect(code).toBe(0);
  return output;
}

/** The library's endpoints, at the sandbox. */
const endpointsAt = ({ sandbox: { origin } }: SignedIn) => ({
  oauth2TokenUrl: `${origin}/token`,
  tokenInfoUrl: `${origin}/tokeninfo`,
});

describe('google-auth-library', () => {
  test('loads the exported authorized_user, refreshes with it, and its token opens the API', async () => {
    await using at = await signedIn(GOOGLE);
    const client = new UserRefreshClient({ endpoints: endpointsAt(at) });
    client.fromJSON(JSON.parse(await readFile(await exported(at), 'utf8')));
    const { token } = await client.getAccessToken();
    expect(token).toMatch(/^ya29\./);
    expect(token).not.toBe((await at.stored()).access_token);
    const { data } = await client.request<unknown>({ url: `${at.sandbox.origin}/v4/users/me/identity` });
    expect(data).toMatchObject({ legacyUserId: 'WALK01' });
    // Both go on side by side: neither has spent the other's refresh token.
    expect(await at.run(['refresh'])).toMatchObject({ code: 0 });
    expect(at.sandbox.state().services.google).toMatchObject({ refreshes: 2, invalidGrants: 0 });
  });

  test('knows the token as one of our app, for what was granted', async () => {
    await using at = await signedIn({ ...GOOGLE, scopes: ['sleep.readonly'] });
    const client = new OAuth2Client({ clientId: GOOGLE.clientId, endpoints: endpointsAt(at) });
    const { access_token, scope } = await at.stored();
    expect(await client.getTokenInfo(access_token)).toMatchObject({ aud: GOOGLE.clientId, scopes: scope.split(' ') });
  });

  test('Python reads token, expiry and scopes as its own library does', async () => {
    await using at = await signedIn(GOOGLE);
    // Google's own library where it is installed, else as many lines as its from_authorized_user_file takes.
    const script = `
import datetime, json, sys
info = json.load(open(sys.argv[1]))
try:
    from google.oauth2.credentials import Credentials
    read = Credentials.from_authorized_user_file(sys.argv[1])
    print(json.dumps([read.token, read.expiry.isoformat(), read.scopes]))
except ImportError:
    assert {"refresh_token", "client_id", "client_secret"} <= info.keys()
    expiry = datetime.datetime.strptime(info["expiry"].rstrip("Z").split(".")[0], "%Y-%m-%dT%H:%M:%S")
    print(json.dumps([info["token"], expiry.isoformat(), info["scopes"]]))`;
    const python = await run('python3', ['-c', script, await exported(at)]).catch((thrown) => {
      if (thrown.code === 'ENOENT') return undefined;
      throw thrown;
    });
    if (python === undefined) return;
    const { access_token, scope } = await at.stored();
    expect(JSON.parse(python.stdout)).toEqual([access_token, '2026-03-01T12:59:59', scope.split(' ')]);
  });
});
