import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as v from 'valibot';
import { expect } from 'vitest';
import { type ConsentOptions, consent } from '../../src/sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';

const VERIFIER = 'a-verifier-of-the-tests-that-is-long-enough-for-rfc-7636';
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
export const START = new Date('2026-03-01T12:00:00Z');

const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

/** Google's scopes by their short names, as they go over the wire. */
export const googleScopes = (...names: readonly string[]) => names.map((name) => PREFIX + name).join(' ');
export const ASKED = ['activity_and_fitness.readonly', 'sleep.readonly', 'profile.writeonly'] as const;

const Tokens = v.object({
  access_token: v.string(),
  expires_in: v.number(),
  refresh_token: v.optional(v.string(), ''),
  refresh_token_expires_in: v.optional(v.number()),
  id_token: v.optional(v.string()),
  scope: v.string(),
});
export type Tokens = v.InferOutput<typeof Tokens>;

export type Overrides = Readonly<Record<string, string | undefined>>;
type Headers = Readonly<Record<string, string>>;

/** A sandbox with a standing clock, and an app whose redirect URI records its visits. */
export interface SandboxApp extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly redirectUri: string;
  /** The path and query of every request at the redirect URI. */
  readonly visits: readonly string[];
  authorizeUrl(overrides?: Overrides): URL;
  /** Goes through the consent page. @returns what came back to the app */
  callback(options?: ConsentOptions, overrides?: Overrides): Promise<URLSearchParams>;
  code(options?: ConsentOptions, overrides?: Overrides): Promise<string>;
  post(path: string, form: Overrides, headers?: Headers): Promise<Response>;
  exchange(code: string, overrides?: Overrides, headers?: Headers): Promise<Response>;
  refresh(token: string, overrides?: Overrides, headers?: Headers): Promise<Response>;
  signIn(options?: ConsentOptions, overrides?: Overrides): Promise<Tokens>;
  get(path: string, token: string): Promise<Response>;
}

export const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Fitbit's server app. */
export function fitbitApp(options?: SandboxOptions): Promise<SandboxApp> {
  const { id, secret } = SANDBOX_CLIENTS.server;
  return start(options, {
    callbackPath: '/callback',
    authorizePath: '/oauth2/authorize',
    asked: { client_id: id, scope: 'profile activity sleep' },
    tokenPath: '/oauth2/token',
    sent: {},
    headers: basic(id, secret),
  });
}

/** Google's desktop app, at a port and path that were not registered. */
export function googleApp(options?: SandboxOptions): Promise<SandboxApp> {
  const { id, secret } = SANDBOX_CLIENTS.desktop;
  return start(options, {
    callbackPath: '/any/path',
    authorizePath: '/o/oauth2/v2/auth',
    asked: { client_id: id, scope: googleScopes(...ASKED), access_type: 'offline', prompt: 'consent' },
    tokenPath: '/token',
    sent: { client_id: id, client_secret: secret },
    headers: {},
  });
}

interface Service {
  readonly callbackPath: string;
  readonly authorizePath: string;
  readonly asked: Overrides;
  readonly tokenPath: string;
  readonly sent: Overrides;
  readonly headers: Headers;
}

async function start(options: SandboxOptions = {}, service: Service): Promise<SandboxApp> {
  const visits: string[] = [];
  const listener = createServer((request, response) => {
    visits.push(request.url ?? '');
    response.end('the app');
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  const redirectUri = `http://127.0.0.1:${address.port}${service.callbackPath}`;
  const sandbox = await startSandbox({ now: () => START, ...options });
  for (const { id, type } of Object.values(SANDBOX_CLIENTS))
    if (type !== 'desktop' && type !== 'web') sandbox.register({ id, redirectUris: [redirectUri] });

  const app: SandboxApp = {
    sandbox,
    redirectUri,
    visits,
    authorizeUrl: (overrides) => {
      const url = new URL(service.authorizePath, sandbox.origin);
      url.search = form({
        response_type: 'code',
        redirect_uri: redirectUri,
        state: 'the state/+&',
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
        ...service.asked,
        ...overrides,
      }).toString();
      return url;
    },
    callback: async (consentOptions, overrides) => {
      await consent(app.authorizeUrl(overrides), consentOptions);
      return new URL(visits.at(-1) ?? '', redirectUri).searchParams;
    },
    code: async (consentOptions, overrides) => (await app.callback(consentOptions, overrides)).get('code') ?? '',
    post: (path, fields, headers = {}) => fetch(sandbox.origin + path, { method: 'POST', headers, body: form(fields) }),
    exchange: (code, overrides, headers = service.headers) => {
      const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: VERIFIER };
      return app.post(service.tokenPath, { ...service.sent, ...grant, ...overrides }, headers);
    },
    refresh: (refresh_token, overrides, headers = service.headers) => {
      const grant = { grant_type: 'refresh_token', refresh_token };
      return app.post(service.tokenPath, { ...service.sent, ...grant, ...overrides }, headers);
    },
    signIn: async (consentOptions, overrides) => tokens(await app.exchange(await app.code(consentOptions, overrides))),
    get: (path, token) => fetch(sandbox.origin + path, { headers: bearer(token) }),
    [Symbol.asyncDispose]: async () => {
      listener.closeAllConnections();
      listener.close();
      await sandbox.close();
    },
  };
  return app;
}

/** The token response, which it must be. */
export async function tokens(response: Response): Promise<Tokens> {
  return v.parse(Tokens, await response.json());
}

/** Status and body, to compare a response whole. */
export async function statusAndBody(response: Response): Promise<readonly [status: number, body: unknown]> {
  return [response.status, await response.json()];
}

/** The error in Fitbit's shape. */
export function fitbitRefusal(status: number, errorType: string, message: unknown = expect.any(String)) {
  return [status, { errors: [{ errorType, message }], success: false }];
}

function form(fields: Overrides): URLSearchParams {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.set(name, value);
  return body;
}
