import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { fileStore } from '../../src/store/file-store.ts';
import { longTest, some } from '../extent.ts';
import { expectFailure } from './failure.ts';
import {
  APP,
  type Ended,
  noBrowser,
  type Program,
  type ProgramFixture,
  programFixture,
  robotBrowser,
} from './program.ts';
import { skipWithoutTerminal, TypedInto } from './pseudo-terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];

let at: ProgramFixture;
let old = '';
beforeAll(async () => {
  at = await programFixture(await robotBrowser('allow'));
});
beforeEach(async () => {
  at.sandbox.faults.clear();
  await rm(dirname(at.file), { recursive: true, force: true });
  old = await at.plant();
});
afterAll(() => at[Symbol.asyncDispose]());

/** A moment at which a program can be interrupted. */
interface Moment {
  readonly name: string;
  /** Starts the program for a profile of its own. Resolves when the moment has come. */
  readonly begin: (profile: string) => Promise<Program>;
  readonly exit: number;
  readonly says: RegExp;
}

const plant = (profile: string, content = old) =>
  writeFile(join(dirname(at.file), `${profile}.json`), content, { mode: 0o600 });

/** Starts a refresh. Resolves when the provider has its request, which gets no answer. */
async function refreshing(profile: string): Promise<Program> {
  const provider = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void provider.close());
  await once(provider, 'listening');
  const address = provider.address();
  const port = typeof address === 'object' ? address?.port : 0;
  await plant(profile, old.replace(at.sandbox.origin, `http://127.0.0.1:${port}`));
  const program = at.start(['token', '--profile', profile]);
  await once(provider, 'request');
  return program;
}

/** Starts it and waits until it has said something. */
const saying = async (what: RegExp, args: readonly string[], browser = noBrowser) => {
  const program = at.start(args, { environment: { BROWSER: browser } });
  await program.says(what);
  return program;
};

const ENDED_AT_ONCE: readonly Moment[] = [
  {
    name: 'login waits for the browser',
    begin: (profile) => saying(/^http\S+\n/m, at.login('--no-browser', '--profile', profile)),
    exit: 130,
    says: /^✗ Interrupted\.\n {2}Nothing was stored\.\n/m,
  },
  {
    name: 'the setup page is open',
    begin: (profile) => saying(/^http\S+\n/m, ['setup', '--profile', profile]),
    exit: 130,
    says: /^✗ Interrupted\.\n/m,
  },
  {
    name: 'migrate waits for the browser',
    begin: async (profile) => {
      await plant(profile);
      return saying(/^http\S+\n/m, ['migrate', '--no-browser', '--profile', profile]);
    },
    exit: 130,
    says: /^✗ Interrupted\.\n {2}Nothing was stored\.\n/m,
  },
  {
    name: 'token waits for another process',
    begin: async (profile) => {
      await plant(profile);
      const locked = await fileStore({ directory: dirname(at.file) }).lock(profile);
      onTestFinished(() => locked[Symbol.asyncDispose]());
      return saying(/Another fitbit-login is changing this profile/, ['token', '--profile', profile]);
    },
    exit: 130,
    says: /^✗ Interrupted\.\n/m,
  },
  // What is there until it is ended has done what it should.
  {
    name: 'the status page is open',
    begin: (profile) => saying(/^http\S+\n/m, ['status', '--web', '--profile', profile]),
    exit: 0,
    says: /^Status page closed\.\n/m,
  },
  {
    name: 'the sandbox runs',
    begin: () => saying(/Press Ctrl-C to stop/, ['sandbox', '--port', '0']),
    exit: 0,
    says: /^Sandbox stopped\.\n/m,
  },
];

/** No trace of where it was, and nothing half said. */
function expectClean({ stderr }: Ended): void {
  expect(stderr).not.toMatch(/^\s+at |^\w*Error\b|unhandled|UNEXPECTED/m);
  expect(stderr).toMatch(/\n$/);
}

/** Sends them one after the other: two of one kind could become one on their way. */
async function interrupt(program: Program, signals: readonly Signal[]): Promise<Ended> {
  for (const signal of signals) program.child.kill(signal);
  return program.ended;
}

