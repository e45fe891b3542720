import type { CallbackListener, ListenOptions } from '../loopback/listener.ts';
import type { Fetch } from '../oauth/http.ts';
import type { ProfileStore } from '../store/store.ts';

/** Where events are noted. A pino logger is one. */
export interface EventLog {
  info(event: object, message: string): void;
  warn(event: object, message: string): void;
  debug(event: object, message: string): void;
}

/** The effects that a use-case reaches the world through. */
export interface Ports {
  readonly now: () => Date;
  readonly store: ProfileStore;
  /** Bounded in time and size: see `boundedFetch`. */
  readonly fetch: Fetch;
  readonly log: EventLog;
}

export interface LoginPorts extends Ports {
  /** Binds the redirect URI and hands over what arrives there. */
  readonly listen: (options: Pick<ListenOptions, 'redirectUris' | 'onCallback'>) => Promise<CallbackListener>;
  /** Shows an address in the person's own browser. Rejects where none can be started. */
  readonly openBrowser: (url: string) => Promise<void>;
}
