import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ProgramFixture, programFixture, robotBrowser } from '../cli/program.ts';
import { DESKTOP } from '../flow/google.ts';
import { pageAt } from './pages.ts';

/** The blocks of the page in a language, in their order. */
const blocks = (language: string) =>
  pageAt('docs/unattended.md')
    .blocks.filter((block) => block.language === language)
    .map(({ text }) => text);

/** Debian's own, which has the modules of Debian's packages. */
const PYTHON = '/usr/bin/python3';
const lacks = (what: string, command: string, ...args: readonly string[]) => {
  const missing = spawnSync(command, args).status !== 0;
  if (missing) console.warn(`SKIPPED: ${what} is not there.`);
  return missing;
};
const noYaml = lacks('python3-yaml', PYTHON, '-c', 'import yaml');
const noGoogle = lacks('python3-google-auth', PYTHON, '-c', 'import google.auth');
const noSystemd = lacks('systemd-analyze', 'systemd-analyze', '--version');
const noBubblewrap = lacks('bubblewrap', 'bwrap', '--ro-bind', '/', '/', 'true');

let at: ProgramFixture;
let bin = '';
beforeAll(async () => {
  at = await programFixture(await robotBrowser('allow'));
  expect((await at.run(at.login())).exit).toBe(0);
  bin = await mkdtemp(join(tmpdir(), 'bin-'));
  await program('fitbit-login', `exec '${process.execPath}' '${resolve('dist/bin.cjs')}' "$@"`);
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
  await rm(bin, { recursive: true, force: true });
});

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

/** Runs a shell's command as a reader would, with these programs first in the PATH. */
function shell(script: string, more: Readonly<Record<string, string>> = {}) {
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: at.home, FITBIT_LOGIN_HOME: at.home, ...more };
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

function fromYaml(text: string) {
  const { stdout, status } = spawnSync(
    PYTHON,
    ['-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'],
    {
      input: text,
      encoding: 'utf8',
    },
  );
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

describe.skipIf(process.platform !== 'linux')('docs/unattended.md', () => {
  test.skipIf(noSystemd)('the service and its timer pass systemd-analyze verify', async () => {
    const units = join(at.home, 'units');
    await mkdir(units);
    const [service = '', timer = ''] = blocks('ini');
    await writeFile(
      join(units, 'fitbit-login.service'),
      service.replaceAll('/usr/local/bin/fitbit-login', join(bin, 'fitbit-login')),
    );
    await writeFile(join(units, 'fitbit-login.timer'), timer);
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', join(units, 'fitbit-login.service'), join(units, 'fitbit-login.timer')],
      { encoding: 'utf8' },
    );
    expect({ status, said: (stdout + stderr).split('\n').filter((line) => line.includes(units)) }).toEqual({
      status: 0,
      said: [],
    });
  });

  test.skipIf(noBubblewrap)(
    'a container with a read-only root, a fixed user and one volume refreshes, and writes nowhere else',
    async () => {
      const inside = [
        'bwrap',
        '--unshare-user',
        '--uid',
        '10001',
        '--gid',
        '10001',
        '--ro-bind',
        '/',
        '/',
        '--dev',
        '/dev',
        '--proc',
        '/proc',
        '--bind',
        at.home,
        at.home,
      ];
      const before = JSON.parse(await at.stored()).access_token;
      const { exit, stdout } = await at.run(['refresh', '--all', '--min-ttl', '28000', '--json'], { within: inside });
      expect({ exit, outcomes: JSON.parse(stdout) }).toMatchObject({ exit: 0, outcomes: [{ outcome: 'valid' }] });
      expect((await at.run(['refresh'], { within: inside })).exit).toBe(0);
      expect(JSON.parse(await at.stored()).access_token).not.toBe(before);
    },
  );

  test.skipIf(noYaml)(
    'the CronJob is a CronJob, and its command makes a Secret of a working token, in no argument',
    async () => {
      const job = fromYaml(blocks('yaml')[0] ?? '');
      expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'CronJob' });
      const [{ command }] = job.spec.jobTemplate.spec.template.spec.containers;
      await program(
        'kubectl',
        `echo "$@" >> '${at.home}/arguments'; case "$1" in create) cat;; apply) cat > '${at.home}/applied';; esac`,
      );
      const token = JSON.parse(await at.stored()).access_token;
      const [, , script] = command;
      expect(command.slice(0, 2)).toEqual(['sh', '-ec']);
      expect(shell(script)).toMatchObject({ status: 0, stderr: '' });
      expect(await readFile(join(at.home, 'applied'), 'utf8')).toBe(`access-token=${token}\n`);
      expect(await readFile(join(at.home, 'arguments'), 'utf8')).not.toContain(token);
      // A failing fitbit-login applies nothing.
      await rm(join(at.home, 'applied'));
      expect(shell(script, { FITBIT_LOGIN_PROFILE: 'absent' }).status).not.toBe(0);
      await expect(readFile(join(at.home, 'applied'))).rejects.toThrow();
    },
  );

  test.skipIf(noYaml)('the workflow of GitHub Actions has steps that run', async () => {
    const workflow = fromYaml(blocks('yaml')[1] ?? '');
    const [take, use] = workflow.jobs.fetch.steps;
    const app = { FITBIT_CLIENT_ID: DESKTOP.id, FITBIT_CLIENT_SECRET: DESKTOP.secret };
    expect((await at.run(at.login('--profile', 'google'), { environment: app })).exit).toBe(0);
    const { stdout: tokens } = await at.run(['export', '--format', 'authorized-user', '--profile', 'google']);
    const atSandbox = take.run.replace('import -', `import - --sandbox ${at.sandbox.origin}`);
    const imported = { ...app, FITBIT_LOGIN_HOME: join(at.home, 'runner'), GOOGLE_TOKENS: tokens };
    expect(shell(atSandbox, imported)).toMatchObject({ status: 0 });
    await program('python3', 'test -n "$FITBIT_ACCESS_TOKEN"');
    const { status, stdout } = shell(use.run, imported);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^::add-mask::\S{20}/) });
    await rm(join(bin, 'python3'));
  });

  test('Vault and 1Password read the tokens from standard input', async () => {
    const lines = blocks('text')
      .flatMap((text) => text.split('\n'))
      .filter((line) => /vault|op document/.test(line));
    expect(lines).toHaveLength(2);
    const { refresh_token } = JSON.parse(await at.stored());
    for (const name of ['vault', 'op']) await program(name, 'cat');
    for (const line of lines) expect(shell(line).stdout).toContain(refresh_token);
  });

  test.skipIf(noGoogle)(
    'the Python class is google-auth credentials: refreshed before use, an error without a token',
    async () => {
      const use = [
        'from google.auth.transport import Request',
        'import sys',
        'credentials = FitbitLogin(*sys.argv[1:])',
        'headers = {}',
        'credentials.before_request(None, "GET", "https://health.googleapis.com/", headers)',
        'print(headers["authorization"], credentials.valid, credentials.expired)',
      ].join('\n');
      const file = join(at.home, 'class.py');
      await writeFile(file, `${blocks('py')[0]}\n\n${use}\n`);
      const token = JSON.parse(await at.stored()).access_token;
      expect(shell(`${PYTHON} '${file}'`)).toMatchObject({ status: 0, stdout: `Bearer ${token} True False\n` });
      expect(shell(`${PYTHON} '${file}' absent`)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('RefreshError: Not signed in'),
      });
      expect(
        blocks('py')[0]
          ?.trim()
          .split('\n')
          .filter((line) => line.trim() !== '').length,
      ).toBeLessThanOrEqual(20);
    },
  );
});