describe('interrupted while', () => {
  test.each(some(ENDED_AT_ONCE, 2))('$name: it ends with $exit, and says so', async ({ begin, exit, says }) => {
    // Every signal at the first moment, one at each of the others.
    const index = ENDED_AT_ONCE.findIndex((moment) => moment.begin === begin);
    const signals = SIGNALS.filter((_signal, which) => index === 0 || which === index % SIGNALS.length);
    const ended = await Promise.all(signals.map(async (signal) => interrupt(await begin(`once-${signal}`), [signal])));
    for (const each of ended) {
      expect(each).toMatchObject({ exit, stderr: expect.stringMatching(says) });
      expectClean(each);
    }
    const twice = await interrupt(await begin('twice'), ['SIGTERM', 'SIGINT']);
    expect([exit, 130]).toContain(twice.exit);
    expectClean(twice);
    expect(await at.stored()).toBe(old);
    expect((await readdir(dirname(at.file))).filter((file) => /twice.*-google|login/.test(file))).toEqual([]);
  });

  longTest('a code is exchanged: it is stored first, and a second one ends at once', async () => {
    const browser = await robotBrowser('allow');
    const begin = (profile: string) => saying(/Finishing sign-in/, at.login('--profile', profile), browser);
    at.sandbox.faults.add({ at: 'token', kind: 'delay', ms: 1_000 });
    const ended = await Promise.all(SIGNALS.map(async (signal) => interrupt(await begin(`once-${signal}`), [signal])));
    for (const each of ended) {
      expect(each).toMatchObject({ exit: 0, stdout: expect.stringContaining('Signed in') });
      expect(each.stderr).toContain('so nothing is lost');
      expectClean(each);
    }
    at.sandbox.faults.clear();
    at.sandbox.faults.add({ at: 'token', kind: 'hang' });
    const twice = await interrupt(await begin('twice'), ['SIGINT', 'SIGTERM']);
    expect(twice.exit).toBe(130);
    expectClean(twice);
    expect(await readdir(dirname(at.file))).not.toContain('twice.json');
  });

  longTest('a token is refreshed: it says why it continues, and a second one ends at once', async () => {
    const program = await refreshing('twice');
    program.child.kill('SIGINT');
    await program.says(/so nothing is lost/);
    const twice = await interrupt(program, ['SIGTERM']);
    expect(twice).toMatchObject({ exit: 130, stdout: '' });
    expectClean(twice);
    const { refresh_token } = JSON.parse(await readFile(join(dirname(at.file), 'twice.json'), 'utf8'));
    expect(refresh_token).toBe('marked-old-refresh-token');
  });

  longTest('--json: stdout says so', async () => {
    const program = at.start(at.login('--no-browser', '--json'));
    await program.address();
    const ended = await interrupt(program, ['SIGINT']);
    expectFailure(ended, { exit: 130, code: 'INTERRUPTED', hint: 'when you are ready' }, true);
    expect(await at.stored()).toBe(old);
  });
});

describe.skipIf(process.platform === 'win32')('exec leaves signals to its command', () => {
  const script = [
    'let got = 0;',
    'for (const name of [`SIGINT`, `SIGTERM`, `SIGHUP`])',
    '  process.on(name, () => { console.error(`got`, name); if (++got === 3) process.exit(7); });',
    'setInterval(() => {}, 1000);',
    'console.error(`ready`);',
  ].join(' ');
  const exec = ['exec', '--', process.execPath, '-e', script];
  const signIn = async () => expect((await at.run(at.login())).exit).toBe(0);

  longTest('as often as they come, and ends with its exit code', async () => {
    await signIn();
    const program = at.start(exec);
    await program.says(/ready/);
    for (const [index, signal] of (['SIGTERM', 'SIGHUP', 'SIGTERM'] as const).entries()) {
      program.child.kill(signal);
      await program.says(new RegExp(`(?:got SIG[\\s\\S]*){${index + 1}}`));
    }
    expect((await program.ended).exit).toBe(7);
  });

  test.skipIf(skipWithoutTerminal)(
    'Ctrl-C belongs to an interactive command, however often it is pressed',
    async () => {
      await signIn();
      await using terminal = new TypedInto(exec, { FITBIT_LOGIN_HOME: at.home });
      await terminal.shows(/ready/);
      for (const times of [1, 2, 3]) {
        terminal.type('\u0003');
        await terminal.shows(new RegExp(`(?:got SIGINT[\\s\\S]*){${times}}`));
      }
      expect(await terminal.ended).toBe(7);
    },
  );
});

