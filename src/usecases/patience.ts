import { setTimeout as delay } from 'node:timers/promises';
import { AuthError } from '../errors.ts';
import type { LoginRequest } from './login.ts';

type PatienceOptions = Pick<LoginRequest, 'timeoutMs' | 'signal' | 'provider' | 'client'>;

/**
 * Never resolves: rejects when the time is up or the signal is given. Holds no process open by itself.
 *
 * @param done ends it, when nobody waits any more
 * @throws AuthError `TIMED_OUT`, `CANCELLED`, or the signal's own reason
 */
export async function endOfPatience(
  { timeoutMs, signal, provider, client }: PatienceOptions,
  { redirectUri, done }: { readonly redirectUri: string; readonly done: AbortSignal },
): Promise<never> {
  try {
    await delay(timeoutMs, undefined, {
      ref: false,
      signal: signal === undefined ? done : AbortSignal.any([signal, done]),
    });
  } catch {
    throw signal?.reason instanceof AuthError
      ? signal.reason
      : new AuthError('CANCELLED', 'The sign-in was cancelled.');
  }
  throw new AuthError('TIMED_OUT', `No answer came from ${provider.name} within ${inWords(timeoutMs)}.`, {
    hint:
      `If ${provider.name} showed an error page of its own, check that the client id ${client.id} is right and that its ` +
      `app has exactly this redirect URI registered: ${redirectUri} . Else run \`fitbit-login login\` again; \`--timeout SECONDS\` waits longer.`,
  });
}

function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds >= 120 && seconds % 60 === 0) return `${seconds / 60} minutes`;
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}
