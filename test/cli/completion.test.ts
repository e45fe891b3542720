import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SHELLS } from '../../src/cli/commands/completion.ts';
import { longTest, some } from '../extent.ts';
import { type ProgramFixture, programFixture } from './program.ts';
import { type Editor, LineEditor, skipWithoutShell } from './shell.ts';

const run = promisify(execFile);

/** Names that are as odd as the store takes them. */
const PROFILES = ['a.b-c_D', 'partner', '9'];

let at: ProgramFixture;
let directory = '';
let environment: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  at = await programFixture();
  await at.plant();
  for (const name of PROFILES) await writeFile(join(dirname(at.file), `${name}.json`), await at.stored());
  await writeFile(join(dirname(at.file), 'broken.json'), '{');
  directory = await mkdtemp(join(tmpdir(), 'completion-'));
  await mkdir(join(directory, 'bin'));
  const { bin } = JSON.parse(await readFile('package.json', 'utf8'));
  await symlink(resolve(bin['fitbit-login']), join(directory, 'bin/fitbit-login'));
  await mkdir(join(directory, 'here/saved'), { recursive: true });
  await writeFile(join(directory, 'here/client secret.json'), 'as it was');
  environment = {
    PATH: [join(directory, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: directory,
    FITBIT_LOGIN_HOME: at.home,
    FITBIT_CLIENT_ID: '23ABCD',
  };
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const here = () => join(directory, 'here');
const everything = async () => ({
  stored: await readdir(at.home, { recursive: true }),
  here: await readdir(here()),
  file: await readFile(join(here(), 'client secret.json'), 'utf8'),
});

/** `[what is typed before Tab, what stands there then]` */
const LINES = [
  // What is half typed is not run.
  ['fitbit-login token $(touch made) --js', 'fitbit-login token $(touch made) --json '],
  ['fitbit-login token > made --js', 'fitbit-login token > made --json '],
  ['fitbit-login tok', 'fitbit-login token '],
  ['fitbit-login help mig', 'fitbit-login help migrate '],
  ['fitbit-login --client-i', 'fitbit-login --client-id '],
  ['fitbit-login token --min', 'fitbit-login token --min-ttl '],
  ['fitbit-login token --log-level=w', 'fitbit-login token --log-level=warn '],
  ['fitbit-login status --profile a.', 'fitbit-login status --profile a.b-c_D '],
  ['fitbit-login profiles delete pa', 'fitbit-login profiles delete partner '],
  ['fitbit-login export --format go', 'fitbit-login export --format go-oauth2 '],
  ['fitbit-login login --scope sleep,we', 'fitbit-login login --scope sleep,weight '],
  ['fitbit-login login --scope "sleep we', 'fitbit-login login --scope "sleep weight" '],
  [
    'fitbit-login login --provider google-health --scope ecg',
    'fitbit-login login --provider google-health --scope ecg.readonly ',
  ],
  ['fitbit-login import cl', 'fitbit-login import client\\ secret.json '],
  ['fitbit-login export --output=cl', 'fitbit-login export --output=client\\ secret.json '],
  ['fitbit-login exec -- ./sa', 'fitbit-login exec -- ./saved/'],
  ['fitbit-login completion z', 'fitbit-login completion zsh '],
  // Nothing to offer.
  ['fitbit-login tokenn', 'fitbit-login tokenn'],
  ['fitbit-login nope --pro', 'fitbit-login nope --pro'],
  ['fitbit-login token --min-ttl=', 'fitbit-login token --min-ttl='],
] as const;

for (const editor of ['bash', 'zsh'] as const satisfies readonly Editor[]) {
  describe.skipIf(skipWithoutShell(editor))(`Tab in ${editor}`, () => {
    let shell: LineEditor;
    let before: unknown;
    beforeAll(async () => {
      before = await everything();
      shell = await LineEditor.start(editor, { cwd: here(), environment });
    });
    afterAll(() => shell[Symbol.asyncDispose]());

    test.each(some(LINES, 3))('%s', async (typed, completed) => {
      expect(await shell.line(`${typed}\t`)).toBe(completed);
    });

    longTest('lists the choices', async () => {
      const seen = shell.screen.length;
      // zsh shows the list on the first Tab; bash beeps, and shows it on the second.
      await shell.line(`fitbit-login profiles delete ${editor === 'zsh' ? '\t' : '\t\t'}`);
      const shown = shell.screen.slice(seen);
      for (const name of [...PROFILES, 'default', 'broken']) expect(shown).toContain(name);
    });

    test('prints nothing else, and leaves no file behind', async () => {
      expect(shell.screen).not.toMatch(/not found|(bash|zsh|fitbit-login): /);
      expect(await everything()).toEqual(before);
    });
  });
}

describe.skipIf(skipWithoutShell('fish'))('Tab in fish', () => {
  /** What fish would offer for each of these lines, in one shell. */
  async function offered(lines: readonly string[]): Promise<readonly string[][]> {
    const asked = lines.map((line) => `complete -C ${JSON.stringify(line)}; echo END`).join('\n');
    const script = `fitbit-login completion fish | source\n${asked}`;
    const { stdout, stderr } = await run('fish', ['--no-config', '-c', script], { cwd: here(), env: environment });
    expect(stderr).toBe('');
    return stdout.split('END\n').map((block) => block.split('\n').filter(Boolean));
  }

  test('offers commands, options, profiles, scopes, formats and files, with words that say what they are', async () => {
    const before = await everything();
    const [commands, options, names, scopes, formats, files, joined, nothing, tricked] = await offered([
      'fitbit-login tok',
      'fitbit-login token --min',
      'fitbit-login status --profile ',
      'fitbit-login login --scope sleep,we',
      'fitbit-login export --format go',
      'fitbit-login import cl',
      'fitbit-login export --output=cl',
      'fitbit-login nope --pro',
      'fitbit-login token (touch made) --js',
    ]);
    expect(commands).toEqual(['token\tPrint a working access token']);
    expect(options).toEqual(['--min-ttl\trefresh if fewer than this many seconds remain']);
    expect(names).toEqual(
      expect.arrayContaining([
        'a.b-c_D\tWALK01, Fitbit (sandbox)',
        '9\tWALK01, Fitbit (sandbox)',
        'broken\tcannot be read',
      ]),
    );
    expect(scopes).toEqual([expect.stringMatching(/^sleep,weight\t/)]);
    expect(formats).toEqual(['go-oauth2']);
    expect(files).toEqual(['client secret.json']);
    expect(joined).toEqual(['--output=client secret.json']);
    expect(nothing).toEqual([]);
    expect(tricked).toEqual([expect.stringMatching(/^--json\t/)]);
    expect(await everything()).toEqual(before);
  });
});

describe('the completion command', () => {
  const ask = (words: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    at.run(['completion', 'bash', '--', ...words], { environment: more });

  test('finds the scopes of the provider that the line, the environment or the profile is about', async () => {
    const google = '406123456789-mynotebook.apps.googleusercontent.com';
    const both = await ask(['login', '--scope', 's'], {
      FITBIT_CLIENT_ID: 'something-else',
      FITBIT_LOGIN_PROFILE: 'x',
    });
    const answers = [
      await ask(['login', '--scope', 'sl'], { FITBIT_CLIENT_ID: google }),
      await ask(['login', '--client-id', google, '--scope', 'sl']),
      await ask(['login', '--scope', 'sl'], { FITBIT_CLIENT_ID: 'something-else' }),
      await ask(['login', '--provider=https://issuer.example', '--scope', 'sl']),
    ];
    expect(both.stdout.split('\n')).toEqual(expect.arrayContaining(['sleep', 'sleep.readonly']));
    expect(answers.map(({ stdout }) => stdout)).toEqual([
      'sleep.readonly\nsleep.writeonly\n',
      'sleep.readonly\nsleep.writeonly\n',
      'sleep\n',
      '\n',
    ]);
  });

  longTest('suggests nothing, without an error, if the store cannot be read', async () => {
    for (const home of [at.file, join(directory, 'nowhere')]) {
      expect(await ask(['status', '--profile', ''], { FITBIT_LOGIN_HOME: home })).toEqual({
        exit: 0,
        stdout: '\n',
        stderr: '',
      });
    }
    expect(await readdir(directory)).not.toContain('nowhere');
  });

  longTest('is read by each shell without a complaint, twice over', async () => {
    for (const shell of SHELLS) {
      const { exit, stdout, stderr } = await at.run(['completion', shell]);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`'completion',? '${shell}',? '--'`));
    }
    const twice = 'for i in 1 2; do source <(fitbit-login completion bash) || exit 1; done';
    await expect(run('bash', ['--norc', '-euc', twice], { env: environment })).resolves.toEqual({
      stdout: '',
      stderr: '',
    });
  });

  longTest('an unsupported shell is a usage error', async () => {
    const { exit, stderr } = await at.run(['completion', 'tcsh']);
    expect(exit).toBe(2);
    expect(stderr).toContain('bash, zsh, fish, pwsh');
  });
});
