import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consent,
  type LoginEvent,
  type LoginOptions,
  login,
  type RuntimeOptions,
  type SignIn,
} from '../../src/auth/index.ts';
import type { Fetch } from '../../src/environment.ts';
import type { ConsentOptions } from '../../src/sandbox/consent.ts';
import { readForm } from '../../src/sandbox/consent.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Answer, type Headers, NAVIGATION, parse, received } from './server-visitor.ts';

const APP = SANDBOX_CLIENTS.server;

/** The library's own `login`, waiting for its answer. */
export interface Waiting {
  /** The address that was to be opened. */
  readonly url: URL;
  readonly redirectUri: string;
  readonly state: string;
  readonly events: readonly LoginEvent[];
  /** May be left unawaited. */
  readonly result: Promise<SignIn>;
  /** Resolves when the sign-in has said this. */
  said(kind: LoginEvent['kind']): Promise<void>;
  /** Goes through the sandbox's consent page to the result page. */
  consent(options?: ConsentOptions): Promise<Response>;
  /** Consents as far as the redirect. @returns the target that the browser would ask for, which holds the code */
  answer(): Promise<string>;
  /** One request on a socket of its own, as a browser tab sends it but for the given headers. */
  visit(target: string, headers?: Headers, method?: string): Promise<Answer>;
  /** Sends bytes as they are; resolves with all that came back. `onData` is called as soon as something comes. */
  raw(bytes: string, onData?: () => void): Promise<string>;
}

/** A sandbox, a home directory, and the sign-ins between them. */
export interface SignInFixture extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly home: string;
  /** Where the tokens are. */
  readonly file: string;
  /** The form of every request that was sent to the token endpoint. */
  readonly sent: readonly URLSearchParams[];
  begin(options?: LoginOptions, runtimeOptions?: RuntimeOptions): Promise<Waiting>;
  /** From the beginning to the end, pressing Allow. */
  signIn(options?: LoginOptions, runtimeOptions?: RuntimeOptions): Promise<SignIn>;
  /** Everything in the profile's file, as text. */
  stored(): Promise<string>;
}

export interface SignInFixtureOptions extends SandboxOptions {
  /** What the sign-ins send their requests with. Default: Node's own. */
  readonly fetch?: Fetch;
}

export async function signInFixture({
  fetch: send = fetch,
  ...options
}: SignInFixtureOptions = {}): Promise<SignInFixture> {
  const sandbox = await startSandbox(options);
  const home = await mkdtemp(join(tmpdir(), 'sign-in-'));
  const file = join(home, 'profiles/default.json');
  const sent: URLSearchParams[] = [];
  const recording: Fetch = (url, init) => {
    if (init?.body instanceof URLSearchParams) sent.push(init.body);
    return send(url, init);
  };
  const environment = { FITBIT_LOGIN_HOME: home, FITBIT_CLIENT_ID: APP.id, FITBIT_CLIENT_SECRET: APP.secret };

  const begin = async (given: LoginOptions = {}, runtimeOptions: RuntimeOptions = {}): Promise<Waiting> => {
    const events: LoginEvent[] = [];
    let notified = () => {};
    const result = login(
      {
        sandbox: sandbox.origin,
        profile: 'default',
        redirectUris: ['http://127.0.0.1:0/callback'],
        browser: false,
        ...given,
        notify: (event) => {
          events.push(event);
          notified();
        },
      },
      { environment, fetch: recording, ...runtimeOptions },
    );
    // Callers that need the failure await the result itself.
    result.catch(() => {});
    const said = async (kind: LoginEvent['kind']) => {
      while (!events.some((event) => event.kind === kind)) {
        await new Promise<void>((resolve) => {
          notified = resolve;
        });
      }
    };
    await Promise.race([said('waiting'), result]);
    const [waiting] = events;
    if (waiting?.kind !== 'waiting') throw new Error('The sign-in did not begin with the wait.');

    const { redirectUri } = waiting;
    const url = new URL(waiting.url);
    // As if this very port had been registered all along.
    sandbox.register({ id: url.searchParams.get('client_id') ?? '', redirectUris: [redirectUri] });
    const { host, hostname, port } = new URL(redirectUri);
    const raw = async (bytes: string, onData = () => {}) => {
      const socket = connect(Number(port), hostname);
      // A reset is an end like any other.
      socket.on('error', () => {});
      socket.on('data', onData);
      socket.write(bytes, 'latin1');
      return received(socket);
    };
    return {
      url,
      redirectUri,
      state: url.searchParams.get('state') ?? '',
      events,
      result,
      said,
      raw,
      consent: (options) => consent(url, options),
      answer: () => decide(url),
      visit: async (target, headers = {}, method = 'GET') =>
        parse(await raw(request(method, target, { host, ...NAVIGATION, ...headers }))),
    };
  };

  return {
    sandbox,
    home,
    file,
    sent,
    begin,
    signIn: async (given, runtimeOptions) => {
      const waiting = await begin(given, runtimeOptions);
      await waiting.consent();
      return waiting.result;
    },
    stored: () => readFile(file, 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await sandbox.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Presses Allow on the consent page, and does not follow where that leads. */
export async function decide(authorizeUrl: URL): Promise<string> {
  const form = readForm(await (await fetch(authorizeUrl)).text());
  const body = new URLSearchParams();
  for (const { kind, name, value } of form?.fields ?? []) {
    const chosen = kind === 'button' ? value === 'allow' : kind !== 'option' || !body.has(name);
    if (chosen) body.append(name, value);
  }
  const action = new URL(form?.action ?? '', authorizeUrl);
  const { headers } = await fetch(action, { method: 'POST', body, redirect: 'manual' });
  const { pathname, search } = new URL(headers.get('location') ?? '');
  return pathname + search;
}

function request(method: string, target: string, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
