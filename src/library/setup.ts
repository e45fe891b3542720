import type { LoginEvent, LoginOptions, Onward, SignIn } from '../auth/login.ts';
import { checkStore } from '../auth/profiles.ts';
import { createRuntime, type RuntimeOptions } from '../auth/runtime.ts';
import { loginProfileName } from '../auth/sandbox.ts';
import { tellingInWords } from '../browser/open-browser.ts';
import { defined } from '../defined.ts';
import { AuthError, asAuthError } from '../errors.ts';
import { FITBIT_CLIENT_ID, fitbit } from '../providers/fitbit.ts';
import { GOOGLE_CLIENT_ID, googleHealth } from '../providers/google-health.ts';
import type { SetupError, SetupForm } from '../server/pages/site-view.ts';
import type { Next, SetupHandlers, Site } from '../server/site.ts';
import type { Profile } from '../store/profile.ts';
import { judgeForm } from '../usecases/registration-form.ts';
import { type SetupProvider, setupError, setupView } from '../usecases/setup-view.ts';
import { TabSignIns } from './tab-sign-in.ts';

/** The providers that the setup page offers, the usual one first. */
export const SETUP_PROVIDERS: readonly SetupProvider[] = [
  { provider: googleHealth(), clientIdPattern: GOOGLE_CLIENT_ID },
  { provider: fitbit(), clientIdPattern: FITBIT_CLIENT_ID },
];

/** What a person should know before they register an app, said plainly on the page. */
const NOTICES = [
  'Fitbit’s own sign-in was scheduled to end on 2026-11-02, and new apps belong with Google Health. An app that was registered with Fitbit before works here for as long as Fitbit answers.',
];

export interface SetupOptions
  extends Omit<
    LoginOptions,
    'clientId' | 'clientSecret' | 'clientFile' | 'provider' | 'notify' | 'browser' | 'onward' | 'pasted'
  > {
  /** Told the address of the page, whose key works once. */
  readonly onPage?: (url: string) => void;
}

/** @internal */
export interface SetupDeskOptions {
  /** What every sign-in from the page begins with: the profile above all. */
  readonly signIn: LoginOptions;
  readonly signIns: TabSignIns;
  readonly stored: () => Promise<Profile | undefined>;
  /** Where a sign-in leads on to: back to this page where it failed. */
  readonly onward: () => Onward;
}

/**
 * The setup page's part of a site: what it shows, and what its buttons do.
 * @internal
 */
export class SetupDesk implements SetupHandlers {
  readonly #options: SetupDeskOptions;
  readonly #succeed: (done: SignIn) => void;
  #form: SetupForm | undefined;
  #errors: readonly SetupError[] = [];
  #answered: Promise<unknown> | undefined;
  /** Resolves with the first sign-in that succeeds. */
  readonly done: Promise<SignIn>;

  constructor(options: SetupDeskOptions) {
    this.#options = options;
    let succeed: (done: SignIn) => void = () => {};
    this.done = new Promise((resolve) => {
      succeed = resolve;
    });
    this.#succeed = succeed;
  }

  async view() {
    // An answer has come: how it ended is about to be known, and belongs on this page.
    await this.#answered;
    const form = this.#form;
    const { redirectUris } = this.#options.signIn;
    return setupView({
      providers: SETUP_PROVIDERS,
      stored: await this.#options.stored(),
      ...defined({ form, redirectUris }),
      errors: this.#errors,
      notices: NOTICES,
    });
  }

