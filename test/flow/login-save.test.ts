import { existsSync, readFileSync } from 'node:fs';
import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../src/environment.ts';
import { fileStore } from '../../src/store/file-store.ts';
import { NAVIGATION, parse } from './server-visitor.ts';
import { type SignInFixture, signInFixture, type Waiting } from './sign-in.ts';

/** Holds the profile's lock, as another process at work on it does, until `release` is called. */
async function held(at: SignInFixture): Promise<{ release: () => Promise<void> }> {
  const locked = await fileStore({ directory: dirname(at.file) }).lock('default');
  return { release: () => Promise.resolve(locked[Symbol.asyncDispose]()) };
}

const get = ({ redirectUri }: Waiting, target: string, headers: Readonly<Record<string, string>>) =>
  [
    `GET ${target} HTTP/1.1`,
    `host: ${new URL(redirectUri).host}`,
    ...Object.entries(headers).map((h) => h.join(': ')),
    '',
    '',
  ].join('\r\n');

describe('the save', () => {
  test.each([
    ['a browser', NAVIGATION],
    ['a script', { accept: '*/*' }],
  ])('the request of %s stays open, and no code is sent, until the disk space is reserved', async (_name, headers) => {
    await using at = await signInFixture();
    const waiting = await at.begin();
    const holder = await held(at);
    const onDisk: boolean[] = [];
    const page = waiting.raw(get(waiting, await waiting.answer(), headers), () => onDisk.push(existsSync(at.file)));
    await waiting.said('answered');
    // A later visitor gets a response meanwhile, so a response sent too early would be here by now.
    for (let visitor = 0; visitor < 5; visitor += 1) expect((await waiting.visit('/favicon.ico')).status).toBe(204);
    expect(onDisk).toEqual([]);
    expect(at.sandbox.state().counts.exchanges).toBe(0);

    await holder.release();
    const { status, header } = parse(await page);
    expect(onDisk[0]).toBe(true);
    if (status === 303) await waiting.visit((header('location') ?? '').replace('#', ''));
    await expect(waiting.result).resolves.toMatchObject({ userId: 'WALK01' });
  });

  test('the page says “Signed in” only once the tokens are on disk', async () => {
    await using at = await signInFixture();
    await at.signIn();
    const old = await at.stored();
    const waiting = await at.begin();
    const seen: string[] = [];
    const target = await waiting.answer();
    const page = await waiting.raw(get(waiting, target, { accept: '*/*' }), () =>
      seen.push(readFileSync(at.file, 'utf8')),
    );
    expect(page).toMatch(/signed in/i);
    expect(seen[0]).not.toBe(old);
    expect(at.sandbox.isLive(JSON.parse(seen[0] ?? '').refresh_token)).toBe(true);
  });

  test('a callback that arrives after the wait has ended is not exchanged, and nothing is stored', async () => {
    await using at = await signInFixture();
    await at.signIn();
    const old = await at.stored();
    const stop = new AbortController();
    const waiting = await at.begin({ signal: stop.signal });
    const exchanges = at.sent.length;
    const target = await waiting.answer();
    const { hostname, port } = new URL(waiting.redirectUri);
    const sockets = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = connect(Number(port), hostname).on('error', () => {});
        socket.write(get(waiting, target, { accept: '*/*' }).slice(0, -2));
        await new Promise((resolve) => socket.once('connect', resolve));
        return socket;
      }),
    );
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    stop.abort();
    for (const socket of sockets) socket.end('\r\n');
    await expect(waiting.result).rejects.toMatchObject({ code: 'CANCELLED' });
    for (const socket of sockets) socket.resume();
    await Promise.all(closed);
    expect(at.sent).toHaveLength(exchanges);
    expect(await at.stored()).toBe(old);
  });

  test('a token’s age counts from before the request, so a slow response does not extend it', async () => {
    let time = Date.parse('2026-01-31T12:00:00Z');
    const slow: Fetch = async (url, init) => {
      const response = await fetch(url, init);
      time += 9_000;
      return response;
    };
    await using at = await signInFixture({ fetch: slow });
    const begun = new Date(time);
    const done = await at.signIn({}, { now: () => new Date(time) });
    expect(done.obtainedAt).toEqual(begun);
    expect(done.expiresAt).toEqual(new Date(begun.getTime() + 28_800_000));
  });

  test('a code that has arrived is exchanged and stored even if the wait is aborted meanwhile', async () => {
    await using at = await signInFixture();
    const stop = new AbortController();
    const waiting = await at.begin({ signal: stop.signal });
    const holder = await held(at);
    const page = waiting.consent();
    await waiting.said('answered');
    stop.abort();
    await holder.release();
    expect(await (await page).text()).toMatch(/signed in/i);
    await expect(waiting.result).resolves.toMatchObject({ userId: 'WALK01' });
  });
});

// These hold for root too, who may write anywhere else.
const UNUSABLE: readonly (readonly [string, (directory: string) => Promise<void>])[] = [
  ['is a file', (directory) => writeFile(directory, '')],
  ['leads nowhere', (directory) => symlink(join(directory, '../gone'), directory)],
  ['is a link to a file system that takes nothing', (directory) => symlink('/proc/1', directory)],
];

describe.skipIf(process.platform === 'win32')('a store that cannot be written', () => {
  test.each(UNUSABLE)(
    'because its directory %s: STORE_UNAVAILABLE, before the browser is opened',
    async (_name, spoil) => {
      await using at = await signInFixture();
      await spoil(dirname(at.file));
      const opened: string[] = [];
      const openBrowser = async (url: string) => void opened.push(url);
      const environment = { FITBIT_LOGIN_HOME: at.home };
      const begun = at.begin({ browser: true }, { environment, openBrowser });
      await expect(begun).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', exitCode: 6 });
      expect(opened).toEqual([]);
    },
  );

  test.each(UNUSABLE)('because its directory %s since: no code is sent, and the page says so', async (_name, spoil) => {
    await using at = await signInFixture();
    await at.signIn();
    const old = await at.stored();
    const waiting = await at.begin();
    const directory = dirname(at.file);
    await rename(directory, `${directory}.away`);
    await spoil(directory);
    const page = await (await waiting.consent()).text();
    expect(page.replaceAll('<wbr>', '')).toContain('STORE_UNAVAILABLE');
    await expect(waiting.result).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(at.sandbox.state().counts.exchanges).toBe(1);
    await rm(directory);
    expect(await readFile(join(`${directory}.away`, 'default.json'), 'utf8')).toBe(old);
  });

  test('a damaged profile is refused before the browser is opened, and unchanged', async () => {
    await using at = await signInFixture();
    await at.signIn();
    for (const [content, code] of [
      ['{"version":1,', 'STORE_DAMAGED'],
      ['{"version":99}', 'STORE_VERSION'],
    ] as const) {
      await writeFile(at.file, content);
      await expect(at.begin()).rejects.toMatchObject({ code, exitCode: 6 });
      expect(await at.stored()).toBe(content);
    }
  });
});
