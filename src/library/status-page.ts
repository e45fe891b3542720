import { stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { refresh } from '../auth/access-token.ts';
import { checkStatus } from '../auth/check.ts';
import { logout } from '../auth/logout.ts';
import { profiles } from '../auth/profiles.ts';
import { createRuntime, type RuntimeOptions } from '../auth/runtime.ts';
import { tellingInWords } from '../browser/open-browser.ts';
import { defined } from '../defined.ts';
import { asAuthError } from '../errors.ts';
import { readLog } from '../log.ts';
import type { Action, Notice, ProfileCard } from '../server/pages/site-view.ts';
import type { Next, Site } from '../server/site.ts';
import { appPaths } from '../store/paths.ts';
import { watchDirectory } from '../store/watch.ts';
import { type HistoryEvent, historyOf } from '../usecases/history.ts';
import { cardOf, damagedCard } from '../usecases/profile-card.ts';
import { SETUP_PROVIDERS, SetupDesk } from './setup.ts';
import { TabSignIns } from './tab-sign-in.ts';

export interface StatusPageOptions {
  /** How long nobody may be there before the page ends, in milliseconds. Default 15 minutes. */
  readonly idleMs?: number;
  readonly signal?: AbortSignal;
  /** Told the address of the page, whose key works once. */
  readonly onPage?: (url: string) => void;
}

/**
 * Serves the status page, with every profile and what can be done with it, until it is stopped, left alone, or the signal
 * is given.
 *
 * @returns what ended it
 * @throws AuthError `LISTEN_FAILED`, `STORE_UNAVAILABLE`
 */
export async function statusPage(
  options: StatusPageOptions = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<'stopped' | 'idle' | 'interrupted'> {
  const { idleMs, signal, onPage } = options;
  const runtime = createRuntime(runtimeOptions);
  const { startSite } = await import('../server/site.ts');
  const directories = appPaths(runtime.environment);
  const signIns = new TabSignIns(runtimeOptions);
  let site: Site | undefined;
  const link = (label: string, page: 'setup' | 'status') => ({ label, url: site?.pageUrl(page) ?? '' });
  const back = () => link('Back to the status page', 'status');
  let added = 'default';
  const desk = () =>
    new SetupDesk({
      signIn: { profile: added },
      signIns,
      stored: () => runtime.store.read(added),
      onward: () => ({ signedIn: back(), failed: link('Change the registration', 'setup') }),
    });
  let setup = desk();

  const seen = new AbortController();
  async function view(): Promise<{ profiles: readonly ProfileCard[] }> {
    seen.abort();
    const history = historyOf(await readLog(join(directories.log, 'fitbit-login.log')));
    const listed = await profiles(runtimeOptions);
    return {
      profiles: await Promise.all(
        listed.map(async (entry) => {
          if ('error' in entry) return damagedCard(entry.profile, entry.error, runtime.store.location(entry.profile));
          return cardOf(entry.status, {
            history: eventsOf(history, entry.profile),
            words: wordsOf,
            now: runtime.now(),
            ...(await modeOf(entry.status.location)),
          });
        }),
      ),
    };
  }

  const press: Readonly<Record<Action, (profile: string) => Promise<Next>>> = {
    refresh: async (profile) => {
      await refresh({ profile }, runtimeOptions);
      return said('success', `The access token of “${profile}” was refreshed.`);
    },
    check: async (profile) => {
      const { asked, providerName, rateLimit } = await checkStatus({ profile }, runtimeOptions);
      const limit =
        rateLimit === undefined
          ? ''
          : ` ${rateLimit.remaining} of ${rateLimit.limit} requests are left; the rate limit is reset in ${rateLimit.resetSeconds} seconds.`;
      return said(
        'success',
        asked
          ? `${providerName} says that the token of “${profile}” works.${limit}`
          : `${providerName} cannot be asked, but the last refresh worked.`,
      );
    },
    'sign-in': async (profile) => {
      const { url, done } = await signIns.begin({ profile, onward: { signedIn: back(), failed: back() } });
      done.catch(() => {});
      return { kind: 'redirect', url };
    },
    'sign-out': async (profile) => {
      const { revoked } = await logout({ profile }, runtimeOptions);
      return said(
        'success',
        revoked
          ? `“${profile}” is signed out: revoked at the provider, then deleted.`
          : `“${profile}” was deleted from this machine.`,
      );
    },
    add: async () => {
      const taken = new Set((await profiles(runtimeOptions)).map(({ profile }) => profile));
      added = freeName(taken);
      setup = desk();
      return { kind: 'page', page: 'setup' };
    },
  };

  const underWay = new Set<Promise<Next>>();
  const act = (action: Action, profile = '') => {
    const doing = press[action](profile).catch((thrown) => {
      const { message, preserved, hint } = asAuthError(thrown);
      return said('failure', [message, preserved, hint].filter(Boolean).join(' '));
    });
    underWay.add(doing);
    return doing.finally(() => underWay.delete(doing));
  };

  await using running = await startSite({
    start: 'status',
    now: runtime.now,
    log: await runtime.openLog(),
    ...defined({ idleMs }),
    setup: {
      view: () => {
        seen.abort();
        return setup.view();
      },
      submit: (form) => setup.submit(form),
      sandbox: () => setup.sandbox(),
    },
    status: {
      view,
      act,
      subscribe: (onChange) => watchDirectory(join(directories.config, 'profiles'), onChange),
    },
  });
  site = running;
  onPage?.(running.url);
  runtime.openBrowser(running.url, tellingInWords(runtime.notice, seen.signal));
  const interrupted = new Promise<'interrupted'>((resolve) => {
    if (signal?.aborted) resolve('interrupted');
    signal?.addEventListener('abort', () => resolve('interrupted'), { once: true });
  });
  try {
    return await Promise.race([running.ended, interrupted]);
  } finally {
    seen.abort();
    await signIns.end();
    // A refresh token that was sent is spent: its successor is waited for.
    await Promise.all(underWay);
  }
}

function said(tone: Notice['tone'], text: string): Next {
  return { kind: 'page', page: 'status', notice: { tone, text } };
}

function eventsOf(history: ReadonlyMap<string, readonly HistoryEvent[]>, profile: string): readonly HistoryEvent[] {
  return history.get(profile) ?? [];
}

const WORDS = new Map(
  SETUP_PROVIDERS.flatMap(({ provider }) => provider.scopes.map(({ name, words }) => [name, words] as const)),
);

function wordsOf(scope: string): string | undefined {
  return WORDS.get(scope);
}

async function modeOf(path: string): Promise<{ fileMode?: string }> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || platform() === 'win32'
    ? {}
    : { fileMode: (found.mode & 0o777).toString(8).padStart(4, '0') };
}

function freeName(taken: ReadonlySet<string>): string {
  if (!taken.has('default')) return 'default';
  for (let number = 2; ; number++) {
    if (!taken.has(`account-${number}`)) return `account-${number}`;
  }
}
