import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { fitbitApp, googleApp, type SandboxApp, START } from './sandbox-app.ts';

let app: SandboxApp;
beforeAll(async () => {
  app = await fitbitApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const control = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${app.sandbox.origin}/sandbox/${path}`, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });

/** The response to bytes that no well-behaved client would send. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(app.sandbox.origin).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.end(bytes);
  return text(socket);
}

test("the sandbox's control API moves the clock", async () => {
  const response = await control('POST', 'clock', { step_seconds: 90 });
  expect(await response.json()).toMatchObject({ now: '2026-03-01T12:01:30.000Z' });
  app.sandbox.clock.step(-90_000);
  expect(app.sandbox.clock.now()).toEqual(START);
});

test("the sandbox's control API adds, lists and clears faults", async () => {
  const fault = { at: 'token', kind: 'status', status: 503, times: 2 };
  expect(await (await control('POST', 'faults', fault)).json()).toMatchObject({ faults: [fault] });
  expect((await app.refresh('x')).status).toBe(503);
  expect(await (await control('GET', 'state')).json()).toMatchObject({ faults: [{ ...fault, times: 1 }] });
  expect(await (await control('DELETE', 'faults?at=api')).json()).toMatchObject({ faults: [{ times: 1 }] });
  expect(await (await control('DELETE', 'faults')).json()).toMatchObject({ faults: [] });
});

test("the sandbox's control API registers apps, whose ID names their service, and adds redirect URIs to one", async () => {
  const redirectUris = ['http://127.0.0.1:9000/cb'];
  const id = '1-new.apps.googleusercontent.com';
  await control('POST', 'clients', { id: 'NEWAPP', redirectUris });
  await control('POST', 'clients', { id, secret: 's', publishing: 'testing' });
  await control('POST', 'clients', { id: SANDBOX_CLIENTS.server.id, redirectUris });
  expect(app.sandbox.clients.slice(-2)).toEqual([
    { id: 'NEWAPP', type: 'client', name: 'NEWAPP', redirectUris },
    { id, secret: 's', type: 'desktop', name: id, redirectUris: [], publishing: 'testing' },
  ]);
  expect(app.sandbox.clients[0]?.redirectUris).toEqual([
    ...SANDBOX_CLIENTS.server.redirectUris,
    app.redirectUri,
    ...redirectUris,
  ]);
});

test("the sandbox's control API refuses what is malformed or impossible, and then changes nothing", async () => {
  const before = app.sandbox.state();
  for (const [path, body] of [
    ['clock', { step_seconds: '90' }],
    ['clock', null],
    ['faults', { at: 'token', kind: 'no-such' }],
    ['faults', { at: 'token', kind: 'toString' }],
    ['faults', { at: 'nowhere', kind: 'reset' }],
    ['faults', { at: 'token', kind: 'reset', tims: 1 }],
    ['faults', { at: 'token', kind: 'drop-state' }],
    ['clients', { id: '' }],
    ['clients', { id: 'X', redirectUris: ['javascript:alert(1)'] }],
    ['clients', { id: 'X', redirectUris: ['http://127.0.0.1:9/#f'] }],
    ['clients', { id: 'X', redirectUris: ['/callback'] }],
    ['clients', { id: 'X', type: 'server' }],
    ['clients', { id: 'X', type: 'desktop' }],
    ['clients', { id: '1-x.apps.googleusercontent.com', type: 'personal' }],
    ['clients', { id: '1-x.apps.googleusercontent.com', type: 'web' }],
    ['clients', { id: SANDBOX_CLIENTS.server.id, publishing: 'testing' }],
  ] as const)
    expect((await control('POST', path, body)).status, JSON.stringify(body)).toBe(400);
  expect(app.sandbox.state()).toEqual(before);
  await expect(startSandbox({ people: [] })).rejects.toMatchObject({ code: 'USAGE' });
  const client = { id: 'X', type: 'client', secret: 's' } as const;
  await expect(startSandbox({ clients: [client] })).rejects.toMatchObject({ code: 'USAGE' });
});

test("the sandbox's state holds no client secret and no token", async () => {
  await using google = await googleApp();
  for (const [{ sandbox }, { access_token, refresh_token }] of [
    [app, await app.signIn()],
    [google, await google.signIn()],
  ] as const) {
    const state = JSON.stringify(sandbox.state());
    const secrets = [access_token, refresh_token, SANDBOX_CLIENTS.server.secret, SANDBOX_CLIENTS.desktop.secret];
    for (const secret of secrets) expect(state).not.toContain(secret);
  }
});

test('the sandbox logs each request, without state, code challenge or token', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  await using logged = await fitbitApp({ logger });
  const { access_token, refresh_token } = await logged.signIn();
  await logged.refresh(`${refresh_token}-not`);
  const log = lines.join('');
  for (const path of ['/oauth2/authorize', '/oauth2/token']) expect(log).toContain(`"path":"${path}"`);
  for (const secret of [access_token, refresh_token, 'the+state', 'the%20state', 'code_challenge'])
    expect(log).not.toContain(secret);
});

test('the sandbox refuses a Host header that names another server (DNS rebinding)', async () => {
  const { port } = new URL(app.sandbox.origin);
  const get = (host: string) => raw(`GET /sandbox/state HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', '127.0.0.1:1', ''])
    expect(await get(host)).toMatch(/^HTTP\/1\.1 421 /);
  expect(await get(`LOCALHOST:${port}`)).toMatch(/^HTTP\/1\.1 200 /);
});

