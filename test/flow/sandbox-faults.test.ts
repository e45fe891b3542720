import { execFile } from 'node:child_process';
import { request } from 'node:http';
import process from 'node:process';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../src/sandbox/faults.ts';
import { FAULT_KINDS } from '../../src/sandbox/faults.ts';
import { refusal, type SandboxApp, sandboxApp, tokens } from './sandbox-app.ts';

async function signedIn(): Promise<{ app: SandboxApp; token: string }> {
  const app = await sandboxApp();
  onTestFinished(() => app[Symbol.asyncDispose]());
  const { refresh_token: token } = await app.signIn();
  return { app, token };
}

const fault = (kind: Fault['kind'], more: Partial<Fault> = {}): Fault => ({ at: 'token', kind, times: 1, ...more });

test.each([400, 401, 403, 409, 429, 500, 502, 503])(
  'status %i in Fitbit’s shape, and nothing was spent',
  async (status) => {
    const { app, token } = await signedIn();
    app.sandbox.faults.add(fault('status', { status, resetSeconds: 7 }));
    const answer = await app.refresh(token);
    expect((await refusal(answer)).status).toBe(status);
    expect(answer.headers.get('fitbit-rate-limit-reset')).toBe(status === 429 ? '7' : null);
    expect(app.sandbox.isLive(token)).toBe(true);
  },
);

test('410 comes as a page', async () => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault('status', { status: 410 }));
  const answer = await app.refresh(token);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([410, 'text/html; charset=utf-8']);
});

test.each<[Fault['kind'], RegExp]>([
  ['empty', /^$/],
  ['html', /^<!doctype html>/],
  ['invalid-json', /^\{"access_token":tru$/],
  ['null-body', /^null$/],
  ['array-body', /^\[\{/],
  ['deep-json', /^\[{100000}\]{100000}$/],
])('%s stands in for the answer, and nothing was spent', async (kind, text) => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault(kind));
  const answer = await app.refresh(token);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toMatch(text);
  expect(app.sandbox.isLive(token)).toBe(true);
});

test.each<[Fault['kind'], RegExp]>([
  ['truncated-json', /^\{"access_token":"[^}]+$/],
  ['wrong-types', /"expires_in":\["28800"\]/],
  ['proto', /^\{"__proto__":/],
  ['duplicate-keys', /"refresh_token":.*"refresh_token":/],
  ['negative-expires', /"expires_in":-1[,}]/],
  ['zero-expires', /"expires_in":0[,}]/],
  ['missing-expires', /^(?!.*"expires_in")/],
  ['missing-access-token', /^(?!.*"access_token")/],
  ['missing-refresh-token', /^(?!.*"refresh_token")/],
  ['missing-scope', /^(?!.*"scope")/],
  ['token-type-lower', /"token_type":"bearer"/],
  ['token-type-other', /"token_type":"mac"/],
  ['extra-fields', /"note":/],
  ['wrong-content-type', /^\{"access_token"/],
])('%s spoils the answer after the token was rotated; the repeat is whole', async (kind, text) => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault(kind));
  const answer = await app.refresh(token);
  expect(await answer.text()).toMatch(text);
  expect(answer.headers.get('content-type')).toMatch(
    kind === 'wrong-content-type' ? /^text\/plain/ : /^application\/json/,
  );
  expect(app.sandbox.isLive(token)).toBe(false);
  const { refresh_token } = await tokens(await app.refresh(token));
  expect(app.sandbox.isLive(refresh_token)).toBe(true);
});

test('lost-answer: rotated, and the connection cut; the repeat has the answer', async () => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault('lost-answer'));
  await expect(app.refresh(token)).rejects.toThrow('fetch failed');
  expect(app.sandbox.state().counts).toMatchObject({ refreshes: 1, repeats: 0 });
  expect((await app.refresh(token)).status).toBe(200);
  expect(app.sandbox.state().counts).toMatchObject({ refreshes: 1, repeats: 1 });
});

test('reset: the connection cut before anything was done', async () => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault('reset'));
  await expect(app.refresh(token)).rejects.toThrow('fetch failed');
  expect(app.sandbox.isLive(token)).toBe(true);
});

