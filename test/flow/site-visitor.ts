import { connect, type Socket } from 'node:net';
import type { SetupForm } from '../../src/server/pages/setup.ts';
import type { Action, StatusView } from '../../src/server/pages/status.ts';
import type { Next, SetupHandlers } from '../../src/server/site/routes.ts';
import { type Site, type SiteOptions, startSite } from '../../src/server/site/site.ts';
import { type Answer, type Headers, parse, received } from './server-visitor.ts';
import { MISSING, SETUP, WELL } from './site-views.ts';

/** A tab that is opened by another program or typed into. */
export const OPENED = {
  accept: 'text/html',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
} as const;

/** What happened to the handlers, and what they are to do. */
export interface FakeHandlers {
  status: StatusView;
  readonly acted: (readonly [Action, string])[];
  readonly submitted: SetupForm[];
  sandboxes: number;
}

export interface VisitedSite extends AsyncDisposable {
  readonly site: Site;
  readonly handlers: FakeHandlers;
  readonly origin: string;
  readonly authority: string;
  /** The path of a page: `/…/status`. */
  path(page: string): string;
  socket(): Promise<Socket>;
  send(method: string, target: string, headers?: Headers, body?: string): Promise<Answer>;
  /** Uses the opened address up: the cookie, as a browser sends it. */
  enter(): Promise<string>;
  /** A page's form, sent as its own page would: with the cookie and the page's token. */
  post(path: string, fields: Readonly<Record<string, string>>, cookie: string, headers?: Headers): Promise<Answer>;
}

export interface VisitedOptions extends Partial<Omit<SiteOptions, 'setup' | 'status'>> {
  readonly act?: (action: Action, profile: string) => Promise<Next>;
  readonly submit?: SetupHandlers['submit'];
  readonly only?: 'setup' | 'status';
}

/** A site over handlers that write down what they are asked, and raw sockets to it. */
export async function visitedSite({ act, submit, only, ...options }: VisitedOptions = {}): Promise<VisitedSite> {
  const handlers: FakeHandlers = {
    status: { profiles: [WELL, MISSING] },
    acted: [],
    submitted: [],
    sandboxes: 0,
  };
  const back: Next = { kind: 'page' };
  const setup: SetupHandlers = {
    view: async () => SETUP,
    submit: async (form) => {
      handlers.submitted.push(form);
      return (await submit?.(form)) ?? back;
    },
    sandbox: async () => {
      handlers.sandboxes += 1;
      return back;
    },
  };
  const status: SiteOptions['status'] = {
    view: async () => handlers.status,
    act: async (action, profile) => {
      handlers.acted.push([action, profile]);
      return (
        (await act?.(action, profile)) ?? {
          kind: 'page',
          notice: { tone: 'success', text: `Done: ${action}.`, profile },
        }
      );
    },
  };
  const site = await startSite({
    ...(only === 'status' ? {} : { setup }),
    ...(only === 'setup' ? {} : { status }),
    ...options,
  });
  return visitor(site, handlers);
}

function visitor(site: Site, handlers: FakeHandlers): VisitedSite {
  const { origin, host: authority, port } = new URL(site.url);
  const sockets: Socket[] = [];
  const path = (page: string) => new URL(site.pageUrl('status')).pathname.replace(/status$/, page);
  const socket = async () => {
    const opened = connect(Number(port), '127.0.0.1');
    sockets.push(opened);
    opened.on('error', () => {});
    await new Promise((resolve, reject) => opened.once('connect', resolve).once('error', reject));
    return opened;
  };
  const send: VisitedSite['send'] = async (method, target, headers = {}, body = '') => {
    const opened = await socket();
    const all = received(opened);
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const lines = Object.entries({ host: authority, ...length, ...headers }).map(
      ([name, text]) => `${name}: ${text}\r\n`,
    );
    opened.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
    return parse(await all);
  };
  return {
    site,
    handlers,
    origin,
    authority,
    path,
    socket,
    send,
    enter: async () => {
      const { pathname, search } = new URL(site.url);
      const answer = await send('GET', pathname + search, OPENED);
      return answer.header('set-cookie')?.split(';')[0] ?? '';
    },
    post: async (to, fields, cookie, headers = {}) => {
      const page = await send('GET', path(to === 'status' || to === 'stop' ? 'status' : 'setup'), {
        ...OPENED,
        cookie,
      });
      const token = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      return send(
        'POST',
        path(to),
        { ...FORM, origin: 'null', cookie, ...headers },
        new URLSearchParams({ _csrf: token, ...fields }).toString(),
      );
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of sockets) one.destroy();
      await site.close();
    },
  };
}

/** A form of the site's own page, as browsers send it under `Referrer-Policy: no-referrer`. */
const FORM = {
  'content-type': 'application/x-www-form-urlencoded',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'same-origin',
} as const;
