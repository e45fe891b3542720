import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LoginEvent, signIn as signInWith } from '../../src/auth/login.ts';
import { createRuntime } from '../../src/auth/runtime.ts';
import type { BrowserEvent } from '../../src/browser/open-browser.ts';
import { fitbit } from '../../src/providers/fitbit.ts';
import { consent } from '../../src/sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { Secret } from '../../src/secret.ts';
import type { Peer, PeerLookup } from '../../src/server/peer.ts';
import { decide, type SignInFixture, signInFixture } from './sign-in.ts';

let at: SignInFixture;
beforeAll(async () => {
  at = await signInFixture();
});
afterAll(() => at[Symbol.asyncDispose]());

const SILENT: BrowserEvent = { kind: 'browser-silent', reason: 'It has not ended.' };
const FAILED: BrowserEvent = { kind: 'browser-failed', reason: 'It has failed.', triesNext: false };

/** A sign-in whose browser is played by `browse`. @returns what was events, by kind */
async function signIn(
  browse: (url: string, notify: (event: BrowserEvent) => void, signal?: AbortSignal) => Promise<void>,
  { peerOf, pasted }: { readonly peerOf?: PeerLookup; readonly pasted?: PassThrough } = {},
) {
  const { id, secret } = SANDBOX_CLIENTS.server;
  const events: LoginEvent[] = [];
  const runtime = createRuntime({ environment: { FITBIT_LOGIN_HOME: at.home } });
  const provider = fitbit(at.sandbox.origin);
  let browsing: Promise<void> | undefined;
  await signInWith(
    {
      ...runtime,
      ...(peerOf === undefined ? {} : { peerOf }),
      openBrowser: (url, { notify, signal }) => {
        at.sandbox.register({ id, redirectUris: [new URL(url).searchParams.get('redirect_uri') ?? ''] });
        browsing = browse(url, notify, signal);
      },
    },
    {
      name: 'default',
      provider,
      client: { id, secret: new Secret(secret ?? '') },
      scopes: ['sleep'],
      identityScopes: [],
      redirectUris: ['http://127.0.0.1:0/callback'],
    },
    { timeoutMs: 10_000, pasted, notify: (event) => events.push(event) },
  );
  await browsing;
  return events.map(({ kind }) => kind);
}

test('a browser command that is still running is reported while no request has arrived', async () => {
  const events = await signIn(async (url, notify) => {
    notify(SILENT);
    await consent(url);
  });
  expect(events).toEqual(['waiting', 'browser-silent', 'answered']);
});

test('once any request has arrived, a running browser command is not reported, a failing one is', async () => {
  const events = await signIn(async (url, notify) => {
    await fetch(`${new URL(url).searchParams.get('redirect_uri')}?code=x&state=forged`);
    notify(SILENT);
    notify(FAILED);
    await consent(url);
  });
  expect(events).toEqual(['waiting', 'unexpected-request', 'browser-failed', 'answered']);
});

test('the callback aborts the signal of the browser launcher', async () => {
  let wanted: AbortSignal | undefined;
  await signIn(async (url, _tell, signal) => {
    expect(signal?.aborted).toBe(false);
    wanted = signal;
    await consent(url);
  });
  expect(wanted?.aborted).toBe(true);
});

test('a browser whose user is looked up until a paste is stored gets the result’s page, not a closed connection', async () => {
  const pasted = new PassThrough({ objectMode: true });
  let found: (peer: Peer) => void = () => {};
  const peerOf = vi.fn<PeerLookup>(
    () =>
      new Promise((resolve) => {
        found = resolve;
      }),
  );
  const events = await signIn(
    async (url) => {
      const target = await decide(new URL(url));
      const address = new URL(target, new URL(url).searchParams.get('redirect_uri') ?? '').href;
      const page = fetch(address, { headers: { accept: '*/*' } });
      await vi.waitFor(() => expect(peerOf).toHaveBeenCalledOnce());
      const before = await at.stored();
      pasted.write(address);
      await vi.waitFor(async () => expect(await at.stored()).not.toBe(before));
      await new Promise((resolve) => setTimeout(resolve, 100));
      found('own');
      expect(await (await page).text()).toMatch(/signed in/i);
    },
    { peerOf, pasted },
  );
  expect(events).toEqual(['waiting', 'answered']);
});
