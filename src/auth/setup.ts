import { notifyInWords } from '../browser/open-browser.ts';
import { AuthError, asAuthError } from '../errors.ts';
import { setupEnded } from '../messages.ts';
import type { SetupError, SetupForm, SetupProviderId, SetupView } from '../server/pages/setup.ts';
import { SETUP, typographic } from '../server/pages/texts.ts';
import type { Departure } from '../server/pages/view.ts';
import type { Next, SetupHandlers } from '../server/site/routes.ts';
import type { Site, SiteOptions } from '../server/site/site.ts';
import { type LoginEvent, type LoginOptions, login, type Onward } from './login.ts';
import { assertOptions } from './options.ts';
import { checkStore } from './profiles.ts';
import { createRuntime, type Runtime, type RuntimeOptions, serverReports } from './runtime.ts';
import { loginProfileName } from './sandbox.ts';
import {
  type Download,
  findDownload,
  type ReadFile,
  readClientFile,
  readDownload,
  setupErrors,
  setupView,
  validateSetupForm,
} from './setup-form.ts';
import type { SignIn } from './status.ts';

export interface SetupOptions
  extends Omit<
    LoginOptions,
    'clientId' | 'clientSecret' | 'clientFile' | 'provider' | 'notify' | 'browser' | 'onward' | 'pasted'
  > {
  /** Called with the address of the page, whose key works once. */
  readonly onPage?: (url: string) => void;
}

/** Sign-ins that a page of ours begins in its own tab. One waits at a time, because each needs the registered port. @internal */
export class BrowserLogins {
  readonly #runtimeOptions: RuntimeOptions;
  #last: { readonly stop: AbortController; readonly done: Promise<unknown> } | undefined;

  constructor(runtimeOptions: RuntimeOptions) {
    this.#runtimeOptions = runtimeOptions;
  }

