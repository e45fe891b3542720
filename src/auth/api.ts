import type { Fetch } from '../environment.ts';
import type { AuthError } from '../errors.ts';
import { bodyNotAllowed, invalidHeader, invalidMethod, noApiHost, pathElsewhere } from '../messages.ts';
import { apiError } from '../oauth/errors.ts';
import type { Provider } from '../providers/provider.ts';
import { redact, type Secret } from '../secret.ts';
import { access } from './access-token.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';

/** @internal */
export interface ApiRequest {
  /** Default `GET`, or `POST` with `body`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as JSON where it begins with `{` or `[`, else as a form, unless `headers` says otherwise. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

/** @internal */
export interface ApiOptions extends ApiRequest {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
}

/** @internal */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly rateLimit?: RateLimit;
  /** What to end with where the status is not a success. */
  readonly error?: AuthError;
}

/** A response of the API may be large: 64 MiB, and a minute for it. */
const LIMITS = { answerMs: 30_000, totalMs: 60_000, maxBytes: 64 * 1024 * 1024 };

/** The API's response, read whole. An error status throws nothing: see `error`. @throws AuthError as {@link sendToApi} @internal */
export async function apiRequest(
  path: string,
  { profile, ...request }: ApiOptions = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<ApiAnswer> {
  const runtime = createRuntime(runtimeOptions);
  const { response, provider, token } = await sendToApi(runtime, runtime.profileName(profile), path, request);
  const { status, headers, ok } = response;
  const body = new Uint8Array(await response.arrayBuffer());
  const error = ok ? undefined : apiError(provider.server, response, new TextDecoder().decode(body), token);
  return { status, headers, body, rateLimit: rateLimitOf(headers), error };
}

/**
 * Sends one authenticated request to the provider's API host and to no other. A token that the provider rejects is refreshed, and the
 * request sent once more.
 *
 * @param path at the provider's API host, query included: `/v4/users/me/identity`
 * @throws AuthError `USAGE` for a path that leads elsewhere, before anything is sent; as `accessToken`; `UNAVAILABLE`, `ANSWER_INVALID`.
 * @internal
 */
export async function sendToApi(runtime: Runtime, name: string, path: string, request: ApiRequest) {
  validateRequest(request);
  // A wrong path costs no refresh.
  const stored = await runtime.store.read(name);
  if (stored !== undefined) apiUrl(path, await runtime.providerOf(stored));

  const fetch = runtime.fetchWithin(LIMITS);
  const attempt = async (rejectedToken?: Secret) => {
    const { profile, tokens } = await access(runtime, { name, signal: request.signal, rejectedToken });
    const provider = await runtime.providerOf(profile);
    const token = tokens.accessToken;
    return { response: await send(apiUrl(path, provider), request, token, fetch), provider, token };
  };
  const first = await attempt();
  return first.response.status === 401 ? attempt(first.token) : first;
}

/** How much of a rate limit is left. */
export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Until the next period. */
  readonly resetSeconds: number;
}

/** Reads Fitbit's rate-limit headers; `undefined` where they are missing or damaged. @internal */
export function rateLimitOf(headers: Headers): RateLimit | undefined {
  const [limit, remaining, resetSeconds] = ['limit', 'remaining', 'reset'].map((name) => {
    const text = headers.get(`fitbit-rate-limit-${name}`);
    return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  });
  return limit === undefined || remaining === undefined || resetSeconds === undefined
    ? undefined
    : { limit, remaining, resetSeconds };
}

/** @throws AuthError `USAGE` for what cannot be sent, which `fetch` would call a failed connection */
function validateRequest({ body, method = body === undefined ? 'GET' : 'POST', headers = {} }: ApiRequest): void {
  if (!/^[A-Z]{1,20}$/.test(method) || ['CONNECT', 'TRACE', 'TRACK'].includes(method))
    throw invalidMethod(redact(method));
  if (body !== undefined && ['GET', 'HEAD'].includes(method)) throw bodyNotAllowed(method);
  if (Object.values(headers).some((value) => !/^[\t\x20-\x7e]*$/.test(value))) throw invalidHeader();
}

/** @throws AuthError `USAGE` where the address is not at the provider's API host */
function apiUrl(path: string, { apiOrigin, name }: Provider): string {
  if (apiOrigin === undefined) throw noApiHost(name);
  const url = path.startsWith('/') && URL.canParse(path, apiOrigin) ? new URL(path, apiOrigin) : undefined;
  if (url?.origin !== apiOrigin || url.username !== '') throw pathElsewhere(apiOrigin);
  url.hash = '';
  return url.href;
}

function send(
  url: string,
  { method, headers, body, signal }: ApiRequest,
  token: Secret,
  fetch: Fetch,
): Promise<Response> {
  return fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      accept: 'application/json',
      ...(typeof body === 'string' ? { 'content-type': contentTypeOf(body) } : {}),
      ...headers,
      authorization: `Bearer ${token.reveal()}`,
    },
    body,
    signal,
  });
}

/** Google Health takes JSON, Fitbit forms. */
function contentTypeOf(body: string): string {
  return /^\s*[{[]/.test(body) ? 'application/json' : 'application/x-www-form-urlencoded';
}
