import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { defined } from '../defined.ts';
import type { Fetch } from '../environment.ts';
import { LateLog } from '../log/late-log.ts';
import { boundedFetch, type FetchLimits, nodeFetch } from '../network/fetch.ts';
import type { Provider } from '../providers/provider.ts';
import { assertOwnGround, isOwnGround } from '../store/ground.ts';
import { readOutside, writeOutside } from '../store/outside-file.ts';
import { places } from '../store/places.ts';
import type { AccessPorts, EventLog, LoginPorts } from '../usecases/ports.ts';
import { openerOf } from './opener.ts';
import { providerOf } from './registration.ts';
import { environmentOf, openUsual, processId, readingPorts, runnerOf, type Surroundings } from './surroundings.ts';

export type OpenAccessPorts = AccessPorts & { readonly log: Logger };
export type OpenLoginPorts = LoginPorts & { readonly log: LateLog };

/** The effects of what talks to the provider, with the log open. */
export async function openAccessPorts(surroundings: Surroundings): Promise<OpenAccessPorts> {
  return portsWith(await openLog(surroundings), surroundings);
}

/** The effects of `login`: the server as well. */
export async function openLoginPorts(surroundings: Surroundings): Promise<OpenLoginPorts> {
  const { listen } = await import('../server/listener.ts');
  const log = new LateLog(() => openLog(surroundings));
  const ports = portsWith(log, surroundings);
  const openBrowser = openerOf({
    environment: environmentOf(surroundings),
    own: surroundings.openBrowser,
    usual: openUsual,
  });
  return {
    ...ports,
    openBrowser,
    listen: (options) =>
      listen({
        ...options,
        log: () => log.open(),
        now: ports.now,
        pid: processId(),
        // As the code will be sent, whatever the caller sends requests by: it never leaves this machine.
        visit: boundedFetch(nodeFetch({})),
      }),
  };
}

/** What every request is sent with: the one place that decides how the network is reached. */
export function fetchOf(surroundings: Surroundings, limits: FetchLimits = {}): Fetch {
  return boundedFetch(surroundings.fetch ?? nodeFetch(environmentOf(surroundings)), limits);
}

async function openLog(surroundings: Surroundings): Promise<Logger> {
  const { now = () => new Date(), terminalLog } = surroundings;
  const environment = environmentOf(surroundings);
  const { log: directory } = places(environment);
  return (await import('../log/log.ts')).openLog({
    file: (await isOwnGround(directory, runnerOf(environment))) ? join(directory, 'fitbit-login.log') : undefined,
    now,
    ...defined({ terminal: terminalLog }),
  });
}

function portsWith<Log extends EventLog>(log: Log, surroundings: Surroundings): AccessPorts & { readonly log: Log } {
  const { onNotice = () => {} } = surroundings;
  const runner = runnerOf(environmentOf(surroundings));
  const bounded = fetchOf(surroundings);
  const known = new Map<string, Promise<Provider>>();
  return {
    ...readingPorts(surroundings),
    fetch: bounded,
    notice: onNotice,
    files: {
      read: readOutside,
      write: async (path, text) => {
        await assertOwnGround(dirname(path), runner);
        await writeOutside(path, text);
      },
    },
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
