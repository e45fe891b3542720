import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { consent } from '../../src/auth/index.ts';
import { longTest, some } from '../extent.ts';
import { authority, type Credentials, skipWithoutOpenssl } from '../flow/authority.ts';
import { type ForwardProxy, forwardProxy, interceptor, type Listening, listening } from '../flow/forward-proxy.ts';
import { startIssuer } from '../interop/issuer.ts';
import { expectFailure } from './failure.ts';
import { APP, type Ended, type Program, type ProgramFixture, programFixture } from './program.ts';
import { skipWithoutTinyproxy, type Tinyproxy, tinyproxy } from './tinyproxy.ts';

const USER = 'walker';
const PASSWORD = 'marked-proxy-password.1';
// Percent-encoded more than needed.
const credentials = `${USER}:${PASSWORD.replaceAll('-', '%2D')}`;
const FITBIT = ['api.fitbit.com', 'www.fitbit.com'];

let at: ProgramFixture;
let root: ReturnType<typeof authority>;
let front: Listening;
/** Knows where the names lead: to the sandbox, by TLS, as Fitbit. */
let names: ForwardProxy;
let signedIn = '';

/** TLS before a server that has none. */
function secured(origin: string, certificate: Credentials): Promise<Listening> {
  const { hostname, port } = new URL(origin);
  const server = createHttpsServer(certificate, (request, response) => {
    const { method, url: path, headers } = request;
    const passed = httpRequest({ hostname, port, method, path, headers: { ...headers, host: `${hostname}:${port}` } });
    passed.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  return listening(server);
}

/** Consents at the sandbox as the account in the URL. The browser does not use the program's proxy. */
async function allowAt(sandbox: string, { pathname, search, searchParams }: URL, who = 'WALK01'): Promise<Response> {
  await fetch(new URL('/sandbox/clients', sandbox), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: APP.id, redirectUris: [searchParams.get('redirect_uri')] }),
  });
  return consent(new URL(pathname + search, sandbox), { person: who });
}

async function answer(program: Program, who?: string): Promise<Response> {
  const url = await program.address();
  expect(url.origin).toBe('https://www.fitbit.com');
  return allowAt(at.sandbox.origin, url, who);
}

const LOGIN = ['login', '--no-browser', '--redirect-uri', 'http://127.0.0.1:0/callback', '--scope', 'profile,sleep'];
const through = (proxy: { readonly port: number }, userinfo = '') => ({
  HTTPS_PROXY: `http://${userinfo && `${userinfo}@`}127.0.0.1:${proxy.port}`,
  NODE_EXTRA_CA_CERTS: root.file,
});