test("the page of another origin cannot use the sandbox's control API, and gets no CORS header", async () => {
  const before = app.sandbox.state();
  const foreign: readonly Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ];
  for (const headers of foreign) {
    for (const [method, path, body] of [
      ['POST', 'clock', { step_seconds: 1 }],
      ['DELETE', 'faults'],
      ['OPTIONS', 'clock'],
    ] as const) {
      const response = await control(method, path, body, headers);
      expect(response.status).toBe(403);
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  }
  // A form cannot send JSON, and nothing else is taken.
  expect((await control('POST', 'clock', { step_seconds: 1 }, { 'content-type': 'text/plain' })).status).toBe(400);
  expect(app.sandbox.state()).toEqual(before);
});

test('the sandbox refuses big bodies, big queries and bytes that are not HTTP, and a sign-in still works', async () => {
  expect((await app.post('/oauth2/token', { grant_type: 'x'.repeat(70_000) })).status).toBe(413);
  expect((await fetch(`${app.authorizeUrl()}&x=${'x'.repeat(20_000)}`)).status).toBe(431);
  expect((await fetch(`${app.sandbox.origin}/oauth2/authorize?${'a&'.repeat(3_000)}`)).status).toBe(400);
  expect((await fetch(`${app.sandbox.origin}/oauth2/authorize?client_id=%00%ff&state=%zz`)).status).toBe(400);
  expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect((await fetch(app.authorizeUrl(), { method: 'HEAD' })).status).toBe(404);
  expect(await app.code()).toMatch(/^[0-9a-f]{40}$/);
});

test('§3 the sandbox listens on 127.0.0.1 only, and names a port that is in use', async () => {
  expect(app.sandbox.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const port = Number(new URL(app.sandbox.origin).port);
  const message = expect.stringContaining(String(port));
  await expect(startSandbox({ port })).rejects.toMatchObject({ code: 'PORT_BUSY', message });
});

test("the sandbox's index page names apps, people, endpoints, controls and faults of both services", async () => {
  const page = await (await fetch(app.sandbox.origin)).text();
  for (const words of [
    '23TSTS',
    '/1.1/oauth2/introspect',
    '/v4/users/me/identity',
    'walker@example.com',
    '/sandbox/faults',
    'resource-permission-denied',
  ])
    expect(page).toContain(words);
});
