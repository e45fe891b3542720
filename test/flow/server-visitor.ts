import { connect, type Socket } from 'node:net';
import type { CallbackValidation, PendingCallback } from '../../src/server/callback.ts';
import { type Listener, type ListenOptions, listen } from '../../src/server/listen.ts';
import type { View } from '../../src/server/pages/view.ts';

/** A browser's own navigation, as Chromium sends it after a consent form on another site. */
export const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'cross-site',
} as const;

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  header(name: string): string | undefined;
}

export type Headers = Readonly<Record<string, string>>;

/** A listener that waits for `?code=…&state=right`, what it was asked, and raw sockets to it. */
export class Waiting implements AsyncDisposable {
  readonly listener: Listener<string>;
  readonly asked: readonly URLSearchParams[];
  readonly port: number;
  readonly #sockets: Socket[] = [];

  constructor(listener: Listener<string>, asked: readonly URLSearchParams[]) {
    this.listener = listener;
    this.asked = asked;
    this.port = Number(new URL(listener.redirectUri).port);
  }

  get authority(): string {
    return new URL(this.listener.redirectUri).host;
  }

  /** How many of the visits were the awaited one. */
  get exchanges(): number {
    return this.asked.filter((params) => params.get('state') === 'right').length;
  }

  async socket(): Promise<Socket> {
    const socket = connect(this.port, new URL(this.listener.redirectUri).hostname === '[::1]' ? '::1' : '127.0.0.1');
    this.#sockets.push(socket);
    socket.on('error', () => {});
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  }

  /** Sends bytes as they are; resolves with all that came back when the socket has ended. */
  async raw(bytes: string): Promise<string> {
    const socket = await this.socket();
    const all = received(socket);
    socket.write(bytes, 'latin1');
    return all;
  }

  async send(method: string, target: string, headers: Headers = {}): Promise<Answer> {
    const lines = Object.entries({ host: this.authority, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return parse(await this.raw(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`));
  }

  /** A browser tab that is led to `target`. */
  navigate(target: string, headers: Headers = {}): Promise<Answer> {
    return this.send('GET', target, { ...NAVIGATION, ...headers });
  }

  /** The awaited callback, as the browser brings it, to its end. */
  async finish(): Promise<Answer> {
    const redirect = await this.navigate('/callback?code=the-code&state=right');
    return this.navigate((redirect.header('location') ?? '').replace('#', ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.listener.close();
  }
}

export const SIGNED_IN: View = {
  tone: 'success',
  title: 'Signed in',
  lead: 'Your tokens are stored.',
  facts: [{ label: 'Can read', value: 'Activity, sleep' }],
  command: { label: 'Print a token', command: 'fitbit-login token' },
};

const NOT_AWAITED: View = {
  tone: 'waiting',
  title: 'Not the awaited callback',
};

interface WaitingOptions extends Partial<ListenOptions<string>> {
  /** What becomes of the callback. Default: it is answered with {@link SIGNED_IN} at once. */
  readonly onCallback?: (pending: PendingCallback<string>) => void;
}

export async function waiting({ onCallback, ...options }: WaitingOptions = {}): Promise<Waiting> {
  const asked: URLSearchParams[] = [];
  const validation = options.validate ?? validate;
  const listener = await listen({
    redirectUris: ['http://127.0.0.1:0/callback'],
    lingerMs: 60_000,
    ...options,
    validate: (params) => {
      asked.push(params);
      return validation(params);
    },
  });
  void listener.callback.then(onCallback ?? ((pending) => void pending.respond(SIGNED_IN)));
  return new Waiting(listener, asked);
}

export function validate(params: URLSearchParams): CallbackValidation<string> {
  return params.get('state') === 'right'
    ? { kind: 'accepted', response: params.get('code') ?? '' }
    : { kind: 'unexpected', page: NOT_AWAITED };
}

/** All that comes from a socket until it has ended, however it ends. */
export function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(chunks).toString('utf8'))));
}

export function parse(text: string): Answer {
  const split = text.indexOf('\r\n\r\n');
  const head = split === -1 ? text : text.slice(0, split);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
  return { status, head, body: split === -1 ? '' : text.slice(split + 4), header };
}
