import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { fill } from '../../scripts/torture/small-disk.ts';
import { refreshAll } from '../../src/auth/index.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { Program } from '../cli/program.ts';
import { GOOGLE } from '../flow/google.ts';
import { signInFixture } from '../flow/sign-in.ts';
import { signedIn } from '../flow/signed-in.ts';
import { mount, run as runFile } from '../flow/store-fixture.ts';

/** Of Debian's `faketime`. */
const FAKETIME = 'faketime';
const noFaketime = spawnSync(FAKETIME, ['--version']).status !== 0;
if (noFaketime) console.warn('SKIPPED: faketime is not there to move the clock of a process with.');

const FITBIT = { clientId: SANDBOX_CLIENTS.server.id, clientSecret: SANDBOX_CLIENTS.server.secret };
/** Of an app in Testing, whose sign-ins Google ends after seven days. */
const TESTING = { id: '100000000009-week.apps.googleusercontent.com', secret: 'marked-secret-of-the-week' };
const HOURS = 3_600;
const TWO_DAYS_MS = 48 * HOURS * 1000;

/** Numbers that are random, and the same in each run with the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.skipIf(noFaketime)(
  'a week of an unattended machine, with random faults: each expiry is notified once and in time, nothing else is lost, kept files are current',
  { timeout: 600_000 },
  async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 100_000);
    console.log(`SEED=${seed}`);
    const random = randomFrom(seed);
    const people = Array.from({ length: 20 }, (_, index) => ({
      userId: `WEEK${String(index).padStart(2, '0')}`,
      displayName: `Week ${index}`,
    }));
    await using at = await signInFixture({ people });
    at.sandbox.register({ ...TESTING, type: 'desktop', publishing: 'testing' });
    const home = join(at.home, 'disk');
    await mkdir(home, { mode: 0o700 });
    const hasDisk = (await mount(home, 'size=4m')) !== undefined;
    if (!hasDisk) console.warn('SKIPPED: the full disk of the week, which takes the right to mount one.');
    // At once, although this process still has the log open.
    await using _disk = {
      [Symbol.asyncDispose]: async () => void (hasDisk && (await runFile('umount', ['-l', home]))),
    };
    const environment = { FITBIT_LOGIN_HOME: home };
    const appOf = (index: number) => {
      if (index < 10) return FITBIT;
      return index < 17 ? GOOGLE : { ...GOOGLE, clientId: TESTING.id, clientSecret: TESTING.secret };
    };
    const profiles = people.map(({ userId: person }, index) => ({
      name: `p${index}`,
      person,
      isFitbit: index < 10,
      app: appOf(index),
    }));
    const kept = (name: string) => join(home, `kept-${name}.json`);
    const stored = async (name: string) => JSON.parse(await readFile(join(home, 'profiles', `${name}.json`), 'utf8'));
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

    const ends = new Map<string, number>();
    for (const { name, person, isFitbit, app } of profiles) {
      const waiting = await at.begin({ ...app, profile: name }, { environment });
      await waiting.consent({ person });
      await waiting.result;
      const format = isFitbit ? 'notebook' : 'authorized-user';
      expect((await run('export', '--profile', name, '--format', format, '--output', kept(name), '--keep')).exit).toBe(
        0,
      );
      const { refresh_expires_at: end } = await stored(name);
      if (end !== undefined) ends.set(name, Date.parse(end));
    }
    expect(ends.size).toBe(3);

    const dead = new Set<string>();
    const due: string[] = [];
    const notified = async () =>
      (await readFile(notes, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
        .map(({ event, profile }) => `${event} ${profile}`);
    const tokens = new Map<string, string>();
    for (let step = 0; step < 28; step += 1) {
      pass(6 * HOURS);
      const kind = random(7);
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
        if (!dead.has(victim.name)) due.push(`dead ${victim.name}`);
        dead.add(victim.name);
      }
      if (kind === 4 && hasDisk) await fill(home, random(3) * 4_096);
      for (const [name, end] of ends) {
        const left = end - Date.now() - passed * 1000;
        const isListed = dead.has(name) || due.includes(`ending ${name}`);
        if (left <= TWO_DAYS_MS && !isListed) due.push(`ending ${name}`);
        if (left > 0 || dead.has(name)) continue;
        due.push(`dead ${name}`);
        dead.add(name);
      }
      await run('refresh', '--all');
      at.sandbox.faults.clear();
      await rm(join(home, 'full'), { force: true });
      pass(60);
      // With all tokens asked for, so that no death is hidden by a token that still works.
      const { exit, stdout } = await run('refresh', '--all', '--json', '--min-ttl', '28000');
      expect(exit).toBe(dead.size > 0 ? 3 : 0);
      const outcomes: readonly { profile: string; error?: { code: string } }[] = JSON.parse(stdout);
      const failed = outcomes.filter(({ error }) => error !== undefined);
      expect(failed.map(({ profile }) => profile).sort()).toEqual([...dead].sort());
      // By the first run that could find it, and never again.
      expect((await notified()).sort()).toEqual([...due].sort());
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
  const outcomes = await refreshAll({}, at.runtimeOptions);
  console.log(
    `1,000 profiles: ${Math.round(performance.now() - begun)} ms, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  );
  expect(outcomes.filter(({ outcome }) => outcome === 'refreshed')).toHaveLength(1_000);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
  expect(sent).toBe(1_000);
});
