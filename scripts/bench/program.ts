import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** A program that prints an authorization URL and waits on loopback for the callback. */
export interface Login {
  readonly command: () => Command | Promise<Command>;
  /** Finds the URL in what was printed so far. Default: the first with a `redirect_uri`. */
  readonly address?: (printed: string) => string | undefined;
  /** mcp-remote does not end after the sign-in. */
  readonly staysUp?: boolean;
}

export interface Waiting extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly startedAt: number;
  readonly address: URL;
  readonly redirectUri: URL;
  /** When the process ended, on the clock of `performance.now()`. Rejects if it failed. */
  readonly ended: Promise<number>;
}

const TIME_LIMIT_MS = 30_000;
const IDLE_SOCKETS = 6;

/** Milliseconds from start to end of a process. @throws Error if it fails or prints anything but `expected` */
export function wholeProcessMs({ file, args, env, input = '' }: Command, expected?: string | RegExp): number {
  const started = performance.now();
  const { status, signal, stdout, stderr } = spawnSync(file, args, {
    env,
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const ms = performance.now() - started;
  if (status !== 0) throw new Error(`${file} ended with ${signal ?? status}: ${stderr.trim()}`);
  const matches =
    expected instanceof RegExp ? expected.test(stdout) : expected === undefined || stdout.trim() === expected;
  if (!matches) throw new Error(`${file} ${args.join(' ')} printed something else.`);
  return ms;
}

/** Starts a program; resolves when it has printed its authorization URL. */
export async function startWaiting({ command, address = firstAddress }: Login): Promise<Waiting> {
  const { file, args, env, input } = await command();
  const startedAt = performance.now();
  const child = spawn(file, args, { env, stdio: 'pipe' });
  child.stdin.on('error', () => {});
  if (input !== undefined) child.stdin.end(input);
  let printed = '';
  const ended = once(child, 'exit').then(([code, signal]) => {
    const endedAt = performance.now();
    if (code !== 0) throw new Error(`${file} ended with ${signal ?? code}: ${printed.trim()}`);
    return endedAt;
  });
  ended.catch(() => {});
  const found = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        printed += chunk;
        const url = address(printed);
        if (url !== undefined) resolve(url);
      });
    }
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await within('a process to end', ended).catch(() => child.kill('SIGKILL'));
  };
  try {
    const early = ended.then(() => Promise.reject(new Error(`${file} ended without a URL: ${printed.trim()}`)));
    const url = new URL(await within('a URL', Promise.race([found, early])));
    const redirectUri = new URL(url.searchParams.get('redirect_uri') ?? '');
    return { process: child, startedAt, address: url, redirectUri, ended, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Milliseconds from the start of the process until its URL is printed and its port accepts a connection. */
export async function listeningMs(login: Login): Promise<number> {
  await using waiting = await startWaiting(login);
  for (;;) {
    const socket = socketTo(waiting.redirectUri);
    const connected = await once(socket, 'connect').catch(() => undefined);
    const at = performance.now();
    socket.destroy();
    if (connected !== undefined) return at - waiting.startedAt;
    if (at - waiting.startedAt > TIME_LIMIT_MS) throw new Error('The port accepts no connection.');
    await delay(1);
  }
}

export interface SignInTimes {
  /** From sending the callback to the last byte of the page that it leads to. */
  readonly pageMs: number;
  /** From there to the end of the process; absent for a program that stays up. */
  readonly goneMs?: number;
}

/** One sign-in, with idle connections and half a request open to the port, as browsers leave them. */
export async function signInMs(login: Login): Promise<SignInTimes> {
  await using waiting = await startWaiting(login);
  // A person needs longer; by now a program has loaded what it loads while it waits.
  await delay(150);
  const { address, redirectUri } = waiting;
  const idle: Socket[] = [];
  try {
    const answer = new URLSearchParams({
      code: 'bench',
      scope: 'openid',
      state: address.searchParams.get('state') ?? '',
    });
    const url = new URL(redirectUri);
    const isPost = address.searchParams.get('response_mode') === 'form_post';
    if (!isPost) url.search = answer.toString();
    const sentAt = performance.now();
    const arriving = fetch(url, isPost ? { method: 'POST', body: answer } : {});
    arriving.catch(() => {});
    // After the connection that matters: a server that takes one at a time would wait for the idle ones.
    await delay(3);
    for (let count = 0; count < IDLE_SOCKETS; count += 1) idle.push(socketTo(redirectUri).on('error', () => {}));
    idle[0]?.write('GET /half-a-request HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Unfin');
    const response = await within('the page', arriving);
    await response.text();
    const completeAt = performance.now();
    if (!response.ok) throw new Error(`The callback was answered with ${response.status}.`);
    const pageMs = completeAt - sentAt;
    if (login.staysUp) return { pageMs };
    return { pageMs, goneMs: (await within('the process to end', waiting.ended)) - completeAt };
  } finally {
    for (const socket of idle) socket.destroy();
  }
}

function socketTo({ hostname, port }: URL) {
  return connect({ host: hostname === 'localhost' ? '127.0.0.1' : hostname, port: Number(port) });
}

function firstAddress(printed: string): string | undefined {
  return /http\S*[?&]redirect_uri=\S+(?=\s)/.exec(printed)?.[0];
}

async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = delay(TIME_LIMIT_MS, undefined, { signal: done.signal }).then(() =>
    Promise.reject(new Error(`Timed out while waiting for ${what}.`)),
  );
  late.catch(() => {});
  return Promise.race([promise, late]).finally(() => done.abort());
}
