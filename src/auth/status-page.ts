import { stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { asAuthError } from '../errors.ts';
import { readLog } from '../log.ts';
import type { Action, StatusView } from '../server/pages/status.ts';
import { SETUP, STATUS, typographic } from '../server/pages/texts.ts';
import type { PageName } from '../server/pages/view.ts';
import type { Next } from '../server/site/routes.ts';
import { appPaths } from '../store/paths.ts';
import { checkStatus } from './check.ts';
import { logout } from './logout.ts';
import { damagedCard, profileCard, readHistory } from './profile-card.ts';
import { profiles } from './profiles.ts';
import { accountName, shortProvider } from './result-view.ts';
import { createRuntime, type RuntimeOptions } from './runtime.ts';
import { BrowserLogins, endOf, openSite, SetupSession } from './setup.ts';

export interface StatusPageOptions {
  /** After this long without a request, the page closes; it keeps asking while it is in sight. In milliseconds. Default 15 minutes. */
  readonly idleMs?: number;
  readonly signal?: AbortSignal;
  /** Called with the address of the page, whose key works once. */
  readonly onPage?: (url: string) => void;
}

/**
 * Serves the status page, with every profile and what can be done with it, until it is stopped, idle, or the signal aborts.
 *
 * @returns what ended it
 * @throws AuthError `LISTEN_FAILED`, `STORE_UNAVAILABLE`
 */
export async function statusPage(
  { idleMs, signal, onPage }: StatusPageOptions = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<'stopped' | 'idle' | 'interrupted'> {
  const runtime = createRuntime(runtimeOptions);
  const logins = new BrowserLogins(runtimeOptions);
  const seen = new AbortController();
  const link = (label: string, page: PageName) => ({ label, url: site.pageUrl(page) });
  const back = () => link(STATUS.back, 'status');
  const deskFor = (profile: string) =>
    new SetupSession({
      signIn: { profile },
      logins,
      runtime,
      onward: () => ({ signedIn: back(), failed: link(SETUP.fix, 'setup') }),
      onView: () => seen.abort(),
    });
  let setup = deskFor('default');

  const view = async (): Promise<StatusView> => {
    seen.abort();
    const log = await readLog(join(appPaths(runtime.environment).log, 'fitbit-login.log'));
    const history = readHistory(log);
    const now = runtime.now();
    const cards = (await profiles(runtimeOptions)).map(async (entry) => {
      if ('error' in entry) return damagedCard(entry.profile, entry.error, runtime.store.location(entry.profile));
      const readableByOthers = await isReadableByOthers(entry.status.location);
      return profileCard(entry.status, { history: history.get(entry.profile) ?? [], readableByOthers, now });
    });
    return { profiles: await Promise.all(cards) };
  };

  const done = (profile: string, text: string): Next => ({
    kind: 'page',
    page: 'status',
    notice: { tone: 'success', text, profile },
  });
  const { results } = STATUS;
  const end = async (profile: string, local: boolean) => {
    const stored = await runtime.store.read(profile).catch(() => undefined);
    const who = accountName(stored?.tokens ?? {}) ?? profile;
    const { revoked } = await logout({ profile, local }, runtimeOptions);
    return done(profile, revoked ? results.signedOut(who) : results.deleted(who));
  };
  const perform: Readonly<Record<Action, (profile: string) => Promise<Next>>> = {
    check: async (profile) => {
      const checked = await checkStatus({ profile }, runtimeOptions);
      const { asked, rateLimit: rate } = checked;
      const limit = rate === undefined ? '' : results.limit(rate.remaining, rate.limit, rate.resetSeconds);
      return done(profile, asked ? results.works(shortProvider(checked)) + limit : results.renewed);
    },
    'sign-in': async (profile) => {
      const { departure, done } = await logins.begin({ profile, onward: { signedIn: back(), failed: back() } });
      done.catch(() => {});
      return { kind: 'redirect', ...departure };
    },
    'sign-out': (profile) => end(profile, false),
    forget: (profile) => end(profile, true),
    add: async () => {
      setup = deskFor(freeName(new Set((await profiles(runtimeOptions)).map(({ profile }) => profile))));
      return { kind: 'page', page: 'setup' };
    },
  };

  const underWay = new Set<Promise<Next>>();
  const act = (action: Action, profile: string) => {
    const result = perform[action](profile).catch((thrown): Next => {
      const { message, preserved, hint } = asAuthError(thrown);
      const text = typographic([message, preserved, hint].filter(Boolean).join(' '));
      return { kind: 'page', page: 'status', notice: { tone: 'failure', text, profile } };
    });
    underWay.add(result);
    return result.finally(() => underWay.delete(result));
  };

  await using site = await openSite(runtime, {
    setup: { view: () => setup.view(), submit: (form) => setup.submit(form), sandbox: () => setup.sandbox() },
    status: { view, act },
    idleMs,
    onPage,
    seen: seen.signal,
  });
  try {
    return await endOf(site, signal);
  } finally {
    seen.abort();
    await logins.end();
    // A refresh token that was sent is spent: its response is waited for.
    await Promise.all(underWay);
  }
}

async function isReadableByOthers(path: string): Promise<boolean | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || platform() === 'win32' ? undefined : (found.mode & 0o077) !== 0;
}

function freeName(taken: ReadonlySet<string>): string {
  if (!taken.has('default')) return 'default';
  for (let number = 2; ; number++) {
    if (!taken.has(`account-${number}`)) return `account-${number}`;
  }
}