  async submit(form: SetupForm) {
    // The secret is used now and forgotten: the page would not show it anyway.
    this.#form = { ...form, clientSecret: '', clientFile: '' };
    const judged = judgeForm({ ...form, scopesFor: (id) => form.scopes.get(form.provider || recognised(id)) ?? [] });
    if ('errors' in judged) return this.#again(judged.errors);
    const { registration } = judged;
    return this.#begin({
      ...registration,
      ...(form.provider === '' ? {} : { provider: form.provider }),
      ...(form.redirectUri === '' ? {} : { redirectUris: [form.redirectUri] }),
      // The file also tells what is registered for a Web client.
      ...(form.clientFile.trim() === '' ? {} : { clientFile: form.clientFile }),
    });
  }

  /** Signs in at a fresh sandbox: nothing has to be registered. A real sign-in is never replaced by it. */
  async sandbox(): Promise<Next> {
    const stored = await this.#options.stored();
    const real = stored?.tokens !== undefined && stored.sandbox === undefined;
    const { profile } = this.#options.signIn;
    const next = await this.#begin({ sandbox: true, profile: real || profile === 'default' ? 'sandbox' : profile });
    return next.kind === 'again'
      ? { kind: 'page', notice: { tone: 'failure', text: next.view.errors.map(({ text }) => text).join(' ') } }
      : next;
  }

  async #begin(options: LoginOptions) {
    try {
      const { signIn, signIns, onward } = this.#options;
      this.#errors = [];
      this.#answered = undefined;
      const notify = ({ kind }: LoginEvent) => {
        if (kind === 'answered') this.#answered = ended;
      };
      const { url, done } = await signIns.begin({ ...signIn, ...options, onward: onward(), notify });
      const ended = done.then(this.#succeed, (thrown) => {
        const error = asAuthError(thrown);
        if (error.code !== 'CANCELLED') this.#errors = [setupError(error)];
      });
      return { kind: 'redirect', url } as const;
    } catch (thrown) {
      return this.#again([setupError(asAuthError(thrown))]);
    }
  }

  async #again(errors: readonly SetupError[]) {
    this.#errors = errors;
    return { kind: 'again', view: await this.view() } as const;
  }
}

/** The provider whose client ids look like this one; the usual one where none does. */
function recognised(clientId = ''): string {
  const found = SETUP_PROVIDERS.find(({ clientIdPattern }) => clientIdPattern.test(clientId)) ?? SETUP_PROVIDERS[0];
  return found?.provider.id ?? '';
}

/**
 * Opens the setup page, which explains what an app registration is, takes one, and goes straight on to the provider's
 * consent page in the same tab. Filled in with what is stored.
 *
 * @throws AuthError `CANCELLED` when the page is stopped or left alone; `LISTEN_FAILED`; `STORE_DAMAGED` and others of `login`
 *   that no form mends.
 */
export async function setup(options: SetupOptions = {}, runtimeOptions: RuntimeOptions = {}): Promise<SignIn> {
  const { signal, onPage } = options;
  const runtime = createRuntime(runtimeOptions);
  const { startSite } = await import('../server/site.ts');
  const name = loginProfileName(runtime, options);
  const stored = () => runtime.store.read(name);
  // Before a person fills in a form, whose secret could then not be stored.
  await checkStore({ profile: name, signal }, runtimeOptions);
  const signIns = new TabSignIns(runtimeOptions);
  let site: Site | undefined;
  const failed = () => ({ label: 'Change the registration', url: site?.pageUrl('setup') ?? '' });
  const { onPage: _, signal: __, ...signIn } = options;
  const desk = new SetupDesk({ signIn, signIns, stored, onward: () => ({ failed: failed() }) });
  const seen = new AbortController();
  const handlers: SetupHandlers = {
    view: () => {
      seen.abort();
      return desk.view();
    },
    submit: (form) => desk.submit(form),
    sandbox: () => desk.sandbox(),
  };
  await using running = await startSite({ setup: handlers, now: runtime.now, log: await runtime.openLog() });
  site = running;
  onPage?.(running.url);
  runtime.openBrowser(running.url, tellingInWords(runtime.notice, seen.signal));
  try {
    return await Promise.race([desk.done, whenLeft(running), whenStopped(signal)]);
  } finally {
    seen.abort();
    await signIns.end();
  }
}

async function whenLeft(site: Site): Promise<never> {
  const how = await site.ended;
  throw new AuthError(
    'CANCELLED',
    how === 'stopped' ? 'The setup page was stopped.' : 'Nobody used the setup page any more.',
    {
      hint: 'Run `fitbit-login setup` to open it again.',
    },
  );
}

function whenStopped(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () =>
      reject(
        signal?.reason instanceof AuthError ? signal.reason : new AuthError('CANCELLED', 'The setup was cancelled.'),
      );
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}