  /**
   * Ends the sign-in that waits, and begins another, which is bound to the tab that is sent to `departure`.
   * @throws AuthError as `login`, if it cannot begin
   */
  async begin(options: LoginOptions): Promise<{ readonly departure: Departure; readonly done: Promise<SignIn> }> {
    await this.end();
    const { seesBrowser } = createRuntime(this.#runtimeOptions);
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    let depart: (departure: Departure) => void = () => {};
    const departure = new Promise<Departure>((resolve) => {
      depart = resolve;
    });
    const notify = (event: LoginEvent) => {
      if (event.kind === 'waiting') {
        const { url, startUrl = url, redirectUri } = event;
        const forwarded = seesBrowser() ? undefined : new URL(redirectUri).host;
        depart({ url: startUrl, host: new URL(url).host, forwarded });
      }
      options.notify?.(event);
    };
    // The tab is the browser that is opened.
    const done = login({ ...options, signal, notify }, { ...this.#runtimeOptions, openBrowser: async () => {} });
    // Whether its caller looks at the result is the caller's choice.
    this.#last = { stop, done: done.catch(() => {}) };
    return { departure: await Promise.race([departure, done.then(() => departure)]), done };
  }

  async end(): Promise<void> {
    this.#last?.stop.abort();
    await this.#last?.done;
  }
}

/** @internal */
export interface SetupSessionOptions {
  /** What every sign-in from the page begins with. */
  readonly signIn: LoginOptions & { readonly profile: string };
  readonly logins: BrowserLogins;
  readonly runtime: Pick<Runtime, 'environment' | 'now' | 'store'>;
  /** Where the result page leads on to. */
  readonly onward: () => Onward;
  readonly onView: () => void;
}

/**
 * The setup page's part of a site: what it shows, and what its buttons do.
 * @internal
 */
export class SetupSession implements SetupHandlers {
  readonly #options: SetupSessionOptions;
  #form: SetupForm | undefined;
  #file: ReadFile | undefined;
  #download: Download | 'none' | undefined;
  #errors: readonly SetupError[] = [];
  #failed = false;
  /** Ends with the sign-in whose callback has arrived. */
  #finishing: Promise<unknown> | undefined;
  #succeed: (done: SignIn) => void = () => {};
  /** Resolves with the first sign-in that succeeds. */
  readonly done = new Promise<SignIn>((resolve) => {
    this.#succeed = resolve;
  });

  constructor(options: SetupSessionOptions) {
    this.#options = options;
  }

  async view(): Promise<SetupView> {
    this.#options.onView();
    // Its result is about to be known, and belongs on this page.
    await this.#finishing;
    const { runtime, signIn } = this.#options;
    return setupView({
      stored: await runtime.store.read(signIn.profile),
      redirectUris: signIn.redirectUris,
      form: this.#form,
      file: this.#file,
      download: this.#download,
      errors: this.#errors,
      failed: this.#failed,
    });
  }

  async submit(form: SetupForm): ReturnType<SetupHandlers['submit']> {
    const { runtime, signIn } = this.#options;
    // The secret is used now and not remembered.
    this.#form = { ...form, clientSecret: '', clientFile: '' };
    this.#errors = [];
    try {
      if (form.clientFile !== '') this.#file = readClientFile(form.clientFile, form.clientFileName);
      if (form.action === 'use' && typeof this.#download === 'object') this.#file = await readDownload(this.#download);
    } catch {
      return this.#again([{ field: 'clientFile', text: SETUP.errors.file }]);
    }
    if (form.action === 'replace') this.#file = undefined;
    if (form.action === 'look') this.#download = (await findDownload(runtime.environment, runtime.now())) ?? 'none';
    if (form.action !== 'continue') return { kind: 'page' };
    const file = form.provider === 'fitbit' ? undefined : this.#file;
    const validation = validateSetupForm(form, file);
    if ('errors' in validation) return this.#again(validation.errors);
    const { registration, provider } = validation;
    // The page shows one; what was known before may be several.
    const stored = await runtime.store.read(signIn.profile);
    const same = stored && stored.client.id === registration.clientId ? stored.redirectUris : [];
    const known = signIn.redirectUris ?? same;
    const options = {
      ...registration,
      provider,
      // The file also names what is registered for a Web client.
      ...(file?.content !== undefined && { clientFile: file.content.reveal() }),
      ...(form.redirectUri !== '' && !known.includes(form.redirectUri) && { redirectUris: [form.redirectUri] }),
    };
    const error = await this.#begin(options, provider);
    return 'kind' in error ? error : this.#again(setupErrors(error, provider));
  }

  /** Signs in at a new sandbox: nothing has to be registered. It never replaces a real sign-in. */
  async sandbox(): Promise<Next> {
    const result = await this.#begin({ sandbox: true, profile: 'sandbox' }, 'google-health');
    return 'kind' in result ? result : { kind: 'page', notice: { tone: 'failure', text: typographic(result.message) } };
  }

  async #begin(
    options: LoginOptions,
    provider: SetupProviderId,
  ): Promise<Extract<Next, { kind: 'redirect' }> | AuthError> {
    const { signIn, logins, onward } = this.#options;
    this.#finishing = undefined;
    this.#failed = false;
    const onError = (thrown: unknown) => {
      const error = asAuthError(thrown);
      if (error.code === 'CANCELLED') return;
      this.#failed = true;
      this.#errors = setupErrors(error, provider);
      // Its secret is known to be wrong.
      if (error.code === 'CLIENT_REJECTED' && this.#file !== undefined)
        this.#file = { ...this.#file, content: undefined };
    };
    try {
      const notify = ({ kind }: LoginEvent) => {
        if (kind === 'answered') this.#finishing = ended;
      };
      const { departure, done } = await logins.begin({ ...signIn, ...options, onward: onward(), notify });
      const ended = done.then(this.#succeed, onError);
      return { kind: 'redirect', ...departure };
    } catch (thrown) {
      return asAuthError(thrown);
    }
  }

  async #again(errors: readonly SetupError[]): Promise<{ readonly kind: 'again'; readonly view: SetupView }> {
    this.#errors = errors;
    return { kind: 'again', view: await this.view() };
  }
}

/** Serves pages to the person's browser, and reports what becomes of opening it until they are `seen`. @internal */
export async function openSite(
  runtime: Runtime,
  { onPage, seen, ...options }: SiteOptions & Pick<SetupOptions, 'onPage'> & { readonly seen: AbortSignal },
): Promise<Site> {
  const { startSite } = await import('../server/site/site.ts');
  const site = await startSite({ ...options, ...(await serverReports(runtime)) });
  onPage?.(site.url);
  runtime.openBrowser(site.url, notifyInWords(runtime.notice, seen));
  return site;
}

/** What ended a site, or the wait for it. @internal */
export function endOf(site: Site, signal: AbortSignal | undefined): Promise<'stopped' | 'idle' | 'interrupted'> {
  const interrupted = new Promise<'interrupted'>((resolve) => {
    if (signal?.aborted) resolve('interrupted');
    signal?.addEventListener('abort', () => resolve('interrupted'), { once: true });
  });
  return Promise.race([site.ended, interrupted]);
}

/**
 * Opens the setup page, which leads through registering an app, takes its credentials, and continues to the provider's consent page in
 * the same tab.
 *
 * @throws AuthError `CANCELLED` when the page is stopped or closes after being idle; `LISTEN_FAILED`; `STORE_DAMAGED` and others of
 *   `login` that no form can fix.
 */
export async function setup(options: SetupOptions = {}, runtimeOptions: RuntimeOptions = {}): Promise<SignIn> {
  assertOptions('setup', options);
  const { onPage, signal, ...signIn } = options;
  const runtime = createRuntime(runtimeOptions);
  const name = loginProfileName(runtime, options);
  // Before a form is filled in whose result could not be stored.
  await checkStore({ profile: name, signal }, runtimeOptions);
  const logins = new BrowserLogins(runtimeOptions);
  const seen = new AbortController();
  const session = new SetupSession({
    signIn: { ...signIn, profile: name },
    logins,
    runtime,
    onward: () => ({ failed: { label: SETUP.fix, url: site.pageUrl('setup') } }),
    onView: () => seen.abort(),
  });
  await using site = await openSite(runtime, { setup: session, onPage, seen: seen.signal });
  try {
    const done = await Promise.race([session.done, endOf(site, signal)]);
    if (typeof done === 'object') return done;
    if (done === 'interrupted') throw signal?.reason instanceof AuthError ? signal.reason : setupEnded('cancelled');
    throw setupEnded(done === 'stopped' ? done : 'closed after being idle');
  } finally {
    seen.abort();
    await logins.end();
  }
}
