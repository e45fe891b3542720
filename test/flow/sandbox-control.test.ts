import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { type SandboxApp, START, sandboxApp } from './sandbox-app.ts';

async function started(): Promise<SandboxApp> {
  const app = await sandboxApp();
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

const control = (app: SandboxApp, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${app.sandbox.origin}/sandbox/${path}`, {
    method,
    ...(body === undefined
      ? { headers }
      : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }),
  });

/** What comes back for bytes that no well-behaved client would send. */
async function raw(app: SandboxApp, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(app.sandbox.origin).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.end(bytes);
  return text(socket);
}

test('the clock is moved', async () => {
  const app = await started();
  const answer = await control(app, 'POST', 'clock', { step_seconds: 90 });
  expect(await answer.json()).toMatchObject({ now: '2026-03-01T12:01:30.000Z' });
  app.sandbox.clock.step(-90_000);
  expect(app.sandbox.clock.now()).toEqual(START);
});

test('faults are posted, listed and taken down', async () => {
  const app = await started();
  const fault = { at: 'token', kind: 'status', status: 503, times: 2 };
  expect(await (await control(app, 'POST', 'faults', fault)).json()).toMatchObject({ faults: [fault] });
  expect((await app.refresh('x')).status).toBe(503);
  expect(await (await control(app, 'GET', 'state')).json()).toMatchObject({ faults: [{ ...fault, times: 1 }] });
  expect(await (await control(app, 'DELETE', 'faults?at=api')).json()).toMatchObject({ faults: [{ times: 1 }] });
  expect(await (await control(app, 'DELETE', 'faults')).json()).toMatchObject({ faults: [] });
});

test('an app and a redirect URI are registered', async () => {
  const app = await started();
  const redirectUris = ['http://127.0.0.1:9000/cb'];
  await control(app, 'POST', 'clients', { id: 'NEWAPP', redirectUris });
  await control(app, 'POST', 'clients', { id: SANDBOX_CLIENTS.server.id, redirectUris });
  expect(app.sandbox.clients.at(-1)).toEqual({ id: 'NEWAPP', type: 'client', name: 'NEWAPP', redirectUris });
  expect(app.sandbox.clients[0]?.redirectUris).toEqual([
    ...SANDBOX_CLIENTS.server.redirectUris,
    app.redirectUri,
    ...redirectUris,
  ]);
});

test.each([
  ['clock', { step_seconds: '90' }],
  ['clock', null],
  ['faults', { at: 'token', kind: 'no-such' }],
  ['faults', { at: 'token', kind: 'toString' }],
  ['faults', { at: 'nowhere', kind: 'reset' }],
  ['faults', { at: 'token', kind: 'reset', tims: 1 }],
  ['clients', { id: '' }],
  ['clients', { id: 'X', redirectUris: ['javascript:alert(1)'] }],
  ['clients', { id: 'X', redirectUris: ['http://127.0.0.1:9/#f'] }],
  ['clients', { id: 'X', redirectUris: ['/callback'] }],
  ['clients', { id: 'X', type: 'server' }],
])('%s does not take %o', async (path, body) => {
  const app = await started();
  const before = app.sandbox.state();
  expect((await control(app, 'POST', path, body)).status).toBe(400);
  expect(app.sandbox.state()).toEqual(before);
});

test('the state holds no secret, no code and no token', async () => {
  const app = await started();
  const { access_token, refresh_token } = await app.signIn();
  const state = await (await control(app, 'GET', 'state')).text();
  for (const secret of [access_token, refresh_token, SANDBOX_CLIENTS.server.secret])
    expect(state).not.toContain(secret);
});

test('a log line tells of each request, and holds no state, code or token', async () => {
  const lines: string[] = [];
  await using app = await sandboxApp({
    logger: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }),
  });
  const { access_token, refresh_token } = await app.signIn();
  await app.refresh(`${refresh_token}-not`);
  const log = lines.join('');
  for (const path of ['/oauth2/authorize', '/oauth2/token']) expect(log).toContain(`"path":"${path}"`);
  for (const secret of [access_token, refresh_token, 'the+state', 'the%20state', 'code_challenge'])
    expect(log).not.toContain(secret);
});

test('a web page: DNS rebinding', async () => {
  const app = await started();
  const { port } = new URL(app.sandbox.origin);
  const answer = (host: string) =>
    raw(app, `GET /sandbox/state HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', '127.0.0.1:1', '']) {
    expect(await answer(host)).toMatch(/^HTTP\/1\.1 421 /);
  }
  expect(await answer(`LOCALHOST:${port}`)).toMatch(/^HTTP\/1\.1 200 /);
});

test('a web page: cannot use the controls, and is never given a CORS header', async () => {
  const app = await started();
  const before = app.sandbox.state();
  for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }] as Record<
    string,
    string
  >[]) {
    for (const [method, path, body] of [
      ['POST', 'clock', { step_seconds: 1 }],
      ['DELETE', 'faults'],
      ['OPTIONS', 'clock'],
    ] as const) {
      const answer = await control(app, method, path, body, headers);
      expect(answer.status).toBe(403);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  }
  // A form cannot send JSON, and nothing else is taken.
  expect((await control(app, 'POST', 'clock', { step_seconds: 1 }, { 'content-type': 'text/plain' })).status).toBe(400);
  expect(app.sandbox.state()).toEqual(before);
});

test('a hostile visitor: big bodies, big queries and bytes that are not HTTP', async () => {
  const app = await started();
  expect((await app.post('/oauth2/token', { grant_type: 'x'.repeat(70_000) })).status).toBe(413);
  expect((await fetch(`${app.authorizeUrl()}&x=${'x'.repeat(20_000)}`)).status).toBe(431);
  expect((await fetch(`${app.sandbox.origin}/oauth2/authorize?${'a&'.repeat(3_000)}`)).status).toBe(400);
  expect((await fetch(`${app.sandbox.origin}/oauth2/authorize?client_id=%00%ff&state=%zz`)).status).toBe(400);
  expect(await raw(app, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect(await app.code()).toMatch(/^[0-9a-f]{40}$/);
});

test('the browser itself: HEAD and favicon are answered and decide nothing', async () => {
  const app = await started();
  expect((await fetch(app.authorizeUrl(), { method: 'HEAD' })).status).toBe(404);
  expect((await fetch(`${app.sandbox.origin}/favicon.ico`)).status).toBe(404);
});

test('§3 it listens on 127.0.0.1 only; §6 a port that is taken is named', async () => {
  const app = await started();
  expect(app.sandbox.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const port = Number(new URL(app.sandbox.origin).port);
  await expect(startSandbox({ port })).rejects.toMatchObject({
    code: 'PORT_BUSY',
    message: expect.stringContaining(String(port)),
  });
});

test('the index page names apps, endpoints and controls', async () => {
  const app = await started();
  const page = await (await fetch(app.sandbox.origin)).text();
  for (const words of ['23TSTS', '23TSTC', '23TSTP', '/1.1/oauth2/introspect', '/sandbox/faults'])
    expect(page).toContain(words);
});

test('a sandbox needs somebody, and apps that can be', async () => {
  await expect(startSandbox({ people: [] })).rejects.toMatchObject({ code: 'USAGE' });
  await expect(startSandbox({ clients: [{ id: 'X', type: 'client', secret: 's' }] })).rejects.toMatchObject({
    code: 'USAGE',
  });
});