describe.skipIf(skipWithoutTerminal)('interrupted in a terminal', () => {
  const environment = () => ({
    FITBIT_LOGIN_HOME: at.home,
    SSH_TTY: '/dev/pts/0',
    FITBIT_CLIENT_ID: APP.id,
    FITBIT_CLIENT_SECRET: APP.secret,
  });
  const shell = 'sh -c \'echo "pid $$"; exec "$@"\' sh $PROGRAM; code=$?; stty -a; exit $code';
  const sane = /(?<!-)\bicanon\b[\s\S]*(?<!-)\becho\b/;

  test.each(
    some(
      [
        ['the prompt for a paste', () => at.login(), /Paste the URL here/],
        ['the question for a client id', () => ['setup', '--profile', 'nobody'], /Client ID.*: $/],
      ] as const,
      1,
    ),
  )('a signal at %s ends with 130, and the terminal is as it was', async (_name, args, shown) => {
    await Promise.all(
      SIGNALS.map(async (signal) => {
        await using terminal = new TypedInto(args(), environment(), { shell });
        const [, pid = ''] = await terminal.shows(/pid (\d+)/);
        await terminal.shows(shown);
        process.kill(Number(pid), signal);
        expect(await terminal.ended).toBe(130);
        expect(terminal.screen).toMatch(sane);
        // It stands on a line of its own.
        expect(terminal.lines).toContain('✗ Interrupted.');
      }),
    );
  });

  longTest('two signals at the prompt, one right after the other: the terminal is as it was', async () => {
    await using terminal = new TypedInto(at.login(), environment(), { shell });
    const [, pid = ''] = await terminal.shows(/pid (\d+)/);
    await terminal.shows(/Paste the URL here/);
    process.kill(Number(pid), 'SIGTERM');
    process.kill(Number(pid), 'SIGINT');
    expect(await terminal.ended).toBe(130);
    expect(terminal.screen).toMatch(sane);
  });

  longTest('--json: after a timeout, nothing of the prompt is left above the result', async () => {
    await using terminal = new TypedInto([...at.login(), '--json', '--timeout', '1'], environment());
    await terminal.shows(/Paste the URL here/);
    expect(await terminal.ended).toBe(4);
    const { lines } = terminal;
    expect(JSON.parse(lines.slice(lines.indexOf('{')).join('\n')).error).toMatchObject({ code: 'TIMED_OUT' });
    expect(lines.filter((line) => line.includes('left,'))).toEqual([]);
  });

  test.each(
    some(
      [
        ['the prompt for a paste', () => at.login(), /Paste the URL here/],
        ['the question for a client id', () => ['setup', '--profile', 'nobody'], /Client ID.*: $/],
        ['the page that is open', () => ['status', '--web'], /Press Ctrl-C to stop/],
      ] as const,
      1,
    ),
  )('a terminal closed at %s ends it with SIGHUP, without a crash', async (_name, args, shown) => {
    const code = join(at.home, 'exit-code');
    await rm(code, { force: true });
    // The shell outlives its terminal, to forward SIGHUP as shells do, and to report the exit code.
    const outliving = `exec 3<&0; $PROGRAM <&3 & trap 'kill -HUP $!' HUP; wait $!; wait $!; echo $? > '${code}'`;
    await using terminal = new TypedInto(args(), environment(), { shell: outliving });
    await terminal.shows(shown);
    terminal.hangUp();
    const ended = () => readFile(code, 'utf8').catch(() => '');
    while ((await ended()) === '') await delay(20);
    expect(await ended()).toBe('129\n');
  });
});
