import { defined } from '../defined.ts';
import type { Fetch } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { throwOnServiceFailure } from '../oauth/errors.ts';
import type { Provider } from '../providers/provider.ts';
import { redact } from '../secret.ts';
import { type Access, access } from './access.ts';
import type { AccessPorts } from './ports.ts';
import { type RateLimit, rateLimitOf } from './rate-limit.ts';

export interface ApiRequest {
  /** The profile's name. */
  readonly name: string;
  /** A path at the provider's API host, query included: `/1/user/-/profile.json`. */
  readonly path: string;
  /** Default `GET`, or `POST` with `body`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly rateLimit?: RateLimit;
  /** What to end with where the status is not a success. */
  readonly error?: AuthError;
}

/**
 * Sends one authenticated request to the provider's API host and to no other. A token that the provider refuses as
 * ended is refreshed, and the request sent once more.
 *
 * @param fetch bounded for large bodies; `ports.fetch` is bounded for tokens
 * @throws AuthError `USAGE` for a path that leads elsewhere, before anything is sent; as `access`.
 */
export async function api(request: ApiRequest, ports: AccessPorts, fetch: Fetch): Promise<ApiAnswer> {
  const { name, signal, onWait } = request;
  const wait = defined({ signal, onWait });
  judgeRequest(request);
  // The path is judged with the stored profile, so that a wrong one costs no refresh.
  const stored = await ports.store.read(name);
  if (stored !== undefined) addressOf(request.path, await ports.providerOf(stored));
  const first = await access({ name, ...wait }, ports);
  const provider = await ports.providerOf(first.profile);
  const url = addressOf(request.path, provider);
  const response = await send(url, request, first, fetch);
  if (response.status !== 401) return answerOf(response, provider, first);
  const second = await access({ name, ...wait, notThis: first.tokens.accessToken }, ports);
  return answerOf(await send(url, request, second, fetch), provider, second);
}

/** @throws AuthError `USAGE` for what cannot be sent, which `fetch` would call a failed connection */
function judgeRequest({ body, method = body === undefined ? 'GET' : 'POST', headers = {} }: ApiRequest): void {
  const wrong =
    !/^[A-Z]{1,20}$/.test(method) || ['CONNECT', 'TRACE', 'TRACK'].includes(method)
      ? `The method ${redact(method)} cannot be sent.`
      : body !== undefined && ['GET', 'HEAD'].includes(method)
        ? `A ${method} request has no body.`
        : Object.values(headers).some((value) => !/^[\t\x20-\x7e]*$/.test(value))
          ? 'A header holds characters that no header can.'
          : undefined;
  if (wrong !== undefined) throw new AuthError('USAGE', wrong, { hint: 'See `fitbit-login api --help`.' });
}

/** @throws AuthError `USAGE` where the address is not at the provider's API host */
function addressOf(path: string, { apiOrigin, name }: Provider): string {
  if (apiOrigin === undefined)
    throw new AuthError('USAGE', `${name} has no API host that is known here.`, {
      hint: 'Use `fitbit-login token` with a client of your own.',
    });
  const url = path.startsWith('/') && URL.canParse(path, apiOrigin) ? new URL(path, apiOrigin) : undefined;
  if (url?.origin !== apiOrigin || url.username !== '') {
    throw new AuthError('USAGE', `The path must lead to ${apiOrigin}; the token goes nowhere else.`, {
      hint: 'Give it as `/1/user/-/profile.json`.',
    });
  }
  url.hash = '';
  return url.href;
}

function send(
  url: string,
  { method, headers, body, signal }: ApiRequest,
  { tokens }: Access,
  fetch: Fetch,
): Promise<Response> {
  return fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
      authorization: `Bearer ${tokens.accessToken.reveal()}`,
    },
    ...defined({ body, signal }),
  });
}

async function answerOf(response: Response, provider: Provider, { tokens }: Access): Promise<ApiAnswer> {
  const body = new Uint8Array(await response.arrayBuffer());
  const rateLimit = rateLimitOf(response.headers);
  const error = response.ok ? undefined : errorOf(response, body, provider, tokens.accessToken.reveal());
  return {
    status: response.status,
    headers: response.headers,
    body,
    ...defined({ rateLimit, error }),
  };
}

function errorOf(response: Response, body: Uint8Array, { name, server }: Provider, token: string): AuthError {
  try {
    throwOnServiceFailure(name, response);
  } catch (thrown) {
    if (thrown instanceof AuthError) return thrown;
  }
  const { status } = response;
  const own = server.standardError?.(parsed(body));
  const said = own?.error_description === undefined ? '' : ` ${name} says: “${redact(own.error_description, [token])}”`;
  const details = { status };
  if (status === 401)
    return new AuthError('GRANT_DEAD', `${name} refuses the access token, although it was refreshed just now.${said}`, {
      details,
    });
  if (own?.error === 'insufficient_scope')
    return new AuthError('SCOPE_MISSING', `The sign-in does not allow this.${said}`, { details });
  return new AuthError('USAGE', `${name} refused the request (${status}).${said}`, {
    hint: own?.hint ?? 'Check the path, the method and the body against the provider’s documentation.',
    details,
  });
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
