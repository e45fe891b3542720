import { spawnSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { refreshAll } from '../../src/auth/index.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { Program } from '../cli/program.ts';
import { GOOGLE } from '../flow/google.ts';
import { bench } from '../flow/sign-in.ts';
import { signedIn } from '../flow/signed-in.ts';

/** Of Debian's `faketime`. */
const FAKETIME = 'faketime';
const noFaketime = spawnSync(FAKETIME, ['--version']).status !== 0;
if (noFaketime) console.warn('SKIPPED: faketime is not there to move the clock of a process with.');

const FITBIT = { clientId: SANDBOX_CLIENTS.server.id, clientSecret: SANDBOX_CLIENTS.server.secret };
const HOURS = 3_600;

/** Numbers that are random, and the same in each run with the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.skipIf(noFaketime)(
  'a week of an unattended machine, with faults at random: each death is told once and soon, nothing else is lost, kept files are current',
  { timeout: 600_000 },
  async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 100_000);
    console.log(`SEED=${seed}`);
    const random = randomFrom(seed);
    const people = Array.from({ length: 20 }, (_, index) => ({
      userId: `WEEK${String(index).padStart(2, '0')}`,
      displayName: `Week ${index}`,
    }));
    await using at = await bench({ people });
    const environment = { FITBIT_LOGIN_HOME: at.home };
    const profiles = people.map(({ userId: person }, index) => ({ name: `p${index}`, person, isFitbit: index < 10 }));
    const kept = (name: string) => join(at.home, `kept-${name}.json`);
    const stored = async (name: string) =>
      JSON.parse(await readFile(join(at.home, 'profiles', `${name}.json`), 'utf8'));
    const [script, notes] = [join(at.home, 'notify.sh'), join(at.home, 'notes')];
    await writeFile(script, `#!/bin/sh\ncat >> '${notes}'\n`);
    await chmod(script, 0o700);
    await writeFile(notes, '');

    let passed = 0;
    const pass = (seconds: number) => {
      passed += seconds;
      at.sandbox.clock.step(seconds * 1000);
    };
    const run = async (...args: readonly string[]) => {
      const env = {
        PATH: process.env.PATH,
        ...environment,
        FITBIT_LOGIN_NOTIFY: script,
        // Timers and pauses keep their own clock.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      };
      const within = passed === 0 ? [] : [FAKETIME, '-f', `+${passed}s`];
      return new Program(args, env, { within }).ended;
    };

    for (const { name, person, isFitbit } of profiles) {
      const waiting = await at.begin({ ...(isFitbit ? FITBIT : GOOGLE), profile: name }, { environment });
      await waiting.consent({ person });
      await waiting.result;
      const format = isFitbit ? 'notebook' : 'authorized-user';
      expect((await run('export', '--profile', name, '--format', format, '--output', kept(name), '--keep')).exit).toBe(
        0,
      );
    }

    const dead = new Set<string>();
    const tokens = new Map<string, string>();
    for (let step = 0; step < 28; step += 1) {
      pass(6 * HOURS);
      const kind = random(6);
      if (kind === 0) at.sandbox.faults.add({ at: 'fitbit', kind: 'status', status: 410 });
      if (kind === 1) at.sandbox.faults.add({ at: 'token', kind: 'status', status: 429, times: 1 + random(4) });
      if (kind === 2) at.sandbox.faults.add({ at: 'token', kind: 'lost-answer', times: 1 + random(4) });
      const victim = profiles[random(20)];
      if (kind === 3 && victim !== undefined) {
        const { refresh_token: token, client_id: id, client_secret: secret } = await stored(victim.name);
        await fetch(new URL(victim.isFitbit ? '/oauth2/revoke' : '/revoke', at.sandbox.origin), {
          method: 'POST',
          headers: victim.isFitbit ? { authorization: `Basic ${btoa(`${id}:${secret}`)}` } : {},
          body: new URLSearchParams({ token }),
        });
        dead.add(victim.name);
      }
      await run('refresh', '--all');
      at.sandbox.faults.clear();
      pass(60);
      // With all tokens asked for, so that no death is hidden by a token that still works.
      const { exit, stdout } = await run('refresh', '--all', '--json', '--min-ttl', '28000');
      expect(exit).toBe(dead.size > 0 ? 3 : 0);
      const outcomes: readonly { profile: string; error?: { code: string } }[] = JSON.parse(stdout);
      const failed = outcomes.filter(({ error }) => error !== undefined);
      expect(failed.map(({ profile }) => profile).sort()).toEqual([...dead].sort());
      for (const { name } of profiles.filter((profile) => !dead.has(profile.name))) {
        const { access_token, refresh_token } = await stored(name);
        tokens.set(name, refresh_token);
        // authorized_user holds the refresh token alone.
        expect(await readFile(kept(name), 'utf8')).toMatch(
          new RegExp(`${access_token.replaceAll(/\W/g, '.')}|${refresh_token.replaceAll(/\W/g, '.')}`),
        );
      }
    }
    for (const { name } of profiles) expect(at.sandbox.isLive(tokens.get(name) ?? '')).toBe(!dead.has(name));
    const events = (await readFile(notes, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(events.map(({ event, profile }) => `${event} ${profile}`).sort()).toEqual(
      [...dead].map((name) => `dead ${name}`).sort(),
    );
  },
);

test('1,000 profiles in one refresh --all: never more than eight requests at once, each profile once', {
  timeout: 300_000,
}, async () => {
  let [flying, most, sent] = [0, 0, 0];
  await using at = await signedIn({
    ...GOOGLE,
    through: (send) => async (url, init) => {
      flying += 1;
      sent += 1;
      most = Math.max(most, flying);
      return send(url, init).finally(() => {
        flying -= 1;
      });
    },
  });
  // A refresh of Google uses up nothing, so that all of them may have the same token.
  const text = await at.text();
  for (let index = 1; index < 1_000; index += 1)
    await writeFile(join(dirname(at.file), `copy-${index}.json`), text, { mode: 0o600 });
  at.pass(3_600);
  sent = 0;
  const begun = performance.now();
  const outcomes = await refreshAll({}, at.surroundings);
  console.log(
    `1,000 profiles: ${Math.round(performance.now() - begun)} ms, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  );
  expect(outcomes.filter(({ outcome }) => outcome === 'refreshed')).toHaveLength(1_000);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
  expect(sent).toBe(1_000);
});
