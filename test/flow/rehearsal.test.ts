import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openLog } from '../../src/log/log.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { googleHealth } from '../../src/providers/google-health.ts';
import { Secret } from '../../src/secret.ts';
import { listen } from '../../src/server/listener.ts';
import type { Visit } from '../../src/server/rehearsal.ts';
import { fileStore } from '../../src/store/file-store.ts';
import type { Ports } from '../../src/usecases/ports.ts';
import { rehearse } from '../../src/usecases/rehearsal.ts';
import { bench } from './sign-in.ts';

const NOW = new Date('2026-01-31T12:00:00Z');
const REDIRECT_URI = 'http://127.0.0.1:8976/callback';
/** Longer than a rehearsal takes, on a busy machine too: for what must not happen. */
const A_WHILE_MS = 400;

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rehearsal-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

describe('the end of a sign-in', () => {
  const always = fitbit();
  test.each([
    ['Fitbit', fitbit()],
    ['Google Health, which is asked whose account it is', googleHealth()],
    ['a server that names itself in every answer', { ...always, server: { ...always.server, issAlwaysSent: true } }],
    ['a sandbox', fitbit('http://127.0.0.1:1')],
  ])('is gone through to its end, and nothing is touched: %s', async (_name, provider) => {
    const home = await directory();
    const touched: string[] = [];
    const touch = (what: string) => () => {
      touched.push(what);
      throw new Error(what);
    };
    const store = fileStore({ directory: join(home, 'profiles'), onNotice: touch('notice') });
    const ports: Ports = {
      now: () => NOW,
      store: { ...store, update: touch('update'), read: touch('read'), remove: touch('remove') },
      fetch: touch('fetch'),
      log: { info: touch('log'), warn: touch('log') },
      files: { read: touch('files'), write: touch('files') },
      notice: touch('notice'),
    };
    const client = { id: '23ABCD', secret: new Secret('marked-client-secret') };
    const request = { name: 'default', provider, client, scopes: ['sleep'], redirectUris: [REDIRECT_URI] };
    expect(await rehearse(request, REDIRECT_URI, ports)).toBe(true);
    expect(touched).toEqual([]);
    expect(await readdir(home)).toEqual([]);
  });

  test('that cannot be gone through is no reason to end a wait', async () => {
    await using at = await bench();
    const ports = { now: () => NOW, store: fileStore({ directory: at.home }) };
    const provider = { ...fitbit(), server: { ...fitbit().server, tokenEndpoint: 'not an address' } };
    const request = { name: 'default', provider, client: { id: '23ABCD' }, scopes: [], redirectUris: [] };
    const others = {
      fetch,
      log: { info() {}, warn() {} },
      files: { read: async () => undefined, write: async () => {} },
    };
    expect(await rehearse(request, REDIRECT_URI, { ...ports, ...others, notice: () => {} })).toBe(false);
  });

  test('is rehearsed while the person is away, and the provider, the disk and the log know nothing of it', async () => {
    await using at = await bench();
    const waiting = await at.begin();
    await delay(A_WHILE_MS);
    expect(at.sent).toEqual([]);
    expect(waiting.events.map(({ kind }) => kind)).toEqual(['waiting']);
    expect(await readdir(join(at.home, 'profiles'))).toEqual([]);
    expect(await readFile(join(at.home, 'log/fitbit-login.log'), 'utf8')).toBe('');
    await waiting.consent();
    expect(await waiting.result).toMatchObject({ profile: 'default' });
    expect(at.sent.map((form) => form.get('code'))).toEqual([expect.not.stringContaining('rehearsal')]);
  });
});

describe('a server’s visit to itself', () => {
  const visited = async () => {
    const file = join(await directory(), 'own.log');
    const answers: (readonly [number, string])[] = [];
    let sent: Readonly<Record<string, string>> = {};
    const visit: Visit = async (url, init) => {
      sent = init.headers;
      const { status } = await fetch(url, init);
      answers.push([status, url]);
    };
    const listener = await listen({
      redirectUris: ['http://127.0.0.1:0/callback'],
      onCallback: () => Promise.reject(new Error('This is for nobody.')),
      log: openLog({ file, now: () => NOW }),
      visit,
    });
    await listener.ready;
    while (answers.length === 0) await delay(5);
    return { listener, answers, headers: () => sent, lines: async () => (await readFile(file, 'utf8')).split('\n') };
  };

  test('comes once, finds nothing there, and leaves no line in the log', async () => {
    const { listener, answers, lines } = await visited();
    await using _ = listener;
    expect(answers).toEqual([[404, `${listener.redirectUri}/rehearsal`]]);
    expect(await lines()).toEqual(['']);
  });

  test('cannot be made by anybody else', async () => {
    const { listener, headers, lines } = await visited();
    await using _ = listener;
    const [[name = '', mark = ''] = []] = Object.entries(headers());
    expect(mark).toMatch(/^[0-9a-f]{32}$/);
    for (const other of ['', '0'.repeat(32), mark.toUpperCase().replace(/^./, 'x')]) {
      await fetch(`${listener.redirectUri}/rehearsal`, { headers: { [name]: other } });
    }
    expect((await lines()).filter((line) => line.includes('request completed'))).toHaveLength(3);
  });
});
