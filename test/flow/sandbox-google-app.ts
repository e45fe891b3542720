import { once } from 'node:events';
import { createServer } from 'node:http';
import * as v from 'valibot';
import { type ConsentOptions, consent } from '../../src/sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { CHALLENGE, type Overrides, START, VERIFIER } from './sandbox-app.ts';

const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

/** Scopes by their short names, as they go over the wire. */
export const scopes = (...names: readonly string[]) => names.map((name) => PREFIX + name).join(' ');

export const ASKED = ['activity_and_fitness.readonly', 'sleep.readonly', 'profile.writeonly'] as const;

const TokenResponse = v.object({
  access_token: v.string(),
  expires_in: v.number(),
  refresh_token: v.optional(v.string(), ''),
  refresh_token_expires_in: v.optional(v.number()),
  scope: v.string(),
  token_type: v.string(),
});
export type TokenResponse = v.InferOutput<typeof TokenResponse>;

/** A sandbox with a standing clock, and a desktop app at a port that nobody registered. */
export interface GoogleApp extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly redirectUri: string;
  /** The path and query of every request at the redirect URI. */
  readonly visits: readonly string[];
  authorizeUrl(overrides?: Overrides): URL;
  /** Goes through the consent page. @returns what came back to the app */
  answer(options?: ConsentOptions, overrides?: Overrides): Promise<URLSearchParams>;
  post(path: string, form: Overrides, headers?: Readonly<Record<string, string>>): Promise<Response>;
  exchange(code: string | null, overrides?: Overrides, headers?: Readonly<Record<string, string>>): Promise<Response>;
  refresh(token: string, overrides?: Overrides): Promise<Response>;
  signIn(options?: ConsentOptions, overrides?: Overrides): Promise<TokenResponse>;
  /** A request to the API with an access token. */
  get(path: string, token: string): Promise<Response>;
}

export async function googleApp(options: SandboxOptions = {}): Promise<GoogleApp> {
  const visits: string[] = [];
  const listener = createServer((request, response) => {
    visits.push(request.url ?? '');
    response.end('the app');
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  const redirectUri = `http://127.0.0.1:${address.port}/any/path`;
  const sandbox = await startSandbox({ now: () => START, ...options });
  const { id: client_id, secret: client_secret } = SANDBOX_CLIENTS.desktop;

  const app: GoogleApp = {
    sandbox,
    redirectUri,
    visits,
    authorizeUrl: (overrides = {}) => {
      const url = new URL('/o/oauth2/v2/auth', sandbox.origin);
      url.search = form({
        client_id,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: scopes(...ASKED),
        state: 'the state/+&',
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
        access_type: 'offline',
        prompt: 'consent',
        ...overrides,
      }).toString();
      return url;
    },
    answer: async (consentOptions, overrides) => {
      await consent(app.authorizeUrl(overrides), consentOptions);
      return new URL(visits.at(-1) ?? '', redirectUri).searchParams;
    },
    post: (path, fields, headers = {}) => fetch(sandbox.origin + path, { method: 'POST', headers, body: form(fields) }),
    exchange: (code, overrides = {}, headers = {}) => {
      const grant = { grant_type: 'authorization_code', code: code ?? '', redirect_uri: redirectUri };
      return app.post('/token', { client_id, client_secret, ...grant, code_verifier: VERIFIER, ...overrides }, headers);
    },
    refresh: (refresh_token, overrides = {}) =>
      app.post('/token', { client_id, client_secret, grant_type: 'refresh_token', refresh_token, ...overrides }),
    signIn: async (consentOptions, overrides) =>
      tokens(await app.exchange((await app.answer(consentOptions, overrides)).get('code'))),
    get: (path, token) => fetch(sandbox.origin + path, { headers: { authorization: `Bearer ${token}` } }),
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

/** Status and body of a response, for an error that is compared whole. */
export async function told(response: Response): Promise<readonly [status: number, body: unknown]> {
  return [response.status, await response.json()];
}

function form(fields: Overrides): URLSearchParams {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.set(name, value);
  return body;
}
