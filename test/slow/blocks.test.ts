import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Block, PAGES } from '../docs/pages.ts';
import { type Ended, type Reader, reader, type World } from '../docs/reader.ts';

/** What a test cannot run, a block or one of its examples, each with the reason. */
const NOT_RUN = new Map<string, string>([
  ['npm ci && npm test', 'It is what runs this test.'],
  [
    'npm ci && npm run build && npm install --global .',
    'It would change this machine. test/cli/package.test.ts installs the package.',
  ],
  [
    'FITBIT_LOGIN_STORE=postgresql://admin@db.example/health fitbit-login store init',
    'It needs a database. test/flow/postgres.test.ts has one.',
  ],
  ['sudo chown -R "$USER" ~/.config/fitbit-login', 'It asks for a password.'],
  [
    'source <(fitbit-login completion zsh)',
    'It is for another shell than bash. test/cli/completion.test.ts runs it in zsh.',
  ],
  ['fitbit-login completion pwsh | Out-String | Invoke-Expression', 'It is for PowerShell.'],
  [
    'fitbit-login login --begin --profile p17 --expires 1d',
    'It needs an app, which a machine without a sign-in has not. test/flow/pending-login.test.ts makes both calls.',
  ],
  [
    'npm uninstall --global fitbit-login\nrm -r ~/.config/fitbit-login ~/.local/state/fitbit-login ~/.cache/fitbit-login',
    'It would change this machine.',
  ],
]);

/** Commands that go on until Ctrl-C, and what is seen when it may be pressed. */
const UNTIL_INTERRUPTED = new Map<string, RegExp>([['fitbit-login sandbox', /Press Ctrl-C to stop/]]);

// Paths, modes and the shell of the pages are Linux's.
const skip = process.platform !== 'linux';
if (skip) console.warn("SKIPPED: the documentation's blocks are run on Linux only.");
/** What a block may need and a machine may lack. */
const missing = ['curl', 'jq', 'python3'].filter((command) => spawnSync(command, ['--version']).status !== 0);
if (missing.length > 0) console.warn(`SKIPPED: the documentation's blocks that need ${missing.join(', ')}.`);

interface Step {
  readonly block: Block;
  readonly text: string;
  /** Whether the machine is made new first: a reader goes through what stands under one heading without a break. */
  readonly first: boolean;
}

/** What a reader would do on a page, in order. */
function stepsOf(blocks: readonly Block[]): readonly Step[] {
  const steps: Step[] = [];
  let under: string | undefined;
  for (const block of blocks.filter(({ language, hint }) => Object.hasOwn(RUN, language) && hint !== 'database')) {
    for (const text of examplesIn(block).filter((example) => !NOT_RUN.has(commandOf(example)))) {
      steps.push({ block, text, first: block.under !== under || block.hint !== '' });
      under = block.under;
    }
  }
  return steps;
}

/** Whose machine it is: Fitbit's, unless the hint says otherwise or the text is about what only Google Health has. */
function worldOf({ text, block: { hint } }: Step): World {
  const google = hint.includes('google') || /authorized-user|ghealth|\.readonly|\/v4\//.test(text);
  return { provider: google ? 'google-health' : 'fitbit', isSignedIn: !hint.includes('signed-out') };
}

/** The whole block, where it is not a list of examples that have nothing to do with each other. */
const examplesIn = ({ hint, text }: Block) => (hint === 'examples' ? text.split('\n\n') : [text]);

const commandOf = (text: string) => text.replace(/^#.*\n/gm, '').trim();

/** How a block of each language is run. */
const RUN: Readonly<Record<string, (at: Reader, text: string) => Promise<Ended>>> = {
  sh: (at, text) => at.shell(text, UNTIL_INTERRUPTED.get(commandOf(text))),
  js: (at, text) => at.node(text),
  python: (at, text) => at.python(text),
  // Five fields say when. The directory in which npm put the program is another one here.
  crontab: (at, text) =>
    at.shell(
      text
        .replace(/^PATH=/m, 'PATH=$DOCS_BIN:')
        .replace(/^(?:\S+ ){5}(?=\S)/gm, '')
        .replaceAll('/home/you/', ''),
    ),
};

const RUNS = PAGES.map(({ path, blocks }) => [path, stepsOf(blocks)] as const).filter(([, steps]) => steps.length > 0);

describe.skipIf(skip).each(RUNS)('%s', (_path, steps) => {
  let at: Reader;
  beforeAll(async () => {
    at = await reader();
  });
  afterAll(() => at[Symbol.asyncDispose]());

  for (const step of steps) {
    const { block, text, first } = step;
    const lacks = missing.some((command) => new RegExp(`\\b${command}\\b`).test(`${block.language}3 ${text}`));
    test.skipIf(lacks)(`line ${block.line}, ${block.language}: ${commandOf(text).split('\n')[0]}`, async () => {
      if (first) await at.begin(worldOf(step));
      const { exit, output } = await (RUN[block.language]?.(at, text) ?? expect.unreachable());
      expect(exit, `${block.under}\n\n${text}\n\n${output}`).toBe(0);
      expect(output, text).not.toMatch(/Traceback|DEFECT|UNEXPECTED/);
      // What a comment says that is printed.
      for (const [, said = ''] of text.matchAll(/^console\.\w+\(.*\); \/\/ (.+)$/gm)) {
        for (const part of said.split('…')) expect(output, text).toContain(part.trim());
      }
    });
  }
});

test('everything that is listed as special is still there', () => {
  const there = new Set(PAGES.flatMap(({ blocks }) => blocks.flatMap(examplesIn)).map(commandOf));
  const listed = [...NOT_RUN.keys(), ...UNTIL_INTERRUPTED.keys()];
  expect(listed.filter((command) => !there.has(command))).toEqual([]);
});