async function leftBehind(): Promise<string> {
  const entries = await readdir(at.home, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}

async function expectNoPassword(...ended: readonly Ended[]): Promise<void> {
  const shown = [await leftBehind(), ...ended.flatMap(({ stdout, stderr }) => [stdout, stderr])].join('\n');
  for (const secret of [PASSWORD, credentials, Buffer.from(`${USER}:${PASSWORD}`).toString('base64'), 'marked-wrong']) {
    expect(shown).not.toContain(secret);
  }
}

describe.skipIf(skipWithoutOpenssl)('an office network', () => {
  beforeAll(async () => {
    at = await programFixture();
    root = authority('Example Public Root');
    front = await secured(at.sandbox.origin, root.certify(FITBIT));
    names = await forwardProxy(Object.fromEntries(FITBIT.map((name) => [`${name}:443`, front.port])));
    const program = at.start(LOGIN, { environment: through(names) });
    await answer(program);
    expect((await program.ended).exit).toBe(0);
    signedIn = await at.stored();
  });
  beforeEach(() => writeFile(at.file, signedIn));
  afterAll(async () => {
    for (const thing of [names, front, at]) await thing[Symbol.asyncDispose]();
  });

  describe.skipIf(skipWithoutTinyproxy)('tinyproxy, with a password', () => {
    let proxy: Tinyproxy;
    beforeAll(async () => {
      proxy = await tinyproxy(names.port, USER, PASSWORD);
    });
    afterAll(() => proxy[Symbol.asyncDispose]());

    test('everything goes through it, and the password appears nowhere', async () => {
      const before = names.asked.length;
      const environment = through(proxy, credentials);
      const more = ['--profile', 'all', '--log-level', 'trace'];
      const program = at.start([...LOGIN, ...more], { environment });
      await program.address();
      const command = await readFile(`/proc/${program.child.pid}/cmdline`, 'utf8').catch(() => '');
      // Another account: signing out ends all sign-ins of one.
      await answer(program, 'SLEEP2');
      const all = [await program.ended];
      for (const args of [['refresh'], ['status', '--check'], ['api', '/1/user/-/profile.json'], ['logout']])
        all.push(await at.run([...args, ...more], { environment }));
      expect(all.map(({ exit }) => exit)).toEqual([0, 0, 0, 0, 0]);
      expect(names.asked.slice(before)).toEqual(Array(5).fill('api.fitbit.com:443'));
      expect(proxy.log).toContain('CONNECT api.fitbit.com:443');
      expect(command).not.toContain(PASSWORD);
      await expectNoPassword(...all);
    });

    const WRONG: readonly [string, string, string, string][] = [
      ['none', '', 'requires a user name and password (407)', 'HTTPS_PROXY=http://USER:PASSWORD@127.0.0.1'],
      [
        'a wrong one',
        `${USER}:marked-wrong`,
        'rejected the user name and password in HTTPS_PROXY (401)',
        'Correct them',
      ],
    ];
    test.each(some(WRONG, 1))(
      'a refresh with %s uses up nothing: the file is unchanged, and the next one works',
      async (_name, userinfo, message, hint) => {
        const asked = names.asked.length;
        const environment = through(proxy, userinfo);
        const ended = await at.run(['refresh', '--log-level', 'trace'], { environment });
        expect(ended.stderr).toContain(
          `The proxy http://127.0.0.1:${proxy.port} ${message}.\n  Your tokens were kept.`,
        );
        expect(ended.stderr).toContain(hint);
        const json = await at.run(['refresh', '--json'], { environment });
        expectFailure(json, { exit: 2, code: 'NETWORK_BLOCKED', hint }, true);
        expect([ended.exit, ended.stdout]).toEqual([2, '']);
        expect(await at.stored()).toBe(signedIn);
        await expectNoPassword(ended, json);
        expect(names.asked.length).toBe(asked);

        expect((await at.run(['refresh'], { environment: through(proxy, credentials) })).exit).toBe(0);
        signedIn = await at.stored();
        expect(at.sandbox.state().counts.invalidGrants).toBe(0);
      },
    );

    longTest('a sign-in that it refuses is reported on the page, too, and keeps the old tokens', async () => {
      const program = at.start(LOGIN, { environment: through(proxy) });
      const page = await (await answer(program)).text();
      const ended = await program.ended;
      expectFailure(ended, { exit: 2, code: 'NETWORK_BLOCKED', hint: 'USER:PASSWORD' }, false);
      expect(page).toContain('requires a user name and password (407)');
      expect(await at.stored()).toBe(signedIn);
    });
  });

  test('a TLS-inspecting proxy receives nothing until its CA is trusted, and then works', async () => {
    const own = authority('Reads Along');
    await using reader = await interceptor({ 'api.fitbit.com:443': front.port }, own.certify(FITBIT), root.cert);
    const ended = await at.run(['refresh'], { environment: through(reader) });
    expectFailure(ended, { exit: 2, code: 'NETWORK_BLOCKED', hint: 'NODE_EXTRA_CA_CERTS' }, false);
    expect(ended.stderr).toContain('The certificate of api.fitbit.com is signed by an unknown authority');
    expect(reader.read).toBe('');
    expect(await at.stored()).toBe(signedIn);

    const environment = { ...through(reader), NODE_EXTRA_CA_CERTS: own.file };
    expect((await at.run(['refresh'], { environment })).exit).toBe(0);
    expect(reader.read).toContain('grant_type=refresh_token');
    signedIn = await at.stored();
  });

  longTest('a proxy that is reached over TLS', async () => {
    const way = { 'api.fitbit.com:443': front.port };
    await using proxy = await forwardProxy(way, { own: root.certify(['localhost']) });
    const HTTPS_PROXY = `https://${credentials}@localhost:${proxy.port}`;
    const ended = await at.run(['refresh'], { environment: { HTTPS_PROXY, NODE_EXTRA_CA_CERTS: root.file } });
    expect([ended.exit, ended.stderr]).toEqual([0, '']);
    expect(proxy.asked).toEqual(['api.fitbit.com:443']);
    signedIn = await at.stored();
  });

  longTest('the metadata of a provider whose name only the proxy can resolve', async () => {
    const issuer = 'https://idp.test';
    await using server = await startIssuer({
      editMetadata: (metadata) => {
        for (const [name, value] of Object.entries(metadata))
          if (typeof value === 'string') metadata[name] = value.replace(/^https?:\/\/[^/]+/, issuer);
      },
    });
    await using tls = await secured(server.issuer, root.certify(['idp.test']));
    await using proxy = await forwardProxy({ 'idp.test:443': tls.port });
    const program = at.start([...LOGIN, '--profile', 'other', '--provider', issuer], { environment: through(proxy) });
    expect((await program.address()).href).toMatch(/^https:\/\/idp\.test\/auth\?/);
    program.child.kill('SIGINT');
    expect((await program.ended).exit).toBe(130);
    expect(proxy.asked).toEqual(['idp.test:443']);
  });

  const CERTIFICATES: readonly [string, readonly string[], number, RegExp, string][] = [
    ['has ended', ['idp.test', 'localhost'], -1, /CERT_HAS_EXPIRED/, 'clock'],
    ['is for another name', ['hotel.test'], 2, /ERR_TLS_CERT_ALTNAME_INVALID/, 'guest Wi-Fi'],
  ];
  test.each(some(CERTIFICATES, 1))(
    'a certificate that %s is not reported as unknown',
    async (_name, hosts, days, message, hint) => {
      await using tls = await secured(at.sandbox.origin, root.certify(hosts, days));
      await using proxy = await forwardProxy({ 'idp.test:443': tls.port });
      for (const host of ['idp.test', `localhost:${tls.port}`]) {
        const args = [...LOGIN, '--profile', 'other', '--provider', `https://${host}`];
        const ended = await at.run(args, { environment: through(proxy) });
        expectFailure(ended, { exit: 5, code: 'UNAVAILABLE', hint }, false);
        expect(ended.stderr).toContain(`The certificate of ${host} `);
        expect(ended.stderr).toMatch(message);
      }
    },
  );

  test('a script that uses the library ends by itself', async () => {
    const script = `
      import { openProfile } from '${resolve('dist/index.mjs')}';
      console.log((await openProfile().refresh()) !== undefined);
    `;
    const env = { ...through(names), PATH: process.env.PATH, FITBIT_LOGIN_HOME: at.home };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
    expect(stdout).toBe('true\n');
    signedIn = await at.stored();
  });

  const ADDRESSES: readonly [string, string, string][] = [
    ['of a SOCKS proxy', 'socks5://walker:marked-wrong@127.0.0.1:1080', 'HTTPS_PROXY names a SOCKS proxy'],
    ['that cannot be one', 'http://walker:12/marked-wrong@127.0.0.1:3128', "HTTPS_PROXY isn't a proxy URL"],
  ];
  test.each(ADDRESSES)('a proxy URL %s is refused before a browser is opened', async (_name, HTTPS_PROXY, message) => {
    for (const args of [LOGIN, ['refresh']]) {
      const ended = await at.run([...args, '--log-level', 'trace'], { environment: { HTTPS_PROXY } });
      expect(ended.stderr).toContain(message);
      expect(ended.stderr).not.toMatch(/If nothing opens|Open this URL/);
      expect([ended.exit, ended.stdout]).toEqual([2, '']);
      await expectNoPassword(ended);
    }
    expect(await at.stored()).toBe(signedIn);
  });
});

describe('without a proxy', () => {
  test('the sandbox is contacted directly, whatever the variables say', async () => {
    await using own = await programFixture();
    const dead = await listening(createServer());
    await dead[Symbol.asyncDispose]();
    const [HTTPS_PROXY, HTTP_PROXY, ALL_PROXY] = [dead.url, dead.url, 'socks5://127.0.0.1:1'];
    // Node 24's own fetch would go through them.
    const environment = { HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NODE_USE_ENV_PROXY: '1' };
    const program = own.start(own.login(), { environment });
    await allowAt(own.sandbox.origin, await program.authorizeUrl());
    expect(await program.ended).toMatchObject({ exit: 0 });
    expect(await own.run(['refresh'], { environment })).toMatchObject({ exit: 0 });
  });
});
