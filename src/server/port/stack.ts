import { createServer } from 'node:net';
import { authorityOf, bindErrorCode, isAbsent, listenAt } from '../listening.ts';
import { parseRedirectUri, type RedirectUri } from '../redirect-uri.ts';
import { type Holder, holderOf } from './holder.ts';
import { waitingSignIn } from './waiting-sign-in.ts';

/** Whether a sign-in could listen at an address now. */
export type StackState =
  | { readonly kind: 'free' }
  | Taken
  /** This machine has no such address: no IPv6, or an interface that is down. */
  | { readonly kind: 'absent'; readonly code: string }
  /** The system refuses it for another reason: `EACCES`. */
  | { readonly kind: 'refused'; readonly code: string };

/** Somebody else has it. */
export interface Taken {
  readonly kind: 'taken';
  /** Absent where the system does not tell. */
  readonly holder?: Holder;
  /** It is an earlier fitbit-login, which has waited for its sign-in that long. */
  readonly waitingSeconds?: number;
}

/** One of the addresses that a redirect URI may lead to. */
export interface Stack {
  /** `127.0.0.1` or `::1`. */
  readonly address: string;
  readonly port: number;
  /** Both as in a URI. */
  readonly at: string;
  readonly state: StackState;
}

/** A redirect URI whose port somebody else has, and on which stack. */
export interface Blocked {
  readonly redirect: RedirectUri;
  readonly stack: Stack;
  readonly taken: Taken;
}

/**
 * What a sign-in with this redirect URI would meet on each stack that it may lead to: two for `localhost`. Binds each address for a
 * moment, as nothing else tells for sure, and looks for whoever holds one that is taken: two seconds at most.
 *
 * @throws AuthError `USAGE` for a redirect URI that is not loopback
 */
export async function probe(redirectUri: string): Promise<readonly Stack[]> {
  return stacksOf(parseRedirectUri(redirectUri));
}

/** Those of a redirect URI's stacks that somebody else has. */
export function blockedAmong(redirect: RedirectUri, stacks: readonly Stack[]): readonly Blocked[] {
  return stacks.flatMap((stack) => (stack.state.kind === 'taken' ? [{ redirect, stack, taken: stack.state }] : []));
}

/** {@link probe} of a redirect URI that was parsed. */
export async function stacksOf({ addresses, port }: RedirectUri): Promise<readonly Stack[]> {
  return Promise.all(
    addresses.map(async (address) => ({
      address,
      port,
      at: authorityOf(address, port),
      state: await stateOf(address, port),
    })),
  );
}

/** Whether nobody holds an address, be it that this machine does not have it. Asks nobody who they are. */
export async function isFree(address: string, port: number): Promise<boolean> {
  const code = await bindingRefused(address, port);
  return code === undefined || isAbsent(code);
}

async function stateOf(address: string, port: number): Promise<StackState> {
  const code = await bindingRefused(address, port);
  if (code === undefined) return { kind: 'free' };
  if (code === 'EADDRINUSE') return takenBy(address, port);
  return { kind: isAbsent(code) ? 'absent' : 'refused', code };
}

/** Binds an address for a moment. @returns the system's word for why it could not be bound */
async function bindingRefused(address: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    await listenAt(server, address, port);
  } catch (error) {
    return bindErrorCode(error);
  }
  await new Promise((resolve) => server.close(resolve));
  return undefined;
}

async function takenBy(address: string, port: number): Promise<Taken> {
  const holder = await holderOf(address, port);
  const waiting = await waitingSignIn(address, port, { holder });
  return {
    kind: 'taken',
    ...(holder === undefined ? {} : { holder }),
    ...(waiting === undefined ? {} : { waitingSeconds: waiting.seconds }),
  };
}
