import { platform } from 'node:os';
import { AuthError } from '../../errors.ts';
import type { BindFailure, BindOptions } from '../binding.ts';
import { authorityOf } from '../listening.ts';
import { cannotListen } from './cannot-listen.ts';
import { type Blocked, blockedAmong, type Stack, type StackState, stacksOf } from './stack.ts';
import { waysOut } from './ways-out.ts';
import { holderDetails, holding, inList } from './words.ts';

/** What is known of a redirect URI that could not be bound. */
interface Examined {
  readonly failure: BindFailure;
  readonly stacks: readonly Stack[];
  readonly blocked: readonly Blocked[];
}

/**
 * Why none of the redirect URIs could be bound: who holds which port, as far as the system tells, and the ways out.
 * `PORT_BUSY` where the port of one is taken, else `LISTEN_FAILED`. Takes three seconds at most.
 */
export async function refusal(failures: readonly BindFailure[], { pid }: BindOptions): Promise<AuthError> {
  const examined = await Promise.all(failures.map(examine));
  const reasons = examined.map((one) => reasonOf(one, pid));
  const message =
    reasons.length === 1
      ? `${capitalized(reasons[0] ?? '')}.`
      : `None of the ${reasons.length} redirect URIs can be listened for: ${reasons.join('; ')}.`;
  const tried = failures.map(({ redirect, address }) => authorityOf(address, redirect.port)).join(', ');
  const cause = failures[0]?.cause;
  const [first, ...others] = examined.flatMap(({ blocked }) => blocked);
  if (first === undefined) {
    const hint = failures.map((failure) => cannotListen(failure).hint).find((known) => known !== undefined);
    return new AuthError('LISTEN_FAILED', message, {
      cause,
      details: { tried },
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const hint =
    first.redirect.port === 0
      ? 'End programs that hold many ports, then run this again.'
      : await waysOut([first, ...others], { pid, os: platform() });
  return new AuthError('PORT_BUSY', message, { cause, details: { tried, ...holderDetails(first) }, hint });
}

async function examine(failure: BindFailure): Promise<Examined> {
  const stacks = await stacksOfFailure(failure);
  return { failure, stacks, blocked: blockedAmong(failure.redirect, stacks) };
}

/** Every stack of the redirect URI, not only the one that failed first. What failed a moment ago is not called free. */
async function stacksOfFailure({ redirect, address, code }: BindFailure): Promise<readonly Stack[]> {
  const failed: StackState = code === 'EADDRINUSE' ? { kind: 'taken' } : { kind: 'refused', code };
  // Where any free port would do there was none, and so there is no holder to name.
  if (redirect.port === 0) return [{ address, port: 0, at: authorityOf(address, 0), state: failed }];
  const stacks = await stacksOf(redirect);
  return stacks.map((stack) =>
    stack.address === address && stack.state.kind === 'free' ? { ...stack, state: failed } : stack,
  );
}

function reasonOf({ failure, stacks, blocked }: Examined, pid: number | undefined): string {
  const { redirect, address } = failure;
  if (blocked.length === 0) {
    return `cannot listen on ${authorityOf(address, redirect.port)}: ${cannotListen(failure).reason}`;
  }
  if (redirect.port === 0) return `no port is free on ${inList(redirect.addresses)}`;
  const [free] = stacks.filter(({ state }) => state.kind === 'free');
  const but = free === undefined ? '' : ` (${free.at} is free, but “localhost” may lead a browser to either)`;
  return holding(blocked, pid) + but;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
