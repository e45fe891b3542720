import type { BrowserEvent } from '../browser/event.ts';
import type { Fetch } from '../environment.ts';
import type { Provider } from '../providers/provider.ts';
import type { AwaitedCallback, CallbackListener } from '../server/callback-listener.ts';
import type { Profile } from '../store/profile.ts';
import type { ProfileStore } from '../store/store.ts';
import type { RetryOptions } from './retry.ts';

/** Where events are noted. A pino logger is one. */
export interface EventLog {
  info(event: object, message: string): void;
  warn(event: object, message: string): void;
}

/** Files outside the store, written durably and for their owner only. */
export interface OutsideFiles {
  /** `undefined` where there is none. */
  read(path: string): Promise<string | undefined>;
  write(path: string, text: string): Promise<void>;
}

/** The effects that a use-case reaches the world through. */
export interface Ports {
  readonly now: () => Date;
  readonly store: ProfileStore;
  /** Bounded in time and size: see `boundedFetch`. */
  readonly fetch: Fetch;
  readonly log: EventLog;
  readonly files: OutsideFiles;
  /** Told of what a person should know and what ends nothing: a sentence. */
  readonly notice: (text: string) => void;
}

export interface AccessPorts extends Ports {
  /** The provider that a stored profile belongs to. May have to ask it for its metadata. */
  readonly providerOf: (profile: Profile) => Promise<Provider>;
  readonly retry?: RetryOptions;
}

export interface LoginPorts extends Ports {
  /** Binds the redirect URI and hands over what arrives there. */
  readonly listen: (awaited: AwaitedCallback) => Promise<CallbackListener>;
  readonly openBrowser: OpenBrowser;
}

/** Shows an address in the person's own browser, as far as that can be done, and returns at once. */
export type OpenBrowser = (url: string, options: OpenBrowserOptions) => void;

export interface OpenBrowserOptions {
  /** Told what becomes of it. */
  readonly tell: (event: BrowserEvent) => void;
  /** Given when no browser is wanted any more: nothing further is tried, nothing further is told. */
  readonly signal?: AbortSignal;
}
