import { describe, expect, test } from 'vitest';
import { setup, statusPage } from '../../src/auth/index.ts';
import { authorizeUrlAt } from '../cli/program.ts';
import { LocalVisitor } from './local-visitor.ts';
import { failure, signedIn } from './signed-in.ts';

/** The status page of a signed-in profile, and how it ends. */
async function opened(at: Awaited<ReturnType<typeof signedIn>>, signal = new AbortController().signal) {
  let resolvePage: (url: string) => void = () => {};
  const address = new Promise<string>((resolve) => {
    resolvePage = resolve;
  });
  const ended = statusPage({ signal, onPage: resolvePage }, { ...at.runtimeOptions, openBrowser: async () => {} });
  return { ended, visitor: await LocalVisitor.enter(await address) };
}

describe('the status page ends', () => {
  test('by itself after the idle time', async () => {
    await using at = await signedIn();
    const page = statusPage({ idleMs: 20 }, { ...at.runtimeOptions, openBrowser: async () => {} });
    expect(await page).toBe('idle');
  });

  test('by its own button, with its goodbye, and frees the port', async () => {
    await using at = await signedIn();
    const { ended, visitor } = await opened(at);
    const goodbye = await visitor.press('status', 'stop', {});
    expect(await goodbye.text()).toMatch(/has stopped/);
    expect(await ended).toBe('stopped');
    await expect(fetch(visitor.origin)).rejects.toThrow();
  });

  test('by the signal, even if it was aborted before', async () => {
    await using at = await signedIn();
    const stop = new AbortController();
    const { ended } = await opened(at, stop.signal);
    stop.abort();
    expect(await ended).toBe('interrupted');
    const again = statusPage({ signal: AbortSignal.abort() }, { ...at.runtimeOptions, openBrowser: async () => {} });
    expect(await again).toBe('interrupted');
  });

  test('but not before a refresh that is under way has stored its tokens', async () => {
    let sent: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      sent = resolve;
    });
    let answer: () => void = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await using at = await signedIn({
      through: (send) => async (url, init) => {
        sent();
        await answered;
        return send(url, init);
      },
    });
    await at.tamper({ obtained_at: '2026-01-31T12:00:00.000Z', expires_at: '2026-01-31T20:00:00.000Z' });
    const { access_token: before } = await at.stored();
    const stop = new AbortController();
    const { ended, visitor } = await opened(at, stop.signal);
    const pressed = visitor.press('status', 'status', { check: 'default' }).catch(() => {});
    await asked;
    stop.abort();
    answer();
    expect(await ended).toBe('interrupted');
    const after = await at.stored();
    expect(after.access_token).not.toBe(before);
    expect(after).not.toHaveProperty('refresh_started_at');
    await pressed;
  });
});

test('a sign-in that waits on the provider’s page is ended with the page, and its port is free', async () => {
  await using at = await signedIn();
  const stop = new AbortController();
  const { ended, visitor } = await opened(at, stop.signal);
  const onward = await visitor.press('status', 'status', { 'sign-in': 'default' });
  const [, address = ''] = (onward.headers.get('refresh') ?? '').split('url=');
  // The tab begins at the start address, so that the sign-in is bound to its browser.
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/start\/[\w-]{22}$/);
  const provider = await authorizeUrlAt(address);
  expect(provider.searchParams.get('state')).not.toBeNull();
  expect(await onward.text()).toContain(`Continue to ${provider.host}`);
  const redirectUri = provider.searchParams.get('redirect_uri') ?? '';
  expect((await fetch(redirectUri)).status).toBe(400);
  // A second one takes its place.
  await visitor.press('status', 'status', { 'sign-in': 'default' });
  await expect(fetch(redirectUri)).rejects.toThrow();
  stop.abort();
  await ended;
});

test('over SSH, the tab waits on a page that says which port to forward, and leads on by its link', async () => {
  await using at = await signedIn();
  const stop = new AbortController();
  let resolvePage: (url: string) => void = () => {};
  const address = new Promise<string>((resolve) => {
    resolvePage = resolve;
  });
  const environment = { ...at.runtimeOptions.environment, SSH_TTY: '/dev/pts/0' };
  const ended = statusPage({ signal: stop.signal, onPage: resolvePage }, { ...at.runtimeOptions, environment });
  const visitor = await LocalVisitor.enter(await address);
  const onward = await visitor.press('status', 'status', { 'sign-in': 'default' });
  const body = await onward.text();
  const [, start = '', host = '', port] = /href="(http:\/\/(127\.0\.0\.1:(\d+))\/start\/[\w-]{22})"/.exec(body) ?? [];
  expect(onward.headers.get('refresh')).toBeNull();
  expect(body).toContain(`ssh -N -L ${port}:${host}`);
  expect((await authorizeUrlAt(start)).searchParams.get('redirect_uri')).toContain(host);
  stop.abort();
  await ended;
});

test('a button for a deleted profile shows a notice', async () => {
  await using at = await signedIn();
  const stop = new AbortController();
  const { ended, visitor } = await opened(at, stop.signal);
  for (const action of ['check', 'sign-out', 'forget']) {
    const page = await visitor.press('status', 'status', { [action]: 'gone' });
    expect(await page.text()).toMatch(/class="notice failure"[\s\S]*gone/);
  }
  stop.abort();
  await ended;
});

describe('the setup page ends', () => {
  test('with CANCELLED by its signal, and leaves the tokens as they were', async () => {
    await using at = await signedIn();
    const before = await at.text();
    const stop = new AbortController();
    const page = setup(
      { signal: stop.signal, onPage: () => stop.abort() },
      { ...at.runtimeOptions, openBrowser: async () => {} },
    );
    expect(await failure(page)).toMatchObject({ code: 'CANCELLED' });
    expect(await at.text()).toBe(before);
  });

  test('before it begins if the profile is damaged', async () => {
    await using at = await signedIn();
    await at.tamper({ version: 99 });
    const page = setup({}, { ...at.runtimeOptions, openBrowser: async () => {} });
    expect(await failure(page)).toMatchObject({ code: 'STORE_VERSION' });
  });
});
