import { readFile, writeFile } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import * as v from 'valibot';
import { consent, type LoginOptions, type RuntimeOptions, type SignIn } from '../../src/auth/index.ts';
import { createRuntime, type Runtime } from '../../src/auth/runtime.ts';
import { main } from '../../src/cli/main.ts';
import type { Fetch } from '../../src/environment.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { START } from './sandbox-app.ts';
import { type SignInFixture, signInFixture } from './sign-in.ts';

const StoredFile = v.looseObject({
  access_token: v.string(),
  refresh_token: v.string(),
  scope: v.string(),
  expires_at: v.exactOptional(v.string()),
  refresh_started_at: v.exactOptional(v.string()),
});
export type StoredFile = v.InferOutput<typeof StoredFile>;

/** How long an access token lives, in seconds. */
export const LIFETIME = 28_800;

/** One request that the tool sent. */
export interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly form: URLSearchParams;
}

/** What a run of the command line ended with. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Runs in a terminal that is as wide. Default: in none. */
  readonly columns?: number;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with all that stderr has got so far. */
  readonly onTalk?: (stderr: string) => void;
  /** Whether a person presses Allow as soon as a URL is printed. */
  readonly allow?: boolean;
}

/** A person who is signed in at a sandbox, with a clock that stands until it is moved. */
export interface SignedIn extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly home: string;
  /** Where the tokens are. */
  readonly file: string;
  readonly runtimeOptions: RuntimeOptions & { readonly now: () => Date };
  /** Every request that the tool sent since the sign-in, in order. */
  readonly sent: readonly Sent[];
  readonly notices: readonly string[];
  /** Lets time pass for the tool and for the provider. `sandbox.clock` moves the provider's clock alone. */
  pass(seconds: number): void;
  stored(): Promise<StoredFile>;
  text(): Promise<string>;
  /** Changes fields of the profile's file, as if another program did, past the lock. */
  tamper(changes: Readonly<Record<string, unknown>>): Promise<void>;
  /** With retries that do not take their time. */
  runtime(): Runtime;
  signIn(options?: LoginOptions): Promise<SignIn>;
  /** Runs the command line in this process. */
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
}

export interface SignedInOptions extends LoginOptions {
  /** Stands between the tool and the network. Default: nothing does. */
  readonly through?: (send: Fetch) => Fetch;
}

export async function signedIn({ through = (send) => send, ...options }: SignedInOptions = {}): Promise<SignedIn> {
  let time = START.getTime();
  const now = () => new Date(time);
  const at = await signInFixture({ now });
  await at.signIn(options, { now, environment: withApp(at) });
  const sent: Sent[] = [];
  const notices: string[] = [];
  const send = through((url, init) => fetch(url, init));
  const runtimeOptions = {
    environment: { FITBIT_LOGIN_HOME: at.home },
    now,
    onNotice: (text: string) => void notices.push(text),
    fetch: (url: string, init: RequestInit = {}) => {
      const { method = 'GET', headers, body } = init;
      const form = body instanceof URLSearchParams ? body : new URLSearchParams();
      sent.push({ url: new URL(url), method, headers: new Headers(headers), form });
      return send(url, init);
    },
  };
  const text = () => readFile(at.file, 'utf8');

  return {
    sandbox: at.sandbox,
    home: at.home,
    file: at.file,
    runtimeOptions,
    sent,
    notices,
    text,
    pass: (seconds) => {
      time += seconds * 1000;
    },
    stored: async () => v.parse(StoredFile, JSON.parse(await text())),
    tamper: async (changes) => writeFile(at.file, JSON.stringify({ ...JSON.parse(await text()), ...changes })),
    runtime: () => withoutRetryDelay(createRuntime(runtimeOptions)),
    signIn: (again) => at.signIn(again, { now, onNotice: runtimeOptions.onNotice, environment: withApp(at) }),
    run: (argv, runOptions) => run(argv, runtimeOptions, runOptions),
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  };
}

/** The same runtime, whose pauses are over at once. */
export function withoutRetryDelay(runtime: Runtime): Runtime {
  const { store } = runtime;
  return { ...runtime, store, sleep: async () => {} };
}

/** The error that something must fail with, and nothing else. */
export async function failure(doing: Promise<unknown>): Promise<unknown> {
  return doing.then(
    () => {
      throw new Error('It did not fail as it should.');
    },
    (thrown: unknown) => thrown,
  );
}

function withApp({ home, sandbox }: SignInFixture) {
  const app = sandbox.clients.find(({ type }) => type === 'server');
  return { FITBIT_LOGIN_HOME: home, FITBIT_CLIENT_ID: app?.id, FITBIT_CLIENT_SECRET: app?.secret };
}

/** Runs the command line in this process. */
export async function run(
  argv: readonly string[],
  runtimeOptions: RuntimeOptions,
  options: RunOptions = {},
): Promise<Ran> {
  const { input = '', signal = new AbortController().signal, environment, onTalk, columns, allow = false } = options;
  const { onNotice: _, ...rest } = runtimeOptions;
  let mayAllow = allow;
  const hear = (talk: string) => {
    onTalk?.(talk);
    const [, url] = (mayAllow && /^(http\S+)\n/m.exec(talk)) || [];
    if (url === undefined) return;
    mayAllow = false;
    void consent(url);
  };
  const [out, err] = [new Paper(columns), new Paper(columns, hear)];
  const code = await main({
    argv,
    version: '0.0.0',
    stdin: Readable.from([input]),
    stdout: out,
    stderr: err,
    signal,
    runtimeOptions: { ...rest, environment: { ...rest.environment, ...environment } },
  });
  return { code, stdout: out.text, stderr: err.text };
}

/** A stream that keeps what is written on it. */
class Paper extends Writable {
  text = '';
  readonly columns: number;
  readonly isTTY: boolean;
  readonly #onText: (text: string) => void;

  constructor(columns = 0, onText: (text: string) => void = () => {}) {
    super();
    this.columns = columns;
    this.isTTY = columns > 0;
    this.#onText = onText;
  }

  override _write(chunk: Uint8Array | string, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    this.#onText(this.text);
    done();
  }
}
