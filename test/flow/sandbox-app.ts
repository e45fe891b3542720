import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as v from 'valibot';
import { type ConsentOptions, consent } from '../../src/sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';

export const VERIFIER = 'a-verifier-of-the-tests-that-is-long-enough-for-rfc-7636';
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
export const START = new Date('2026-03-01T12:00:00Z');

const TokenResponse = v.object({
  access_token: v.string(),
  expires_in: v.number(),
  refresh_token: v.string(),
  scope: v.string(),
  token_type: v.string(),
  user_id: v.string(),
});
export type TokenResponse = v.InferOutput<typeof TokenResponse>;

const ErrorAnswer = v.strictObject({
  errors: v.strictTuple([v.strictObject({ errorType: v.string(), message: v.string() })]),
  success: v.literal(false),
});

export type Overrides = Readonly<Record<string, string | undefined>>;

/** A sandbox with a standing clock, and an app with a redirect URI of its own that writes down who came. */
export interface SandboxApp extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly redirectUri: string;
  /** The path and query of every request at the redirect URI. */
  readonly visits: readonly string[];
  authorizeUrl(overrides?: Overrides): URL;
  /** Goes through the consent page. @returns the code */
  code(options?: ConsentOptions, overrides?: Overrides): Promise<string>;
  post(path: string, form: Overrides, headers?: Readonly<Record<string, string>>): Promise<Response>;
  exchange(code: string, overrides?: Overrides, headers?: Readonly<Record<string, string>>): Promise<Response>;
  refresh(token: string, overrides?: Overrides, headers?: Readonly<Record<string, string>>): Promise<Response>;
  signIn(options?: ConsentOptions, overrides?: Overrides): Promise<TokenResponse>;
}

export function basic(id: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}

export const SERVER_BASIC = basic(SANDBOX_CLIENTS.server.id, SANDBOX_CLIENTS.server.secret);

export async function sandboxApp(options: SandboxOptions = {}): Promise<SandboxApp> {
  const visits: string[] = [];
  const listener = createServer((request, response) => {
    visits.push(request.url ?? '');
    response.end('the app');
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  const redirectUri = `http://127.0.0.1:${address.port}/callback`;

  const sandbox = await startSandbox({ now: () => START, ...options });
  for (const { id } of Object.values(SANDBOX_CLIENTS)) sandbox.register({ id, redirectUris: [redirectUri] });

  const app: SandboxApp = {
    sandbox,
    redirectUri,
    visits,
    authorizeUrl: (overrides = {}) => {
      const url = new URL('/oauth2/authorize', sandbox.origin);
      const parameters = {
        client_id: SANDBOX_CLIENTS.server.id,
        response_type: 'code',
        scope: 'profile activity sleep',
        redirect_uri: redirectUri,
        state: 'the state/+&',
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
        ...overrides,
      };
      url.search = form(parameters).toString();
      return url;
    },
    code: async (consentOptions, overrides) => {
      await consent(app.authorizeUrl(overrides), consentOptions);
      return new URL(visits.at(-1) ?? '', redirectUri).searchParams.get('code') ?? '';
    },
    post: (path, fields, headers = {}) => fetch(sandbox.origin + path, { method: 'POST', headers, body: form(fields) }),
    exchange: (code, overrides = {}, headers = SERVER_BASIC) =>
      app.post(
        '/oauth2/token',
        { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: VERIFIER, ...overrides },
        headers,
      ),
    refresh: (refreshToken, overrides = {}, headers = SERVER_BASIC) =>
      app.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...overrides }, headers),
    signIn: async (consentOptions, overrides) => tokens(await app.exchange(await app.code(consentOptions, overrides))),
    [Symbol.asyncDispose]: async () => {
      listener.closeAllConnections();
      listener.close();
      await sandbox.close();
    },
  };
  return app;
}

/** The token answer in a response that has to be one. */
export async function tokens(response: Response): Promise<TokenResponse> {
  return v.parse(TokenResponse, await response.json());
}

/** Status, type and message of a response that has to be an error of Fitbit's shape. */
export async function refusal(response: Response): Promise<{ status: number; errorType: string; message: string }> {
  const { errors } = v.parse(ErrorAnswer, await response.json());
  return { status: response.status, ...errors[0] };
}

function form(fields: Overrides): URLSearchParams {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.set(name, value);
  return body;
}
