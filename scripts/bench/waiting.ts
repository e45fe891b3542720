import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from './command.ts';

/** A program that prints the address to open, and waits on loopback for the redirect. */
export interface Login {
  /** Called for every start. */
  readonly command: () => Command | Promise<Command>;
  /**
   * The address to open, from what was printed so far; `undefined` while it is not there yet. By default the first with a
   * `redirect_uri`.
   */
  readonly address?: (printed: string) => string | undefined;
  /** Whether it goes on working after the sign-in. Default `false`: it ends. */
  readonly staysUp?: boolean;
}

/** It waits. Disposing of it ends it. */
export interface Waiting extends AsyncDisposable {
  readonly process: ChildProcess;
  /** When its process was started, on the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly address: URL;
  readonly redirectUri: URL;
  /** When its process ended. Rejects where that was not a success. */
  readonly ended: Promise<number>;
}

const ADDRESS = /http\S*[?&]redirect_uri=\S+(?=\s)/;
const PATIENCE_MS = 30_000;
const MANNERS_MS = 2_000;

/** Starts a program and resolves as soon as it has printed the address to open. @throws Error where it prints none */
export async function startWaiting({ command, address = firstAddress }: Login): Promise<Waiting> {
  const { file, args, env, input } = await command();
  const startedAt = performance.now();
  const child = spawn(file, args, { env, stdio: 'pipe' });
  let printed = '';
  const ended = once(child, 'exit').then(([code, signal]) => {
    const endedAt = performance.now();
    if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${signal ?? code}: ${printed.trim()}`);
    return endedAt;
  });
  // Whoever awaits it is told; where nobody does, it was ended here.
  ended.catch(() => {});
  const found = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        printed += chunk;
        const text = address(printed);
        if (text !== undefined) resolve(text);
      });
    }
  });
  child.stdin.on('error', () => {});
  if (input !== undefined) child.stdin.end(input);
  const end = async () => {
    // Gently at first: only a process that ends by itself keeps the code that it has compiled for the next.
    child.kill('SIGTERM');
    await within(MANNERS_MS, 'a process to end', ended).catch(() => child.kill('SIGKILL'));
    await ended.catch(() => {});
  };
  try {
    const early = ended.then(() => Promise.reject(new Error(`${file} ended without an address: ${printed.trim()}`)));
    const url = new URL(await within(PATIENCE_MS, `${file} to print an address`, Promise.race([found, early])));
    const redirectUri = new URL(url.searchParams.get('redirect_uri') ?? '');
    return { process: child, startedAt, address: url, redirectUri, ended, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** From the start of the process until its address is printed and its port takes a connection, in milliseconds. */
export async function listeningMs(login: Login): Promise<number> {
  await using waiting = await startWaiting(login);
  const socket = await firstConnection(waiting.redirectUri, waiting.startedAt + PATIENCE_MS);
  const listeningAt = performance.now();
  socket.destroy();
  return listeningAt - waiting.startedAt;
}

/** Begins a connection to where a redirect URI leads. By name, it is the IPv4 stack that is meant: everything here listens there. */
export function socketTo({ hostname, port }: URL): Socket {
  return connect({ host: hostname === 'localhost' ? '127.0.0.1' : hostname, port: Number(port) });
}

/** Waits for so long. @throws Error after that */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = delay(ms, undefined, { signal: done.signal }).then(() =>
    Promise.reject(new Error(`Waited ${ms / 1000} seconds in vain for ${what}.`)),
  );
  late.catch(() => {});
  return Promise.race([promise, late]).finally(() => done.abort());
}

async function firstConnection(redirectUri: URL, deadline: number): Promise<Socket> {
  for (;;) {
    const socket = socketTo(redirectUri);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(1);
    }
  }
}

function firstAddress(printed: string): string | undefined {
  return ADDRESS.exec(printed)?.[0];
}
