import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type LoginEvent, login } from '../../src/auth/index.ts';
import { type IssuerOptions, startIssuer } from '../interop/issuer.ts';
import { GOOGLE } from './google.ts';
import { decideAtIssuer } from './issuer-person.ts';
import { type SignInFixture, signInFixture, type Waiting } from './sign-in.ts';

/** What a person pastes, text by text. */
const clipboard = () => new PassThrough({ objectMode: true });

/** A sign-in that takes what is written to `paste`. */
async function begin(at: SignInFixture, options: Parameters<SignInFixture['begin']>[0] = {}) {
  const paste = clipboard();
  const waiting = await at.begin({ ...options, pasted: paste });
  return { ...waiting, paste };
}

const addressOf = ({ redirectUri }: Waiting, target: string) => new URL(target, redirectUri).href;
const reasons = ({ events }: Waiting) =>
  events.flatMap((event) => (event.kind === 'paste-refused' ? [event.reason] : []));

/** Resolves once as many pastes have been refused. */
async function refused(waiting: Waiting, count: number): Promise<void> {
  while (reasons(waiting).length < count) await waiting.said('paste-refused').then(() => new Promise(setImmediate));
}

describe('a pasted response', () => {
  test.each<readonly [string, (address: URL) => string]>([
    ['the whole address', ({ href }) => href],
    ['its query, with Fitbit’s fragment', ({ search }) => `${search}#_=_`],
    ['the code alone', ({ searchParams }) => `'${searchParams.get('code')}'\n`],
    ['the address, broken into lines', ({ href }) => href.replace(/(.{40})/g, '$1\r\n')],
  ])('signs in: %s', async (_name, form) => {
    await using at = await signInFixture();
    const waiting = await begin(at);
    waiting.paste.write(form(new URL(addressOf(waiting, await waiting.answer()))));
    expect(await waiting.result).toMatchObject({ userId: 'WALK01', session: { kind: 'valid' } });
    expect(at.sandbox.isLive(JSON.parse(await at.stored()).refresh_token)).toBe(true);
    expect(at.sandbox.state().counts).toMatchObject({ exchanges: 1, invalidGrants: 0 });
    // No browser can arrive, so the port is free.
    await expect(fetch(waiting.redirectUri)).rejects.toThrow();
  });

  test('with a Google code, encoded or not', async () => {
    await using at = await signInFixture();
    for (const form of [(code: string) => code, encodeURIComponent]) {
      const waiting = await begin(at, { ...GOOGLE, profile: 'google' });
      const { searchParams } = new URL(addressOf(waiting, await waiting.answer()));
      waiting.paste.write(form(searchParams.get('code') ?? ''));
      expect(await waiting.result).toMatchObject({ provider: 'google-health' });
    }
  });

  test('a denial ends it as in the browser, and keeps the old tokens', async () => {
    await using at = await signInFixture();
    await at.signIn();
    const old = await at.stored();
    const waiting = await begin(at);
    waiting.paste.write('?error=access_denied&error_description=The%20user%20denied%20the%20request.#_=_');
    await expect(waiting.result).rejects.toMatchObject({
      code: 'DENIED',
      preserved: expect.stringContaining('unchanged'),
    });
    expect(await at.stored()).toBe(old);
  });

  test('a wrong paste is explained, is in no event and no log, and the sign-in still waits', async () => {
    await using at = await signInFixture();
    const waiting = await begin(at);
    const address = new URL(addressOf(waiting, await waiting.answer()));
    const code = address.searchParams.get('code') ?? '';
    const elsewhere = new URL(address);
    elsewhere.port = '1';
    const other = new URL(address);
    other.searchParams.set('state', 'other');
    const wrong = ['', 'marked-but-no-code', waiting.url.href, elsewhere.href, other.href, `?state=${waiting.state}`];
    for (const text of wrong) waiting.paste.write(text);
    await refused(waiting, 5);
    expect(reasons(waiting)).toEqual(['unreadable', 'sign-in-page', 'other-address', 'wrong-state', 'no-answer']);
    const said = JSON.stringify(waiting.events.filter(({ kind }) => kind === 'paste-refused'));
    expect(said).toContain(`begins with ${waiting.redirectUri}`);
    // The log is opened while the sign-in waits.
    const noted = await vi.waitFor(async () => {
      const files = await readdir(at.home, { recursive: true });
      const [log = ''] = files.filter((file) => file.endsWith('.log'));
      const text = await readFile(join(at.home, log), 'utf8');
      expect(text.match(/paste_refused/g)).toHaveLength(5);
      return text;
    });
    for (const secret of [code, waiting.state, 'marked-but-no-code']) expect(said + noted).not.toContain(secret);
    expect(at.sent).toHaveLength(0);

    waiting.paste.write(address.href);
    expect(await waiting.result).toMatchObject({ userId: 'WALK01' });
    expect(at.sent).toHaveLength(1);
  });

  test('after a rejected code, another may be pasted or come by browser; other failures end it', async () => {
    await using at = await signInFixture();
    for (const again of ['paste', 'browser'] as const) {
      const waiting = await begin(at);
      const target = await waiting.answer();
      const cut = addressOf(waiting, target).replace(/(code=[^&]{20})[^&]*/, '$1');
      waiting.paste.write(cut);
      await refused(waiting, 1);
      waiting.paste.write(cut);
      await refused(waiting, 2);
      expect(reasons(waiting)).toEqual(['rejected', 'rejected']);
      if (again === 'paste') waiting.paste.write(addressOf(waiting, target));
      else await waiting.visit(target);
      expect(await waiting.result).toMatchObject({ userId: 'WALK01' });
      expect(waiting.events.filter(({ kind }) => kind === 'answered')).toHaveLength(3);
    }
    expect(at.sandbox.state().counts).toMatchObject({ exchanges: 2, invalidGrants: 4 });
    const old = await at.stored();
    at.sandbox.faults.add({ at: 'token', kind: 'status', status: 401, times: 1 });
    const waiting = await begin(at);
    waiting.paste.write(addressOf(waiting, await waiting.answer()));
    await expect(waiting.result).rejects.toMatchObject({ code: 'CLIENT_REJECTED' });
    expect(await at.stored()).toBe(old);
  });

  test('the time limit holds after a code was rejected', async () => {
    await using at = await signInFixture();
    const waiting = await begin(at, { timeoutMs: 1_500 });
    waiting.paste.write(
      addressOf(waiting, await waiting.answer()).replace(/code=[^&]*/, 'code=marked-and-unknown-code'),
    );
    await refused(waiting, 1);
    await expect(waiting.result).rejects.toMatchObject({ code: 'TIMED_OUT' });
  });

  test('the end of the input, even a broken one, does not end the wait', async () => {
    await using at = await signInFixture();
    for (const end of [(paste: PassThrough) => paste.end(), (paste: PassThrough) => paste.destroy(new Error('EIO'))]) {
      const waiting = await begin(at);
      end(waiting.paste);
      await waiting.consent();
      expect(await waiting.result).toMatchObject({ userId: 'WALK01' });
    }
  });

  test('after the time limit it is too late: nothing is exchanged', async () => {
    await using at = await signInFixture();
    const waiting = await begin(at, { timeoutMs: 1 });
    await expect(waiting.result).rejects.toMatchObject({ code: 'TIMED_OUT' });
    waiting.paste.write(addressOf(waiting, await waiting.answer()));
    await new Promise(setImmediate);
    expect(at.sent).toHaveLength(0);
  });
});

