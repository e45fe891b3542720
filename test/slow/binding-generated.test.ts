import { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/server/app.ts';
import { CallbackWait, callbackRoutes } from '../../src/server/callback.ts';
import { EVERYWHERE } from '../../src/server/guards.ts';
import { STYLE_HASH } from '../../src/server/pages/style.ts';
import type { Peer } from '../../src/server/peer.ts';
import { parseRedirectUri } from '../../src/server/redirect-uri.ts';
import { SiteSession } from '../../src/server/site/session.ts';
import { siteApp } from '../../src/server/site/site.ts';
import { BrowserBinding, startRoute } from '../../src/server/start.ts';
import { NAVIGATION, SIGNED_IN, waiting } from '../flow/server-visitor.ts';
import { SETUP, WELL } from '../flow/site-views.ts';

const SEQUENCES = 2_500;
const AUTHORITY = '127.0.0.1:8976';

const peer = fc.constantFrom<Peer>('own', 'unknown', 'gone', 'other-user');
const VISITORS = ['one', 'another'] as const;

const request = fc.record({
  visitor: fc.constantFrom(...VISITORS),
  peer,
  /** Whose cookies come along. */
  jar: fc.constantFrom(...VISITORS, 'none'),
  method: fc.oneof({ weight: 12, arbitrary: fc.constant('GET') }, fc.constantFrom('HEAD', 'POST', 'OPTIONS')),
  page: fc.oneof(
    { weight: 3, arbitrary: fc.constant('start') },
    { weight: 4, arbitrary: fc.constant('callback') },
    fc.constantFrom('result', 'favicon.ico', 'elsewhere'),
  ),
  /** Counted back from the authorization that was begun last. */
  state: fc.constantFrom<number | 'wrong'>(0, 0, 0, 0, 0, 1, 2, 'wrong'),
  parameters: fc.constantFrom('code=the-code', 'code=another', 'error=access_denied', 'none=of-these'),
  headers: fc.constantFrom<Readonly<Record<string, string>>>(
    {},
    {},
    {},
    {},
    {},
    {},
    { 'sec-purpose': 'prefetch' },
    { 'sec-fetch-dest': 'iframe' },
    { origin: 'https://a' },
  ),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** What is injected has no raw headers, of which Node makes these. */
class Injected extends IncomingMessage {}
Object.defineProperty(Injected.prototype, 'headersDistinct', {
  get(this: IncomingMessage) {
    return Object.fromEntries(Object.entries(this.headers).map(([name, value = '']) => [name, [value].flat()]));
  },
});

interface Answered {
  readonly status: number;
  readonly location: string;
  readonly cookie: string;
}

/** A sign-in's server, and what was begun and accepted there. */
interface SignInServer extends AsyncDisposable {
  readonly startPath: string;
  /** The states of all authorizations that were begun, oldest first. */
  readonly states: readonly string[];
  readonly exchanges: readonly string[];
  send(method: string, target: string, headers: Readonly<Record<string, string>>, peer: Peer): Promise<Answered>;
}

/** What validates, begins and looks up for either server. */
function partsOf() {
  const at = { peer: 'own' as Peer, states: [] as string[], exchanges: [] as string[] };
  return {
    at,
    begin: () => {
      at.states.push(`state-${at.states.length}`);
      return `https://provider.example/authorize?state=${at.states.at(-1)}`;
    },
    validate: (given: URLSearchParams) => {
      const isValid = given.get('state') === at.states.at(-1) && (given.has('code') || given.has('error'));
      return isValid
        ? ({ kind: 'accepted', response: given.toString() } as const)
        : ({ kind: 'unexpected', page: { tone: 'waiting', title: 'Not awaited' } } as const);
    },
    peerOf: async () => at.peer,
  };
}

/** The app of a sign-in's server, asked without sockets. */
async function inProcess(): Promise<SignInServer> {
  const { at, begin, validate, peerOf } = partsOf();
  const redirect = parseRedirectUri(`http://${AUTHORITY}/callback`);
  const wait = new CallbackWait<string>({ validate, lingerMs: 0 });
  const binding = new BrowserBinding({
    begin: () => {
      wait.beginAnew();
      return begin();
    },
    peerOf,
    onNotice: () => {},
  });
  const policy = { styleSrc: [STYLE_HASH], formAction: ["'none'"] };
  const app = await createApp({ redirect, guards: EVERYWHERE, policy });
  callbackRoutes(app, redirect, wait, (incoming) => binding.refusal(incoming));
  startRoute(app, redirect, binding, wait);
  void wait.callback.then((pending) => {
    at.exchanges.push(pending.response);
    void pending.respond(SIGNED_IN);
  });
  return {
    ...at,
    startPath: binding.path,
    send: async (method, url, headers, from) => {
      at.peer = from;
      const answer = await app.inject({
        Request: Injected,
        method: method as 'GET',
        url: url.replace('/result', wait.resultPath),
        headers: { host: AUTHORITY, ...headers },
      });
      return answered(answer.statusCode, (name) => String(answer.headers[name] ?? ''));
    },
    [Symbol.asyncDispose]: async () => {
      await wait.flush(0);
      await app.close();
    },
  };
}

/** The same over real sockets. */
async function listening(): Promise<SignInServer> {
  const { at, begin, validate, peerOf } = partsOf();
  const visited = await waiting({
    begin,
    validate,
    peerOf,
    onCallback: (pending) => {
      at.exchanges.push(pending.response);
      void pending.respond(SIGNED_IN);
    },
  });
  return {
    ...at,
    startPath: new URL(visited.listener.startUrl ?? '').pathname,
    send: async (method, target, headers, from) => {
      at.peer = from;
      const { status, header } = await visited.send(method, target, headers);
      return answered(status, (name) => header(name) ?? '');
    },
    [Symbol.asyncDispose]: () => visited[Symbol.asyncDispose](),
  };
}

function answered(status: number, header: (name: string) => string): Answered {
  const [cookie = ''] = header('set-cookie').split(';');
  return { status, location: header('location'), cookie };
}

/** @returns how many exchanges there were */
async function holds(server: SignInServer, requests: readonly Request[]): Promise<number> {
  const jars: Record<string, string> = {};
  let current = '';
  let acceptedQuery = '';
  for (const { visitor, peer: from, jar, method, page, state, parameters, headers } of requests) {
    const named = state === 'wrong' ? 'wrong' : (server.states.at(-1 - state) ?? 'none');
    const query = `${parameters}&state=${named}`;
    const target = page === 'start' ? server.startPath : page === 'callback' ? `/callback?${query}` : `/${page}`;
    const [before, cookie] = [server.exchanges.length, jars[jar] ?? ''];
    const sent = { ...NAVIGATION, ...headers, ...(cookie === '' ? {} : { cookie }) };
    const answer = await server.send(method, target, sent, from);
    expect(answer.status).toBeLessThan(500);
    if (server.exchanges.length > before) {
      // Accepted: from our own user's program, or from the browser that brings the cookie of this very authorization.
      expect(from).not.toBe('other-user');
      expect(from === 'own' || (cookie !== '' && cookie === current)).toBe(true);
      expect(named).toBe(server.states.at(-1));
      acceptedQuery = query;
    }
    // Only who repeats the accepted callback is led to its page.
    if (answer.location.startsWith('/result/')) expect(query).toBe(acceptedQuery);
    if (page === 'start' && from === 'other-user') expect(answer.status).toBeGreaterThanOrEqual(400);
    if (answer.cookie !== '') {
      current = answer.cookie;
      jars[visitor] = answer.cookie;
    }
  }
  expect(server.exchanges.length).toBeLessThanOrEqual(1);
  return server.exchanges.length;
}

describe('any requests to a sign-in’s server, in any order, from any user', () => {
  const sequence = fc.array(request, { minLength: 2, maxLength: 12 });
  const run = async (make: () => Promise<SignInServer>, numRuns: number) => {
    let exchanges = 0;
    await fc.assert(
      fc.asyncProperty(sequence, async (requests) => {
        await using server = await make();
        exchanges += await holds(server, requests);
      }),
      { numRuns },
    );
    // Not because nothing ever works.
    expect(exchanges).toBeGreaterThan(numRuns / 50);
  };

  test(
    'nothing fails with a 5xx, there is one exchange at most, and none from an unverified peer without the cookie',
    () => run(inProcess, SEQUENCES),
    600_000,
  );

  test('nor over real sockets', () => run(listening, 60), 600_000);
});

const siteRequest = fc.record({
  peer,
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'POST', 'HEAD'),
  page: fc.oneof(
    { weight: 4, arbitrary: fc.constant('key') },
    { weight: 6, arbitrary: fc.constantFrom('status', 'setup') },
    { weight: 4, arbitrary: fc.constantFrom('wrong-key', 'live', 'onward?to=a', 'stop', 'sandbox', 'ticks') },
  ),
  brings: fc.constantFrom('cookie', 'cookie', 'cookie', 'cookie', 'nothing', 'another'),
  token: fc.constantFrom('right', 'right', 'right', 'wrong', 'none'),
  field: fc.constantFrom('check', 'sign-in', 'sign-out', 'forget', 'add', 'provider', '__proto__'),
  site: fc.constantFrom('same-origin', 'none', 'cross-site'),
});

type SiteRequest = typeof siteRequest extends fc.Arbitrary<infer T> ? T : never;

/** Half of the sequences begin in a browser that is in. */
const ENTRANCE = (['key', 'status'] as const).map(
  (page): SiteRequest => ({
    peer: 'own',
    method: 'GET',
    page,
    brings: 'cookie',
    token: 'none',
    field: 'check',
    site: 'none',
  }),
);
const siteSequence = fc
  .tuple(fc.boolean(), fc.array(siteRequest, { minLength: 2, maxLength: 10 }))
  .map(([isIn, requests]) => (isIn ? [...ENTRANCE, ...requests] : requests));

test('whatever is sent to the setup and status pages, the key opens them once, never for another user, and a form needs cookie and token', async () => {
  const redirect = parseRedirectUri(`http://${AUTHORITY}/`);
  const sum = { opened: 0, acted: 0 };
  await fc.assert(
    fc.asyncProperty(siteSequence, async (requests) => {
      const session = new SiteSession({ idleMs: 60_000 });
      const acted: string[] = [];
      const act = async (what: string) => {
        acted.push(what);
        return { kind: 'page' } as const;
      };
      let from: Peer = 'own';
      const app = await siteApp(redirect, session, {
        peerOf: async () => from,
        setup: { view: async () => SETUP, submit: () => act('submit'), sandbox: () => act('sandbox') },
        status: { view: async () => ({ profiles: [WELL] }), act },
      });
      let [cookies, token, opened] = ['', '', 0];
      for (const { peer: next, method, page, brings, token: given, field, site } of requests) {
        from = next;
        const isKey = page === 'key' || page === 'wrong-key';
        const url = isKey ? session.target + (page === 'key' ? '' : 'x') : `${session.base}/${page}`;
        const brought = { cookie: cookies, nothing: '', another: 'fitbit-login=a' }[brings];
        const form = new URLSearchParams({ [field]: 'default', _csrf: { right: token, wrong: 'x', none: '' }[given] });
        const before = acted.length;
        const answer = await app.inject({
          Request: Injected,
          method: method as 'GET',
          url,
          headers: {
            host: AUTHORITY,
            'sec-fetch-site': site,
            'sec-fetch-dest': 'document',
            ...(brought === '' ? {} : { cookie: brought }),
            ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded', origin: 'null' } : {}),
          },
          ...(method === 'POST' ? { payload: form.toString() } : {}),
        });
        expect(answer.statusCode).toBeLessThan(500);
        const set = [answer.headers['set-cookie'] ?? []].flat().map((line) => line.split(';')[0] ?? '');
        if (isKey && set.length > 0) {
          opened += 1;
          expect([page, next === 'own' || next === 'unknown']).toEqual(['key', true]);
        }
        const isIn = cookies !== '' && brings === 'cookie';
        if (acted.length > before) expect([isIn, given, token !== '']).toEqual([true, 'right', true]);
        if (!isIn && !isKey) expect(answer.body).not.toContain('WALK01');
        const merged = new Map(
          [...cookies.split('; '), ...set].filter(Boolean).map((pair) => [pair.split('=')[0], pair]),
        );
        if (isIn || (isKey && set.length > 0)) cookies = [...merged.values()].join('; ');
        token = (isIn && /name="_csrf" value="([^"]+)"/.exec(answer.body)?.[1]) || token;
      }
      expect(opened).toBeLessThanOrEqual(1);
      sum.opened += opened;
      sum.acted += acted.length;
      session.close();
      await app.close();
    }),
    { numRuns: SEQUENCES },
  );
  // Not because nothing ever works.
  expect([sum.opened > SEQUENCES / 20, sum.acted > SEQUENCES / 100]).toEqual([true, true]);
}, 600_000);
