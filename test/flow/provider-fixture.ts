import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoginEvent, type LoginOptions, login, type RuntimeOptions, type SignIn } from '../../src/auth/index.ts';
import { createRuntime, type Runtime } from '../../src/auth/runtime.ts';
import type { Fetch } from '../../src/environment.ts';
import type { Decision, ProviderRow, RunningProvider } from './providers.ts';
import { START } from './sandbox-app.ts';
import { type Ran, run, withoutRetryDelay } from './signed-in.ts';

/** A sign-in that waits for its answer. */
export interface Begun {
  /** The address that was to be opened. */
  readonly url: URL;
  readonly redirectUri: string;
  readonly events: readonly LoginEvent[];
  /** May be left unawaited. */
  readonly result: Promise<SignIn>;
  /** Plays the person. @returns the redirect URI with the answer, not asked for yet */
  answer(decision?: Decision): Promise<URL>;
  /** The answer with other parameters: `undefined` takes one out. */
  deliver(answer: URL, changes?: Readonly<Record<string, string | undefined>>): Promise<Response>;
}

/** A home directory at a provider, with a clock that stands until it is moved. */
export interface ProviderFixture extends AsyncDisposable {
  readonly provider: RunningProvider;
  readonly home: string;
  readonly file: string;
  readonly runtimeOptions: RuntimeOptions;
  /** How many requests the tool sent. */
  readonly sent: readonly string[];
  begin(options?: LoginOptions): Promise<Begun>;
  signIn(options?: LoginOptions, decision?: Decision): Promise<SignIn>;
  run(...argv: readonly string[]): Promise<Ran>;
  /** With retries that do not take their time. */
  runtime(): Runtime;
  /** Lets time pass for the tool, and for a provider that goes by the same clock. */
  pass(seconds: number): void;
  /** What stands between the tool and the network from now on. */
  through(change: (send: Fetch) => Fetch): void;
  text(): Promise<string>;
  stored(): Promise<Record<string, unknown>>;
  /** Changes fields of the profile's file, as if another program did. */
  tamper(changes: Readonly<Record<string, unknown>>): Promise<void>;
}

export async function providerFixture({ start, asked }: ProviderRow): Promise<ProviderFixture> {
  let time = START.getTime();
  const now = () => new Date(time);
  const provider = await start(now);
  const home = await mkdtemp(join(tmpdir(), 'provider-'));
  const file = join(home, 'profiles/default.json');
  const sent: string[] = [];
  let send: Fetch = fetch;
  const life = new AbortController();
  const waits: Promise<unknown>[] = [];
  const runtimeOptions: RuntimeOptions = {
    environment: { FITBIT_LOGIN_HOME: home },
    now,
    fetch: (url, init) => {
      sent.push(url);
      return send(url, init);
    },
  };

  const begin = async (options: LoginOptions = {}): Promise<Begun> => {
    const events: LoginEvent[] = [];
    let notified = () => {};
    const waiting = new Promise<void>((resolve) => {
      notified = resolve;
    });
    const result = login(
      {
        ...provider.login,
        scopes: asked,
        email: false,
        redirectUris: ['http://127.0.0.1:0/callback'],
        browser: false,
        signal: life.signal,
        ...options,
        notify: (event) => {
          events.push(event);
          notified();
        },
      },
      runtimeOptions,
    );
    waits.push(result.catch(() => {}));
    await Promise.race([waiting, result]);
    const [first] = events;
    if (first?.kind !== 'waiting') throw new Error('The sign-in did not begin with the wait.');
    const { redirectUri } = first;
    const url = new URL(first.url);
    provider.register(redirectUri);
    return {
      url,
      redirectUri,
      events,
      result,
      answer: (decision) => provider.decide(url, decision),
      deliver: (answer, changes = {}) => {
        const changed = new URL(answer);
        for (const [name, value] of Object.entries(changes)) {
          if (value === undefined) changed.searchParams.delete(name);
          else changed.searchParams.set(name, value);
        }
        return fetch(changed);
      },
    };
  };
  const text = () => readFile(file, 'utf8');
  return {
    provider,
    home,
    file,
    runtimeOptions,
    sent,
    begin,
    signIn: async (options, decision) => {
      const { answer, deliver, result } = await begin(options);
      await deliver(await answer(decision));
      return result;
    },
    run: (...argv) => run(argv, runtimeOptions),
    runtime: () => withoutRetryDelay(createRuntime(runtimeOptions)),
    pass: (seconds) => {
      time += seconds * 1000;
    },
    through: (change) => {
      send = change(fetch);
    },
    text,
    stored: async () => JSON.parse(await text()),
    tamper: async (changes) => writeFile(file, JSON.stringify({ ...JSON.parse(await text()), ...changes })),
    [Symbol.asyncDispose]: async () => {
      life.abort();
      await Promise.all(waits);
      await provider[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}
