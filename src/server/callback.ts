import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { guardedBy, NAVIGATION } from './guards.ts';
import { sendPage } from './pages/result.ts';
import { VIEWS } from './pages/texts.ts';
import type { View } from './pages/view.ts';
import type { RedirectUri } from './redirect-uri.ts';
import { parseQuery, parseTarget } from './target.ts';

export type CallbackValidation<T> =
  /** Not the awaited callback: the visitor gets `page` with a 400, and the wait continues. */
  { readonly kind: 'unexpected'; readonly page: View } | { readonly kind: 'accepted'; readonly response: T };

/** Checks the parameters of a visit: pure and quick. If it throws, that visitor is shown why, and the wait continues. */
export type ValidateCallback<T> = (parameters: URLSearchParams) => CallbackValidation<T>;

/** The accepted callback. Its browser waits for the page. */
export interface PendingCallback<T> {
  readonly response: T;
  /**
   * Answers the browser, and everyone who repeats the same callback. The first call counts.
   * Resolves once a client has the page, else `lingerMs` later, or when the listener is closed.
   */
  respond(page: View): Promise<void>;
}

/** A visitor who is not let in, and what they see. */
export interface Refused {
  readonly status: 400 | 403;
  readonly page: View;
}

/** The one callback that is waited for, its page, and whether that has been delivered. */
export class CallbackWait<T> {
  /** Shows the page at an address without the code, which cannot be guessed (RFC 9700 §4.3). */
  readonly resultPath = `/result/${randomBytes(16).toString('hex')}`;
  readonly #options: { readonly validate: ValidateCallback<T>; readonly lingerMs: number };
  readonly #accepted = deferred<PendingCallback<T>>();
  readonly #page = deferred<View>();
  readonly #delivered = deferred<void>();
  readonly #onTheirWay = new Set<Promise<void>>();
  #beginnings = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #acceptedQuery: string | undefined;
  #expired: View | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { readonly validate: ValidateCallback<T>; readonly lingerMs: number }) {
    this.#options = options;
  }

  get callback(): Promise<PendingCallback<T>> {
    return this.#accepted.promise;
  }

  /**
   * What to show for a visit with this query: the result's page when it is there, or why not.
   * `refusal` is asked about a visitor whose callback would be accepted otherwise.
   */
  async visit(
    query: string,
    parameters: URLSearchParams,
    refusal: () => Promise<Refused | undefined>,
  ): Promise<Refused | { readonly status: 200; readonly page: View }> {
    if (this.#acceptedQuery === undefined) {
      if (this.#expired !== undefined) return { status: 400, page: this.#expired };
      const validation = this.#options.validate(parameters);
      if (validation.kind === 'unexpected') return { status: 400, page: validation.page };
      const beginnings = this.#beginnings;
      const refused = await this.#inTurn(refusal());
      if (refused !== undefined) return refused;
      // Another visitor may have been quicker meanwhile, the wait may have ended, or begun anew with another state.
      const isChanged =
        this.#acceptedQuery !== undefined || this.#expired !== undefined || beginnings !== this.#beginnings;
      if (isChanged) return this.visit(query, parameters, refusal);
      this.#acceptedQuery = query;
      this.#accepted.resolve({ response: validation.response, respond: (page) => this.#respond(page) });
    }
    // Another query is another visitor, who must not be shown whose data this is.
    if (query !== this.#acceptedQuery) return { status: 400, page: VIEWS.over };
    return { status: 200, page: await this.#page.promise };
  }

  /** Look-ups take different times: their results count in the order in which the visitors came, so that the first callback wins. */
  #inTurn<R>(lookup: Promise<R>): Promise<R> {
    const inTurn = Promise.all([lookup, this.#turn]).then(([result]) => result);
    this.#turn = inTurn.catch(() => {});
    return inTurn;
  }

  /** Resolves once the visitors who are being looked up now are accepted or refused. */
  async decided(): Promise<void> {
    await this.#turn;
    // What follows from the last look-up has happened by then.
    await nextTurn();
  }

  /** A new state is awaited from now on: a visit that was valid is validated again. */
  beginAnew(): void {
    this.#beginnings += 1;
  }

  /** The page at the start address once the sign-in is over. */
  get closedPage(): View | undefined {
    return this.#acceptedQuery === undefined ? this.#expired : VIEWS.over;
  }

  /** The page at the result path, once there is a result. */
  get result(): Promise<View> | undefined {
    return this.#acceptedQuery === undefined ? undefined : this.#page.promise;
  }

  /** No callback is handed over from now on. One that was accepted and not answered gets the same page. */
  expire(page: View): void {
    this.#expired ??= page;
    this.#page.resolve(page);
  }

  #respond(page: View): Promise<void> {
    this.#page.resolve(page);
    this.#timer ??= setTimeout(this.#delivered.resolve, this.#options.lingerMs);
    return this.#delivered.promise;
  }

  /** Follows a page on its way out. A client that went away before the last byte does not count. */
  follow(reply: FastifyReply): void {
    const gone = deferred<void>();
    this.#onTheirWay.add(gone.promise);
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished) this.#delivered.resolve();
      this.#onTheirWay.delete(gone.promise);
      gone.resolve();
    });
  }

  /** Resolves when no visitor is being looked up and no page is on its way any more, after `timeoutMs` at the latest. */
  async flush(timeoutMs: number): Promise<void> {
    clearTimeout(this.#timer);
    const flushed = this.decided().then(() => Promise.all(this.#onTheirWay));
    await Promise.race([flushed, delay(timeoutMs, undefined, { ref: false })]);
    this.#delivered.resolve();
  }
}

/** A promise, and what resolves it; only the first call counts. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/**
 * The redirect URI, the result page, and what else a browser asks for. Nothing gets a 5xx or shares with other origins.
 * @param refusal why a valid callback is not accepted from this visitor
 */
export function callbackRoutes<T>(
  app: FastifyInstance,
  redirect: RedirectUri,
  wait: CallbackWait<T>,
  refusal: (request: IncomingMessage) => Promise<Refused | undefined>,
): void {
  const onRequest = guardedBy(NAVIGATION, redirect);
  const sendResult = (reply: FastifyReply, page: View) => {
    wait.follow(reply);
    // 200 also when the sign-in failed: some browsers and proxies put a page of their own over a 4xx.
    return sendPage(reply.header('clear-site-data', '"storage"'), 200, page);
  };

  app.get(redirect.path, { onRequest }, async (request, reply) => {
    const target = parseTarget(request.originalUrl);
    // The router decodes paths; the redirect URI is compared as it is written (RFC 8252 §8.10).
    if (target?.path !== redirect.path) return sendPage(reply, 404, VIEWS.nothingHere);
    const query = parseQuery(target.query);
    if ('status' in query) return sendPage(reply, query.status, VIEWS.malformed);
    const { status, page } = await wait.visit(target.query, query.params, () => refusal(request.raw));
    if (status !== 200) return sendPage(reply, status, page);
    // A browser is led away, so that the code stays neither in its address bar nor in its history.
    const isBrowser = request.headers.accept?.includes('text/html') ?? false;
    // The empty fragment keeps it from carrying the provider's own along, such as Fitbit's `#_=_` (RFC 9110 §10.2.2).
    return isBrowser ? reply.redirect(`${wait.resultPath}#`, 303) : sendResult(reply, page);
  });
  app.get(wait.resultPath, { onRequest }, async (_request, reply) => {
    const page = await wait.result;
    return page === undefined ? sendPage(reply, 404, VIEWS.nothingHere) : sendResult(reply, page);
  });
  if (redirect.path !== '/favicon.ico') {
    app.get('/favicon.ico', async (_request, reply) => reply.code(204).send());
  }
  app.setNotFoundHandler((_request, reply) => sendPage(reply, 404, VIEWS.nothingHere));
  let defects = 0;
  app.setErrorHandler((error, request, reply) => {
    defects += 1;
    // Once: a visitor who can provoke a defect must not fill the log with it.
    request.log[defects === 1 ? 'error' : 'debug']({ err: error }, 'a request could not be answered');
    // A 4xx, and the wait continues: a request that provokes a defect must not be able to end the sign-in.
    return sendPage(reply, 400, VIEWS.broken);
  });
}