test('redirect: elsewhere, where it is said', async () => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault('redirect', { status: 307, location: 'http://127.0.0.1:9/elsewhere' }));
  const answer = await fetch(`${app.sandbox.origin}/oauth2/token`, { method: 'POST', redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([307, 'http://127.0.0.1:9/elsewhere']);
  expect(app.sandbox.isLive(token)).toBe(true);
});

test('huge: as many bytes as are said', async () => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault('huge', { bytes: 3_000_001 }));
  expect((await (await app.refresh(token)).arrayBuffer()).byteLength).toBe(3_000_001);
});

test('gzip-bomb: small on the wire, as many bytes as are said when unpacked', async () => {
  const { app } = await signedIn();
  app.sandbox.faults.add(fault('gzip-bomb', { bytes: 3_000_000 }));
  const packed = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    request(`${app.sandbox.origin}/oauth2/token`, { method: 'POST' }, (response) => {
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
    })
      .on('error', reject)
      .end();
  });
  expect(packed.byteLength).toBeLessThan(30_000);
  expect(gunzipSync(packed).byteLength).toBe(3_000_000);
});

test('huge-header: more than a client takes', async () => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault('huge-header'));
  await expect(app.refresh(token)).rejects.toThrow('fetch failed');
});

test('delay-answer: processed long before it is answered', async () => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault('delay-answer', { ms: 3_600_000 }));
  const answer = app.refresh(token);
  await expect.poll(() => app.sandbox.isLive(token)).toBe(false);
  await app.sandbox.close();
  await answer.catch(() => undefined);
});

test.each<Fault['kind']>(['hang', 'drip', 'delay', 'delay-answer', 'huge'])(
  '%s does not hold up close()',
  async (kind) => {
    const { app, token } = await signedIn();
    app.sandbox.faults.add(fault(kind, { ms: 3_600_000 }));
    const answer = app.refresh(token).then((response) => response.text());
    await expect.poll(() => app.sandbox.faults.list()).toEqual([]);
    await app.sandbox.close();
    await answer.catch(() => undefined);
  },
);

test('nothing is left running after close(): the process ends by itself', async () => {
  const program = `
    import { startSandbox } from ${JSON.stringify(new URL('../../src/sandbox/sandbox.ts', import.meta.url).href)};
    const sandbox = await startSandbox();
    for (const kind of ['delay', 'drip', 'hang']) sandbox.faults.add({ at: 'token', kind, times: 1, ms: 3_600_000 });
    const asked = [1, 2, 3].map(() => fetch(sandbox.origin + '/oauth2/token', { method: 'POST' }).then((answer) => answer.text()));
    while (sandbox.faults.list().length > 0) await new Promise(setImmediate);
    await sandbox.close();
    await Promise.allSettled(asked);
    console.log('closed');`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  // The limit only ends a process that would never end.
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(stdout).toBe('closed\n');
});

test('delay: a client that does not wait has lost nothing but time', async () => {
  const { app, token } = await signedIn();
  app.sandbox.faults.add(fault('delay', { ms: 1 }));
  expect((await app.refresh(token)).status).toBe(200);
});

test('faults strike in the order in which they came, as often as said, at their place only', async () => {
  const { app, token } = await signedIn();
  const { faults } = app.sandbox;
  faults.add(fault('status', { status: 503, times: 2 }));
  faults.add({ at: 'token', kind: 'status', status: 409 });
  faults.add({ at: 'api', kind: 'reset' });
  const statuses: number[] = [];
  for (let count = 0; count < 4; count++) statuses.push((await app.refresh(token)).status);
  expect(statuses).toEqual([503, 503, 409, 409]);
  faults.clear('token');
  expect((await app.refresh(token)).status).toBe(200);
  expect(faults.list()).toEqual([{ at: 'api', kind: 'reset' }]);
  faults.clear();
  expect(faults.list()).toEqual([]);
});

test('every kind is known by name', () => {
  expect(FAULT_KINDS.length).toBe(new Set(FAULT_KINDS).size);
  expect(FAULT_KINDS.length).toBeGreaterThanOrEqual(25);
});
