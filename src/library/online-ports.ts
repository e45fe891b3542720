import { join } from 'node:path';
import type { Logger } from 'pino';
import { openBrowser as openUsualBrowser } from '../browser.ts';
import { defined } from '../defined.ts';
import { LateLog } from '../log/late-log.ts';
import { boundedFetch } from '../oauth/http.ts';
import type { Provider } from '../providers/provider.ts';
import { readOutside, writeOutside } from '../store/outside-file.ts';
import { places } from '../store/places.ts';
import type { AccessPorts, EventLog, LoginPorts } from '../usecases/ports.ts';
import { providerOf } from './registration.ts';
import { environmentOf, readingPorts, type Surroundings } from './surroundings.ts';

export type OpenAccessPorts = AccessPorts & { readonly log: Logger };
export type OpenLoginPorts = LoginPorts & { readonly log: LateLog };

/** The effects of what talks to the provider, with the log open. */
export async function openAccessPorts(surroundings: Surroundings): Promise<OpenAccessPorts> {
  return portsWith(await openLog(surroundings), surroundings);
}

/** The effects of `login`: the server as well. */
export async function openLoginPorts(surroundings: Surroundings): Promise<OpenLoginPorts> {
  const environment = environmentOf(surroundings);
  const { openBrowser = (url: string) => openUsualBrowser(url, environment) } = surroundings;
  const { listen } = await import('../loopback/listener.ts');
  const log = new LateLog(() => openLog(surroundings));
  return {
    ...portsWith(log, surroundings),
    openBrowser,
    listen: (options) => listen({ ...options, log: () => log.open() }),
  };
}

async function openLog(surroundings: Surroundings): Promise<Logger> {
  const { now = () => new Date(), terminalLog } = surroundings;
  return (await import('../log/log.ts')).openLog({
    file: join(places(environmentOf(surroundings)).log, 'fitbit-login.log'),
    now,
    ...defined({ terminal: terminalLog }),
  });
}

function portsWith<Log extends EventLog>(log: Log, surroundings: Surroundings): AccessPorts & { readonly log: Log } {
  const { fetch = globalThis.fetch, onNotice = () => {} } = surroundings;
  const bounded = boundedFetch(fetch);
  const known = new Map<string, Promise<Provider>>();
  return {
    ...readingPorts(surroundings),
    fetch: bounded,
    notice: onNotice,
    files: { read: readOutside, write: writeOutside },
    log,
    // A custom provider is asked for its metadata, and once is enough.
    providerOf: (profile) => {
      const key = `${profile.provider} ${profile.issuer ?? profile.sandbox ?? ''}`;
      const provider = known.get(key) ?? providerOf(profile, { fetch: bounded });
      known.set(key, provider);
      return provider;
    },
  };
}
