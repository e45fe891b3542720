import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { consentSite, startedAt } from '../flow/consent-site.ts';

const FIREFOX = ['firefox-esr', 'firefox'].find((name) => spawnSync(name, ['--version']).status === 0);
if (FIREFOX === undefined) console.warn('SKIPPED: there is no Firefox: `apt-get install firefox-esr`.');

/** Nothing of its own is to be asked for. */
const PREFERENCES = [
  ['browser.aboutwelcome.enabled', false],
  ['browser.shell.checkDefaultBrowser', false],
  ['datareporting.policy.dataSubmissionEnabled', false],
  ['app.normandy.enabled', false],
  ['app.update.enabled', false],
  ['network.captive-portal-service.enabled', false],
  ['network.connectivity-service.enabled', false],
  ['browser.region.update.enabled', false],
  ['extensions.getAddons.cache.enabled', false],
] as const;

describe.skipIf(FIREFOX === undefined)('in a real Firefox', () => {
  test.each(['127.0.0.1', 'localhost'])(
    'the start address at %s leads to the provider, and its cookie back to the result',
    async (host) => {
      const profile = await mkdtemp(join(tmpdir(), 'firefox-'));
      const lines = PREFERENCES.map(([name, value]) => `user_pref("${name}", ${value});\n`);
      await writeFile(join(profile, 'user.js'), lines.join(''));
      await using site = await consentSite();
      await using visited = await startedAt(site, host, '/at-once');
      const { startUrl = '' } = visited.listener;
      const child = spawn(FIREFOX ?? '', ['--headless', '--no-remote', '--profile', profile, startUrl], {
        env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
        stdio: 'ignore',
        detached: true,
      });
      try {
        const { response } = await visited.listener.callback;
        expect(response).toBe('the-code');
        expect(visited.exchanges).toBe(1);
      } finally {
        const ended = once(child, 'exit');
        // With the processes of its pages.
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        await ended;
        await rm(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    120_000,
  );
});
