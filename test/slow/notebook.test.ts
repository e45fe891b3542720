import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { APP, type ProgramFixture, programFixture, robotBrowser } from '../cli/program.ts';

const LIFETIME_MS = 28_800_000;

/** What people run such a notebook with, where it is installed. */
const READERS = [
  ['JavaScript', process.execPath, 'notebook.mjs'],
  ['Python', 'python3', 'notebook.py'],
].filter(([, command]) => command !== undefined && spawnSync(command, ['--version']).status === 0);

/** The app is not in the environment: it comes from the notebook's file alone. */
const WITHOUT_APP = { environment: { FITBIT_CLIENT_ID: '', FITBIT_CLIENT_SECRET: '' } };

/** Eight hours pass, for the provider and for the tool. */
async function expire(at: ProgramFixture): Promise<void> {
  at.sandbox.clock.step(LIFETIME_MS);
  await at.plant(JSON.stringify({ ...JSON.parse(await at.stored()), expires_at: '2026-01-31T20:00:00.000Z' }));
}

describe('the notebook keeps working unchanged through two expiries:', () => {
  test.each(READERS)('in %s', async (_language, command, file) => {
    await using at = await programFixture(await robotBrowser('allow'));
    const directory = join(at.home, 'notebook');
    const env = join(directory, '.env');
    await mkdir(directory);
    // What its owner has in there today, an old token and keys of another program among it.
    const own = {
      client_id: APP.id,
      client_secret: APP.secret,
      access_token: 'of last year',
      plot: { colour: 'teal' },
    };
    await writeFile(env, JSON.stringify(own, null, 4), { mode: 0o644 });
    const notebook = () =>
      new Promise<string>((done) => {
        const script = resolve(import.meta.dirname, file ?? '');
        execFile(command ?? '', [script, at.sandbox.origin], { cwd: directory, env: {} }, (_error, stdout) =>
          done(stdout),
        );
      });

    expect(await at.run(at.login('--client-secret-file', env), WITHOUT_APP)).toMatchObject({ exit: 0 });
    expect(await notebook()).toMatch(/^invalid_token: /);
    const keep = ['export', '--format', 'notebook', '--output', env, '--keep'];
    expect(await at.run(keep, WITHOUT_APP)).toMatchObject({ exit: 0, stdout: '' });
    expect(JSON.parse(await notebook()).user.encodedId).toBe('WALK01');

    for (let round = 1; round <= 2; round += 1) {
      await expire(at);
      expect(await notebook()).toMatch(/^expired_token: /);
      const { exit, stdout } = await at.run(['token'], WITHOUT_APP);
      expect(exit).toBe(0);

      expect(JSON.parse(await notebook()).user.encodedId).toBe('WALK01');
      const { access_token, refresh_token, ...rest } = JSON.parse(await readFile(env, 'utf8'));
      expect(access_token).toBe(stdout.trim());
      expect(at.sandbox.isLive(refresh_token)).toBe(true);
      expect(rest).toEqual({ client_id: APP.id, client_secret: APP.secret, plot: { colour: 'teal' } });
      expect((await stat(env)).mode & 0o777).toBe(0o600);
      expect(await readdir(directory)).toEqual(['.env']);
      expect(at.sandbox.state().counts).toMatchObject({ exchanges: 1, refreshes: round, invalidGrants: 0 });
    }
  });
});
