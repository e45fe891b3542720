import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessToken } from '../../src/auth/index.ts';
import { withoutSecrets } from '../../src/environment.ts';
import { hasPostgres, type PostgresDatabase, type PostgresServer, postgresServer } from './postgres-server.ts';
import { decideAtSandbox } from './providers.ts';
import { type SignInFixture, signInFixture } from './sign-in.ts';
import { failure, type Ran, run } from './signed-in.ts';
import { run as execute } from './store-fixture.ts';

const PASSWORD = 'marked-password-of-the-role';
type Variables = Readonly<Record<string, string>>;

describe.skipIf(!hasPostgres)('with FITBIT_LOGIN_STORE', () => {
  let server: PostgresServer;
  let database: PostgresDatabase;
  let at: SignInFixture;
  let environment: Variables;
  beforeAll(async () => {
    server = await postgresServer({ settings: ['log_statement=all'] });
    database = await server.database();
    at = await signInFixture();
    environment = { FITBIT_LOGIN_HOME: at.home, ...database.environment };
    await database.query(`CREATE ROLE fitbit_login LOGIN PASSWORD '${PASSWORD}'`);
  });
  afterAll(async () => {
    await at?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(() => database.query('DELETE FROM fitbit_login.profiles'));

  const signIn = (profile = 'default') => {
    const [app] = at.sandbox.clients.filter(({ type }) => type === 'server');
    const own = { FITBIT_CLIENT_ID: app?.id ?? '', FITBIT_CLIENT_SECRET: app?.secret ?? '' };
    return at.signIn({ profile }, { environment: { ...environment, ...own } });
  };
  const command = (argv: readonly string[], more: Variables = {}, input = ''): Promise<Ran> =>
    run(argv, {}, { environment: { ...environment, ...more }, input });
  /** The store over the network, as a role with a password. */
  const overNetwork = (role = 'fitbit_login', query = '') => ({
    FITBIT_LOGIN_STORE: `postgresql://${role}@127.0.0.1:${server.port}/${database.name}${query}`,
  });

  test('every command works on what is in the database, and no file holds a profile', async () => {
    await signIn();
    const { stdout: token } = await command(['token']);
    expect(token.length).toBeGreaterThan(20);
    const { stdout: json } = await command(['status', '--all', '--json']);
    expect(JSON.parse(json)).toMatchObject([{ profile: 'default' }]);
    expect((await command(['refresh'])).code).toBe(0);
    expect((await command(['token'])).stdout).not.toBe(token);
    expect((await command(['profiles', 'rename', 'default', 'moved'])).code).toBe(0);
    const exported = await command(['export', '--format', 'notebook', '--profile', 'moved']);
    expect(exported.code).toBe(0);
    expect((await command(['profiles', 'delete', 'moved'])).code).toBe(0);
    expect((await command(['token', '--profile', 'moved'])).code).toBe(3);
    const back = ['import', '-', '--profile', 'back', '--sandbox', at.sandbox.origin];
    expect((await command(back, {}, exported.stdout)).code).toBe(0);
    expect((await command(['token', '--profile', 'back'])).code).toBe(0);
    expect((await command(['logout', '--profile', 'back'])).code).toBe(0);
    expect(await database.query('SELECT name FROM fitbit_login.profiles')).toEqual([]);
    await expect(stat(join(at.home, 'profiles'))).rejects.toThrow('ENOENT');
  });

  test('programs get the same token, however many ask at once, over one connection', async () => {
    await signIn();
    await database.query('SELECT 1');
    const asked = Array.from({ length: 20 }, () => accessToken({ minTtlSeconds: 999_999 }, { environment }));
    const tokens = new Set((await Promise.all(asked)).map(({ token }) => token.reveal()));
    expect(tokens.size).toBeGreaterThan(0);
    const connections = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'fitbit-login'";
    expect(await database.query(connections)).toEqual([{ count: 1 }]);
  });

  test('store init creates the schema and prints the GRANTs a role needs: it works with them, not without', async () => {
    const fresh = await server.database({ migrated: false });
    const own = { ...fresh.environment };
    const before = await command(['token'], own);
    expect(before).toMatchObject({ code: 2, stderr: expect.stringContaining('store init') });
    const first = await command(['store', 'init'], own);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('GRANT USAGE') });
    expect(await command(['store', 'init'], own)).toMatchObject({ code: 0, stdout: first.stdout });
    const role = {
      ...own,
      FITBIT_LOGIN_STORE: `postgresql://fitbit_login@127.0.0.1:${server.port}/${fresh.name}`,
      PGPASSWORD: PASSWORD,
    };
    expect(await command(['token'], role)).toMatchObject({ code: 6, stderr: expect.stringContaining('GRANT') });
    expect(JSON.parse((await command(['doctor', '--json'], role)).stdout).checks).toContainEqual(
      expect.objectContaining({ id: 'database', state: 'wrong', todo: expect.stringContaining('GRANT') }),
    );
    await fresh.query(first.stdout);
    expect((await command(['token'], role)).code).toBe(3);
    const { stdout } = await command(['doctor', '--json'], role);
    const { checks } = JSON.parse(stdout);
    expect(checks).toContainEqual(expect.objectContaining({ id: 'database', state: 'ok' }));
    expect(checks.map(({ id }: { readonly id: string }) => id)).not.toContain('directory');
    expect(stdout).toContain(`fitbit_login@127.0.0.1:${server.port}/${fresh.name}`);
    // Whether it can be locked, and with that written.
    expect((await command(['profiles', 'rename', 'a', 'b'], role)).code).toBe(3);
  });

  describe('a database failure is one sentence and its exit code; nothing is sent or lost, and no password is shown', () => {
    /** Everything that goes wrong: the variables, the exit code and the words. */
    const refused = async (more: Variables, code: number, words: RegExp, argv: readonly string[] = ['refresh']) => {
      const before = at.sandbox.state().counts;
      const ran = await command(argv, more);
      expect(ran).toMatchObject({ code, stderr: expect.stringMatching(words) });
      expect(ran.stdout + ran.stderr).not.toMatch(/marked|UNEXPECTED|defect/);
      expect(at.sandbox.state().counts).toEqual(before);
    };

    test.each<[string, Variables, RegExp]>([
      ['another kind of URL', { FITBIT_LOGIN_STORE: 'mysql://marked:marked@db/x' }, /postgresql:\/\//],
      ['no URL', { FITBIT_LOGIN_STORE: 'marked password' }, /not a URL/],
      ['a service file', { PGSERVICE: 'health' }, /service file/],
      ['a service in the URL', { FITBIT_LOGIN_STORE: 'postgresql://db/x?service=marked' }, /service file/],
      ['an unknown sslmode', { FITBIT_LOGIN_STORE: 'postgresql://db/x?sslmode=marked' }, /sslmode/],
      ['no key', { FITBIT_LOGIN_STORE_KEY_FILE: '' }, /openssl rand -base64 32/],
      ['a key file that is missing', { FITBIT_LOGIN_STORE_KEY_FILE: '/nowhere/key' }, /openssl rand -base64 32/],
    ])('%s', async (_name, more, words) => refused(more, 2, words));

    test('a key file that others can read, or that holds something else', async () => {
      const file = join(at.home, 'key');
      const own = { FITBIT_LOGIN_STORE_KEY_FILE: file };
      await writeFile(file, 'marked-not-a-key\n', { mode: 0o600 });
      await refused(own, 2, /line 1/);
      await writeFile(file, await readFile(database.keyFile));
      await chmod(file, 0o640);
      await refused(own, 2, /chmod 600/);
    });

    test('another key; and with both keys, the first one writes', async () => {
      await signIn();
      const file = join(at.home, 'other-key');
      const other = `${Buffer.alloc(32, 7).toString('base64')}\n`;
      await writeFile(file, other, { mode: 0o600 });
      const own = { FITBIT_LOGIN_STORE_KEY_FILE: file };
      await refused(own, 6, /key/);
      await writeFile(file, `${other}${await readFile(database.keyFile, 'utf8')}`);
      expect((await command(['refresh'], own)).code).toBe(0);
      await writeFile(file, other);
      expect((await command(['token'], own)).code).toBe(0);
      await refused({}, 6, /key/);
    });

    test("another profile's ciphertext, or one that was changed", async () => {
      await signIn();
      await signIn('other');
      await database.query(
        "UPDATE fitbit_login.profiles SET encrypted = (SELECT encrypted FROM fitbit_login.profiles WHERE name = 'other')",
      );
      await refused({}, 6, /corrupt/);
      await database.query(
        "UPDATE fitbit_login.profiles SET encrypted = overlay(encrypted placing '___' from length(encrypted) - 9)",
      );
      await refused({}, 6, /corrupt/, ['token', '--profile', 'other']);
    });

    test('no server', async () => {
      await refused({ FITBIT_LOGIN_STORE: 'postgresql://role:marked@127.0.0.1:1/x' }, 6, /refused \(ECONNREFUSED\)/);
      await refused({ FITBIT_LOGIN_STORE: 'postgresql:///x?host=/nowhere&user=a&password=marked' }, 6, /\(ENOENT\)/);
    });

    test('a wrong password, none, no such database', async () => {
      const role = overNetwork('fitbit_login:marked-wrong');
      await refused(role, 6, /password/);
      await refused(overNetwork(), 6, /PGPASSWORD/);
      const FITBIT_LOGIN_STORE = `postgresql://fitbit_login@127.0.0.1:${server.port}/nowhere`;
      await refused({ FITBIT_LOGIN_STORE, PGPASSWORD: PASSWORD }, 6, /no such database/);
    });

    test('no TLS although it is required', async () => {
      await refused(overNetwork('fitbit_login:marked', '?sslmode=require'), 6, /TLS/);
      await refused({ ...overNetwork('fitbit_login:marked'), PGSSLMODE: 'verify-full' }, 6, /TLS/);
    });

    test('a newer schema', async () => {
      await database.query('UPDATE fitbit_login.schema_version SET version = version + 1');
      // The version is read when a connection opens: one that the test before has left must not serve.
      await database.terminate();
      await refused({}, 6, /newer/);
      await refused({}, 6, /newer/, ['store', 'init']);
      await database.query('UPDATE fitbit_login.schema_version SET version = version - 1');
    });

    test('a server that is read-only, as a standby is: a fresh token is printed all the same', async () => {
      await signIn();
      await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
      await database.terminate();
      await refused({}, 6, /read-only/);
      expect((await command(['token'])).code).toBe(0);
      await database.query(
        `BEGIN READ WRITE; ALTER DATABASE ${database.name} RESET default_transaction_read_only; COMMIT`,
      );
      await database.terminate();
    });

    test('too many connections for a moment: the command waits', async () => {
      await signIn();
      await database.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT 0`);
      await database.query('GRANT USAGE ON SCHEMA fitbit_login TO fitbit_login');
      await database.query('GRANT SELECT ON ALL TABLES IN SCHEMA fitbit_login TO fitbit_login');
      const waiting = command(['token'], { ...overNetwork(), PGPASSWORD: PASSWORD });
      const log = () => server.log();
      while (!(await log()).includes('too many connections')) await new Promise((resolve) => setTimeout(resolve, 20));
      await database.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT -1`);
      expect((await waiting).code).toBe(0);
    });
  });

  test('sslmode has its meaning in libpq, from the URL and from PGSSLMODE', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
    const [key, certificate] = [join(server.directory, 'server.key'), join(folder, 'server.crt')];
    await execute('openssl', [
      ...'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost'.split(
        ' ',
      ),
      ...['-keyout', key, '-out', certificate],
    ]);
    await chmod(folder, 0o755);
    await chmod(key, 0o600);
    const { uid, gid } = await stat(server.directory);
    await chown(key, uid, gid);
    await server.restart('ssl=on', `ssl_key_file=${key}`, `ssl_cert_file=${certificate}`);
    const at127 = overNetwork().FITBIT_LOGIN_STORE;
    const atLocalhost = at127.replace('127.0.0.1', 'localhost');
    const exit = async (store: string, PGSSLMODE = '', more: Variables = {}) =>
      (await command(['profiles', '--json'], { FITBIT_LOGIN_STORE: store, PGPASSWORD: PASSWORD, PGSSLMODE, ...more }))
        .code;
    await database.query('GRANT USAGE ON SCHEMA fitbit_login TO fitbit_login');
    await database.query('GRANT SELECT ON ALL TABLES IN SCHEMA fitbit_login TO fitbit_login');
    for (const mode of ['disable', 'allow', 'prefer', 'require'])
      expect([mode, await exit(at127, mode)]).toEqual([mode, 0]);
    for (const mode of ['verify-ca', 'verify-full']) expect([mode, await exit(at127, mode)]).toEqual([mode, 6]);
    const trusting = { PGSSLROOTCERT: certificate };
    expect(await exit(at127, 'verify-ca', trusting)).toBe(0);
    expect(await exit(`${at127}?sslmode=verify-full&sslrootcert=${certificate}`, 'disable')).toBe(6);
    expect(await exit(atLocalhost, 'verify-full', trusting)).toBe(0);
    const { stdout } = await command(['doctor', '--json'], { FITBIT_LOGIN_STORE: at127, PGPASSWORD: PASSWORD });
    expect(stdout).toContain('with TLS');
    await rm(folder, { recursive: true });
  });

  test("doctor compares this machine's clock with the server's", async () => {
    const now = () => new Date(Date.now() + 180_000);
    const { stdout } = await run(['doctor', '--json'], { now }, { environment });
    expect(JSON.parse(stdout).checks).toContainEqual(
      expect.objectContaining({
        id: 'database',
        state: 'warning',
        found: expect.stringMatching(/1[78]\d seconds ahead/),
      }),
    );
  });

  test('a command that exec runs has a token, and neither the database nor its password', async () => {
    await signIn();
    const file = join(at.home, 'variables');
    const dump = ['exec', '--', '/bin/sh', '-c', `export -p > '${file}'`];
    expect((await command(dump, { PGPASSWORD: 'marked-password' })).code).toBe(0);
    const variables = await readFile(file, 'utf8');
    expect(variables).toContain('FITBIT_ACCESS_TOKEN');
    expect(variables).not.toMatch(/FITBIT_LOGIN_STORE=|marked-password/);
  });

  test('programs that are started lose the database and its password, and keep a password that is not ours', () => {
    const own = { FITBIT_LOGIN_STORE: 'postgresql://a:b@c/d', PGPASSWORD: 'x', PATH: '/bin', PGHOST: 'c' };
    expect(withoutSecrets(own)).toEqual({ PATH: '/bin', PGHOST: 'c' });
    expect(withoutSecrets({ PGPASSWORD: 'theirs' })).toEqual({ PGPASSWORD: 'theirs' });
  });

  test("the administrator of the database finds no secret in a dump, in the server's log of all statements, or in what it shows of its sessions", async () => {
    await signIn();
    const seen: string[] = [];
    const look = async () => seen.push(JSON.stringify(await database.query('SELECT * FROM pg_stat_activity')));
    const stored = async () => {
      const { stdout } = await command(['export', '--format', 'notebook']);
      await look();
      return JSON.parse(stdout) as Record<string, string>;
    };
    const [before, , after] = [await stored(), await command(['refresh']), await stored()];
    const secrets = [before, after].flatMap(({ access_token, refresh_token, client_secret }) => [
      access_token,
      refresh_token,
      client_secret,
    ]);
    secrets.push((await readFile(database.keyFile, 'utf8')).trim());
    const { stdout: dump } = await execute('pg_dump', [
      '-h',
      server.directory,
      '-p',
      String(server.port),
      '-U',
      'owner',
      database.name,
    ]);
    const log = await server.log();
    expect(dump).toContain('WALK01');
    expect(log).toContain('UPDATE fitbit_login.profiles');
    for (const secret of secrets) {
      expect(secret?.length).toBeGreaterThan(20);
      for (const text of [dump, log, ...seen]) expect(text).not.toContain(secret);
    }
  });

  test("what the URL leaves out is read from libpq's variables, and the URL goes first", async () => {
    await signIn();
    const connection = { PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: 'owner', PGDATABASE: database.name };
    const variables = { FITBIT_LOGIN_STORE: 'postgresql://', ...connection, PGPASSWORD: PASSWORD };
    await database.query(`ALTER ROLE owner PASSWORD '${PASSWORD}'`);
    expect((await command(['token'], variables)).code).toBe(0);
    const other = { ...connection, PGHOST: 'nowhere.invalid', PGPORT: '1', PGUSER: 'marked', PGDATABASE: 'marked' };
    expect((await command(['token'], other)).code).toBe(0);
    const { stderr } = await command(['token'], { ...variables, PGPORT: '1' });
    expect(stderr).toContain(`postgresql://owner@127.0.0.1:1/${database.name}`);
  });

  test('a sign-in in two calls begins on one machine and ends on another', async () => {
    const [app] = at.sandbox.clients.filter(({ type }) => type === 'server');
    const machine = (name: string) => ({
      FITBIT_LOGIN_HOME: join(at.home, name),
      FITBIT_CLIENT_ID: app?.id ?? '',
      FITBIT_CLIENT_SECRET: app?.secret ?? '',
    });
    const begin = ['login', '--begin', '--json', '--sandbox', at.sandbox.origin, '--profile', 'p17'];
    const { url, redirect_uri: redirectUri } = JSON.parse((await command(begin, machine('first'))).stdout);
    at.sandbox.register({ id: app?.id ?? '', redirectUris: [redirectUri] });
    const { href } = await decideAtSandbox(new URL(url));
    expect((await command(['login', '--finish', '--json'], machine('second'), href)).code).toBe(0);
    expect((await command(['token', '--profile', 'p17'], machine('third'))).code).toBe(0);
  });

  test('a profile moves in from its file', async () => {
    const file = {
      version: 1,
      provider: 'fitbit',
      client_id: '23ABCD',
      redirect_uris: ['http://127.0.0.1:8976/callback'],
      requested_scope: 'sleep',
    };
    const tokens = {
      access_token: 'marked-access-token',
      refresh_token: 'marked-refresh-token',
      token_type: 'Bearer',
      scope: 'sleep',
    };
    const times = { obtained_at: new Date().toISOString(), expires_at: new Date(Date.now() + 3_600_000).toISOString() };
    expect((await command(['import', '-'], {}, JSON.stringify({ ...file, ...tokens, ...times }))).code).toBe(0);
    expect(await command(['token'])).toMatchObject({ code: 0, stdout: 'marked-access-token\n' });
  });

  test('what the library does not support is an AuthError, too', async () => {
    expect(await failure(accessToken({}, { environment }))).toMatchObject({ code: 'NOT_SIGNED_IN' });
  });
});
