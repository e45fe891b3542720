import * as oauth from 'oauth4webapi';
import type { Fetch } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { isLoopbackOrigin } from '../loopback.ts';
import {
  accountBusy,
  failedWithoutReason,
  INVALID_GRANT,
  invalidResponse,
  noSuchPath,
  providerSays,
  rateLimited,
  rejectedFreshToken,
  requestRefused,
  scopeMissing,
  serviceRetired,
  TOKEN_ERRORS,
  unavailable,
  unknownError,
} from '../messages.ts';
import { redact, type Secret } from '../secret.ts';
import { type AuthorizationServer, type ClientRegistration, fieldsOf, type StandardError } from './server.ts';

export interface RequestOptions {
  /** Should be bounded in time and size: see `network/fetch.ts`. */
  readonly fetch: Fetch;
  readonly signal?: AbortSignal;
}

/** The same for oauth4webapi, for a request to `endpoint`. */
export function requestOptions(
  server: AuthorizationServer,
  client: ClientRegistration,
  endpoint: string,
  { fetch, signal }: RequestOptions,
) {
  return {
    [oauth.customFetch]: fetchWithStandardErrors(server, client, fetch),
    [oauth.allowInsecureRequests]: isLoopbackOrigin(new URL(endpoint).origin),
    signal,
  };
}

const SECRET_PARAMETERS = ['code', 'code_verifier', 'refresh_token', 'token', 'access_token', 'client_secret'] as const;

/**
 * Sends for oauth4webapi, and makes every error a standard one: outcomes that say nothing about the grant are thrown, error
 * bodies leave in RFC 6749's shape, and without the secrets of the request that the server repeats.
 *
 * @throws AuthError `RETIRED` (410), `RATE_LIMITED` (429), `UNAVAILABLE` (408, 409, 5xx); the server's own refusals
 */
function fetchWithStandardErrors(server: AuthorizationServer, client: ClientRegistration, fetch: Fetch) {
  return async (
    url: string,
    init: { body?: unknown; headers: Record<string, string>; method: string; signal?: AbortSignal },
  ): Promise<Response> => {
    const { method, headers, signal } = init;
    const body = init.body instanceof URLSearchParams ? init.body : undefined;
    const response = await fetch(url, { method, headers, body, signal });
    if (response.ok) return response;
    const failure = serviceFailure(server.name, response);
    if (failure !== undefined) throw failure;
    const error = await standardError(server, response, client.secret !== undefined);
    // A challenge header would be judged instead of the body, and says less (RFC 6749 §5.2 has both).
    if (error === undefined) return new Response(null, { status: response.status });
    // "Basic …" holds the secret in a form of its own. Without "=", which a text may have lost.
    const credentials = headers.authorization?.replace(/\w+ |=/g, '');
    const secrets = [credentials, client.secret, ...SECRET_PARAMETERS.map((name) => body?.get(name) ?? undefined)];
    const [code, description] = [error.error, error.error_description].map((text) => text && redact(text, secrets));
    if (error.refusal !== undefined) {
      throw new AuthError(error.refusal.code, `${error.refusal.message}${providerSays(server.name, description)}`, {
        hint: error.refusal.hint,
        details: { status: response.status, provider_error: code ?? '' },
      });
    }
    return Response.json({ error: code, error_description: description }, { status: response.status });
  };
}

/** The failure that a status stands for which says nothing about a grant or a token: the service is gone, busy, or broken. */
export function serviceFailure(name: string, { status, headers }: Response): AuthError | undefined {
  if (status === 410) return serviceRetired(name, { status });
  if (status === 429) return rateLimited(name, resetSeconds(headers), { status });
  if (status === 409) return accountBusy(name, { status });
  return status === 408 || status >= 500 ? unavailable(name, status) : undefined;
}

// Fitbit's own header first; Retry-After (RFC 9110 §10.2.3) in its form of seconds.
function resetSeconds(headers: Headers): number | undefined {
  const given = String(headers.get('fitbit-rate-limit-reset') ?? headers.get('retry-after'));
  return /^\d{1,7}$/.test(given) ? Number(given) : undefined;
}

/**
 * The error of a refused request to the provider's API (RFC 6750 §3.1), by the same table as the token endpoint's.
 *
 * @param text the response's body
 * @param token the access token that was sent, which the body may repeat
 */
export function apiError(server: AuthorizationServer, response: Response, text: string, token: Secret): AuthError {
  const { name } = server;
  const failure = serviceFailure(name, response);
  if (failure?.code === 'RATE_LIMITED') return failure.with({ hint: server.rateLimitHint });
  if (failure !== undefined) return failure;
  const { status } = response;
  const details = { status };
  const own = server.standardError?.(parsed(text), { status, secretSent: true });
  const said = providerSays(name, own?.error_description && redact(own.error_description, [token]));
  if (status === 401) return rejectedFreshToken(name, said, details);
  if (own?.refusal !== undefined) {
    const { code, message, hint } = own.refusal;
    return new AuthError(code, `${message}${said}`, { hint, details });
  }
  if (own?.error === 'insufficient_scope') return scopeMissing(said, details);
  if (status === 404 && /^text\/html\b/i.test(String(response.headers.get('content-type')))) {
    return noSuchPath(name, said, details);
  }
  return requestRefused(name, status, said);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function standardError(
  server: AuthorizationServer,
  response: Response,
  secretSent: boolean,
): Promise<StandardError | undefined> {
  const fields = await fieldsOf(response);
  const own = server.standardError?.(fields, { status: response.status, secretSent });
  const { error, error_description: description } = fields;
  if (own !== undefined || typeof error !== 'string') return own;
  return { error, error_description: typeof description === 'string' ? description : undefined };
}

export type RequestKind = 'exchange' | 'refresh' | 'revoke' | 'introspect';

/** Whatever a request failed with, as an {@link AuthError}. The cause never holds the response, which may repeat secrets. */
export function tokenRequestError(name: string, request: RequestKind, thrown: unknown): AuthError {
  if (thrown instanceof AuthError) return thrown;
  if (thrown instanceof oauth.ResponseBodyError) {
    const { error, error_description: description, status } = thrown;
    const endsGrant = error === 'invalid_grant' || (request === 'revoke' && error === 'invalid_token');
    const registered = Object.hasOwn(TOKEN_ERRORS, error) ? TOKEN_ERRORS[error] : undefined;
    // Of a question about a token, any other refusal says nothing.
    const known = request !== 'introspect' || registered?.[0] === 'CLIENT_REJECTED' ? registered : undefined;
    const ended = INVALID_GRANT[request];
    const [code, message] = (endsGrant ? ended : known) ?? ['ANSWER_INVALID' as const, () => unknownError(name, error)];
    return new AuthError(code, `${message(name)}${providerSays(name, description)}`, {
      details: { status, provider_error: error },
    });
  }
  if (!(thrown instanceof Error)) return new AuthError('UNEXPECTED', String(thrown));
  const { cause, code }: { cause?: unknown; code?: unknown } = thrown;
  if (cause instanceof Response) {
    const { status } = cause;
    const [code, message] = TOKEN_ERRORS.invalid_client;
    if (status === 401) return new AuthError(code, message(name), { details: { status } });
    if (!cause.ok) return failedWithoutReason(name, status);
  }
  const reason = String(code);
  return reason.startsWith('OAUTH_')
    ? invalidResponse(name, thrown.message, { reason })
    : new AuthError('UNEXPECTED', thrown.message);
}
