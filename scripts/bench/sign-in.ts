import { setTimeout as delay } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../src/index.ts';
import { allow } from './allow.ts';
import { type Contestant, compared, contest, valuesOf } from './contest.ts';
import { makeHome } from './home.ts';
import { estimate, quantile } from './pairs.ts';
import { ProviderTime } from './provider-time.ts';
import type { Row } from './row.ts';
import { visit } from './visit.ts';
import { programLogin, signers } from './waiters.ts';
import { type Login, startWaiting, within } from './waiting.ts';

/** A person takes longer than this to press Allow; by then a program has loaded whatever it loads while it waits. */
const SETTLE_MS = 100;
const PATIENCE_MS = 10_000;
/** Peers are measured in the first rounds only: their median does not need hundreds. */
const ROUNDS_WITH_PEERS = 30;

interface Times {
  /** From the redirect to the last byte of the page. */
  readonly pageMs: number;
  /** From there to the end of the process; absent for what stays up. */
  readonly goneMs?: number;
}

/** What a person sees of the end of a sign-in, in the browser and in the terminal. */
export const signIn: Row = {
  name: 'sign-in',
  method:
    'Each sign-in is a process of its own. From sending the redirect to the last byte of the page that it leads to, and from there to the ' +
    'end of the process; the time in which the provider was at work on an answer is taken off. The redirect goes over a fresh connection, ' +
    `${SETTLE_MS} ms after the address was printed; six idle connections and one with half a request are open beside it until the end. ` +
    'By the time of the page, ours has exchanged the code and stored the tokens, synced to disk. The peers store nothing, and all of them ' +
    'but @google-cloud/local-auth send the page before they exchange the code. Their programs end themselves as soon as their library has ' +
    'the tokens; mcp-remote stays up by design.',
  rounds: { full: 500, quick: 2 },
  measure: async (rig) => {
    await using sandbox = await startSandbox();
    using provider = new ProviderTime();
    const login = programLogin(rig, await makeHome(rig.directory, 0), '--sandbox', sandbox.origin);
    const ours: Contestant<Times> = {
      role: 'ours',
      name: 'login',
      measure: () => timesOf(login, provider, (address) => answerOf(sandbox, address)),
    };
    const peers = signers(rig, (peer) => timesOf(peer, provider, madeUp));
    const shared = Math.min(rig.rounds, ROUNDS_WITH_PEERS);
    const together = await contest([ours, ...peers], shared);
    const alone = shared < rig.rounds ? await contest([ours], rig.rounds - shared) : [];
    const series = together.map((one) =>
      one.role === 'ours' ? { ...one, values: [...one.values, ...(alone[0]?.values ?? [])] } : one,
    );
    const pages = valuesOf(series, 'ours', ({ pageMs }) => pageMs);
    return [
      {
        title: 'redirect → page complete',
        unit: 'ms',
        statistic: 'median',
        ...compared(series, ({ pageMs }) => pageMs),
        goal: { of: 'ours', is: '≤', limit: 6 },
      },
      {
        title: 'redirect → page complete, p99',
        unit: 'ms',
        statistic: 'p99',
        count: pages.length,
        ours: estimate(pages, (values) => quantile(values, 0.99)),
        peers: [],
        goal: { of: 'ours', is: '≤', limit: 20 },
      },
      {
        title: 'page complete → process gone',
        unit: 'ms',
        statistic: 'median',
        ...compared(
          series.filter(({ values }) => values.every(({ goneMs }) => goneMs !== undefined)),
          ({ goneMs }) => goneMs ?? Number.NaN,
        ),
        goal: { of: 'ours', is: '≤', limit: 10 },
      },
    ];
  },
};

/** One sign-in. @param answer what the provider gives along with the redirect */
async function timesOf(
  login: Login,
  provider: ProviderTime,
  answer: (address: URL) => URLSearchParams | Promise<URLSearchParams>,
): Promise<Times> {
  await using waiting = await startWaiting(login);
  const given = await answer(waiting.address);
  await delay(SETTLE_MS);
  const posts = waiting.address.searchParams.get('response_mode') === 'form_post';
  using visited = await within(PATIENCE_MS, 'the page', visit(waiting.redirectUri, given, posts));
  const { sentAt, completeAt } = visited;
  const pageMs = completeAt - sentAt - provider.between(sentAt, completeAt);
  if (login.staysUp) return { pageMs };
  const goneAt = await within(PATIENCE_MS, 'the process to end', waiting.ended);
  return { pageMs, goneMs: goneAt - completeAt - provider.between(completeAt, goneAt) };
}

/** The sandbox's, as if this very port had been registered all along. */
function answerOf(sandbox: Sandbox, address: URL): Promise<URLSearchParams> {
  const { searchParams } = address;
  sandbox.register({
    id: searchParams.get('client_id') ?? '',
    redirectUris: [searchParams.get('redirect_uri') ?? ''],
  });
  return allow(address);
}

/** The stand-in's: it takes any code. */
function madeUp({ searchParams }: URL): URLSearchParams {
  return new URLSearchParams({ code: 'bench', scope: 'openid', state: searchParams.get('state') ?? '' });
}
