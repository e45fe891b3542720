import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { Readable, Writable } from 'node:stream';
import * as v from 'valibot';
import { consent, LOG_LEVELS, type LogLevel, type Sandbox, startSandbox } from '../../src/auth/index.ts';
import { main } from '../../src/cli/main.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { Canary } from './canary.ts';
import type { Rig, Row } from './row.ts';

const LEVELS: readonly (LogLevel | undefined)[] = [undefined, ...LOG_LEVELS];

const Answer = v.object({ access_token: v.string(), refresh_token: v.string() });
const SECRET_FIELDS = ['code', 'code_verifier', 'refresh_token', 'token'] as const;

/** Answers that repeat what was sent, or are tokens that cannot be read; each ends a refresh with an error. */
const TELLTALES: readonly Omit<Fault, 'at'>[] = [
  { kind: 'truncated-json' },
  { kind: 'wrong-types' },
  { kind: 'token-type-other' },
  { kind: 'wrong-content-type' },
  { kind: 'negative-expires' },
  { kind: 'lost-answer' },
];

const REFUSALS = [
  [400, 'invalid_grant'],
  [400, 'invalid_request'],
  [400, 'of_its_own'],
  [401, 'invalid_client'],
  [410, 'gone'],
] as const;

const PAST_THE_CODE_MS = 11 * 60_000;

/** The commands whose standard output is the way out for a token. */
const WAYS_OUT: readonly string[] = ['token', 'export', 'exec'];

/** Everything that can be seen of the program, at every log level, searched for everything that must not be seen. */
export const secrets: Row = {
  name: 'secrets',
  title: 'canary: no marked secret in what is printed, logged, served or left on disk',
  figure: () => 'secrets in what is printed, logged, served or left on disk, at every log level',
  mustBe: '0 found',
  run: async (rig) => {
    const { canary } = rig;
    const levels = rig.size === 'full' ? LEVELS : [undefined, 'trace' as const];
    const failures = (await Promise.all(levels.map((level) => watch(rig, level)))).flat();
    const found = canary.search();
    return {
      was: `${found.length} found; ${Math.round(canary.marked)} secrets looked for in ${Math.round(canary.characters / 1000)} KB`,
      failures: [...failures, ...found],
    };
  },
};

/** Signs in, uses every command, fails in every way that could tell something, and signs out. */
async function watch({ size, canary, directory, say }: Rig, level: LogLevel | undefined): Promise<readonly string[]> {
  const failures: string[] = [];
  await using sandbox = await startSandbox();
  const home = await mkdtemp(join(directory, 'home-'));
  const file = join(home, 'profiles/default.json');
  let exchangeDelayMs = 0;
  const watched: Watched = { canary, sandbox, home, level, beforeExchange: () => sandbox.clock.step(exchangeDelayMs) };
  const expect = async (exitCodes: readonly number[], ...argv: string[]) => {
    const exitCode = await runWatched(watched, argv);
    if (!exitCodes.includes(exitCode)) failures.push(`${argv.join(' ')} at level ${level}: exit ${exitCode}`);
  };
  const signIn = [
    'login',
    '--provider',
    'fitbit',
    '--profile',
    'default',
    '--sandbox',
    sandbox.origin,
    '--redirect-uri',
    'http://127.0.0.1:0/callback',
  ];

  await expect([0], ...signIn);
  await expect([0], 'refresh');
  for (const command of ['status', 'refresh', 'token', 'profiles']) await expect([0], command, '--json');
  await expect([0], 'status', '--check');
  await expect([0], 'token', '--min-ttl', '28000');
  await expect([0], 'api', '/1/user/-/profile.json', '--include');
  await expect([0], 'export', '--format', 'notebook', '--output', `${home}.env`, '--keep');
  await expect([0], 'exec', '--', 'true');

  const stored = await readFile(file, 'utf8');
  const unseen = ['access token', 'refresh token', 'client secret'].filter(
    (kind) => !canary.kindsIn(stored).includes(kind),
  );
  // A search that finds nothing where something is proves nothing.
  if (unseen.length > 0) failures.push(`the search does not see ${unseen.join(', ')} in the profile itself`);

  for (const [status, errorType] of REFUSALS) {
    const fault: Fault = { at: 'token', kind: 'status', status, errorType, message: `Invalid: ${stored}`, times: 1 };
    sandbox.faults.add(fault);
    await expect([0, 2, 3, 5], 'refresh');
    sandbox.faults.add(fault);
    await expect([2, 4, 5], ...signIn);
  }
  exchangeDelayMs = PAST_THE_CODE_MS; // the provider's refusal then repeats the code itself
  await expect([4], ...signIn);
  exchangeDelayMs = 0;
  for (const telltale of size === 'full' ? TELLTALES : TELLTALES.slice(0, 1)) {
    sandbox.faults.add({ at: 'token', ...telltale });
    await expect(telltale.kind === 'wrong-content-type' ? [0, 5] : [5], 'refresh');
    await expect(telltale.kind === 'wrong-content-type' ? [0, 5] : [4, 5], ...signIn);
    sandbox.faults.clear();
    // The code was exchanged, unseen: that ended the sign-in before.
    await expect([0], ...signIn);
  }
  await expect([0], 'logout');
  await expect([3], 'token');
  await canary.hearDirectory(home, join(home, 'profiles'));
  say(`level ${level ?? 'default'} done`);
  return failures;
}