describe('browser and paste: the first valid response wins, with one exchange', () => {
  /** A sign-in fixture whose token endpoint responds only when it is released. */
  async function slowFixture() {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const at = await signInFixture({
      fetch: async (url, init) => {
        if (init?.body instanceof URLSearchParams) await released;
        return fetch(url, init);
      },
    });
    return { at, release };
  }

  test('pastes while the browser’s response is exchanged change nothing', async () => {
    const { at, release } = await slowFixture();
    await using _ = at;
    const waiting = await begin(at);
    const target = await waiting.answer();
    const page = fetch(addressOf(waiting, target), { headers: { accept: '*/*' } });
    await waiting.said('answered');
    for (const text of [addressOf(waiting, target), 'error=access_denied', 'nonsense']) waiting.paste.write(text);
    await new Promise(setImmediate);
    release();
    expect(await (await page).text()).toMatch(/signed in/i);
    await waiting.result;
    expect(at.sent).toHaveLength(1);
    expect(reasons(waiting)).toEqual([]);
  });

  test('both at once', async () => {
    await using at = await signInFixture();
    for (let round = 0; round < 10; round += 1) {
      const waiting = await begin(at);
      const target = await waiting.answer();
      const visit = () => fetch(addressOf(waiting, target), { headers: { accept: '*/*' } }).catch(() => undefined);
      const paste = () => waiting.paste.write(addressOf(waiting, target));
      const [page] = round % 2 === 0 ? [visit(), paste()] : [paste(), visit()].reverse();
      await waiting.result;
      await page;
    }
    expect(at.sent).toHaveLength(10);
    expect(at.sandbox.state().counts).toMatchObject({ exchanges: 10, invalidGrants: 0 });
  });
});

describe('with oidc-provider', () => {
  /** Pastes the code alone, and the whole address if that was refused. */
  async function pasteAt(editMetadata: NonNullable<IssuerOptions['editMetadata']>) {
    const app = { client_id: 'a-notebook', client_secret: 'a secret of the test' };
    await using server = await startIssuer({
      clients: [{ ...app, token_endpoint_auth_method: 'client_secret_basic' }],
      editMetadata,
    });
    await using at = await signInFixture();
    const paste = clipboard();
    onTestFinished(() => void paste.destroy());
    const events: LoginEvent[] = [];
    const done = await login(
      {
        provider: server.issuer,
        clientId: app.client_id,
        clientSecret: app.client_secret,
        redirectUris: ['http://127.0.0.1:0/callback'],
        browser: false,
        pasted: paste,
        notify: async (event) => {
          events.push(event);
          if (event.kind === 'paste-refused') paste.write(address.href);
          if (event.kind !== 'waiting') return;
          address = await decideAtIssuer(new URL(event.url));
          paste.write(address.searchParams.get('code'));
        },
      },
      { environment: { FITBIT_LOGIN_HOME: at.home } },
    );
    return { done, refusals: events.flatMap((event) => (event.kind === 'paste-refused' ? [event.reason] : [])) };
  }
  let address = new URL('about:blank');

  test('a code alone is accepted if the metadata lists S256', async () => {
    const { done, refusals } = await pasteAt((metadata) => {
      metadata.authorization_response_iss_parameter_supported = false;
    });
    expect(refusals).toEqual([]);
    expect(done).toMatchObject({ provider: 'custom' });
  });

  test.each<readonly [string, Record<string, unknown>]>([
    [
      'its metadata does not say so',
      { code_challenge_methods_supported: undefined, authorization_response_iss_parameter_supported: false },
    ],
    ['§7: it always names itself beside it', {}],
  ])('a code alone is refused, and the whole URL requested, if %s', async (_name, changes) => {
    const { done, refusals } = await pasteAt((metadata) => void Object.assign(metadata, changes));
    expect(refusals).toEqual(['code-alone']);
    expect(done).toMatchObject({ provider: 'custom' });
  });
});