interface Watched {
  readonly canary: Canary;
  readonly sandbox: Sandbox;
  readonly home: string;
  readonly level: LogLevel | undefined;
  /** Called when a code is about to be sent. */
  readonly beforeExchange: () => void;
}

/** Runs the command line with its wire tapped: what goes over it is what must not be seen elsewhere. */
async function runWatched(watched: Watched, argv: readonly string[]): Promise<number> {
  const { canary, sandbox, home, level, beforeExchange } = watched;
  let [printed, talked] = ['', ''];
  let address = '';
  const exitCode = await main({
    argv: level === undefined ? argv : [argv[0] ?? '', '--log-level', level, ...argv.slice(1)],
    version: '0',
    stdin: Readable.from([]),
    stdout: collector((text) => {
      printed += text;
    }),
    stderr: collector((text) => {
      talked += text;
    }),
    signal: new AbortController().signal,
    runtimeOptions: {
      environment: { FITBIT_LOGIN_HOME: home, PATH: process.env.PATH },
      fetch: async (url, init) => {
        const sent = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams();
        for (const name of SECRET_FIELDS) canary.mark(name, sent.get(name) ?? undefined);
        if (sent.has('code')) beforeExchange();
        canary.mark('authorization header', new Headers(init?.headers).get('authorization') ?? undefined);
        const response = await fetch(url, init);
        const body = v.safeParse(v.pipe(v.string(), v.parseJson(), Answer), await response.clone().text());
        canary.mark('access token', body.success ? body.output.access_token : undefined);
        canary.mark('refresh token', body.success ? body.output.refresh_token : undefined);
        return response;
      },
      openBrowser: async (url) => {
        address = url;
        // A start address leads on to the provider's.
        const { headers } = await fetch(url, { redirect: 'manual' });
        const authorize = new URL(headers.get('location') ?? url);
        const parameters = authorize.searchParams;
        canary.mark('state', parameters.get('state') ?? undefined);
        const [id = '', redirectUri = ''] = ['client_id', 'redirect_uri'].map((name) => parameters.get(name) ?? '');
        sandbox.register({ id, redirectUris: [redirectUri] });
        canary.mark('client secret', sandbox.clients.find((client) => client.id === id)?.secret);
        const page = await consent(authorize);
        // What the address bar holds in the end is for a real browser to say: see test/browser.
        canary.hear('the page', `${[...page.headers].join('\n')}\n${await page.text()}`);
      },
    },
  });
  // The address that is to be opened holds the state: there it belongs.
  const shown = address === '' ? talked : talked.replaceAll(address, '');
  const command = argv[0] ?? '';
  canary.hear(`what \`${command}\` printed`, WAYS_OUT.includes(command) ? shown : `${printed}\n${shown}`);
  return exitCode;
}

function collector(take: (text: string) => void): Writable {
  return new Writable({
    write: (chunk, _encoding, done) => {
      take(String(chunk));
      done();
    },
  });
}
