import * as oauth from 'oauth4webapi';
import { defined } from '../defined.ts';
import type { Fetch } from '../environment.ts';
import { AuthError, type ErrorCode } from '../errors.ts';
import { redact } from '../secret.ts';
import type { AuthorizationServer, ClientRegistration, StandardError } from './server.ts';

const SECRET_PARAMETERS = ['code', 'code_verifier', 'refresh_token', 'token', 'client_secret'] as const;

/**
 * Where a server's own ways end and the standard's begin, as the fetch hook of oauth4webapi: outcomes that say nothing
 * about the grant are thrown as errors of ours, error bodies leave in RFC 6749's shape, and whatever the server repeats
 * of the request's secrets is taken out before anybody sees it.
 *
 * @throws AuthError `RETIRED` (410), `RATE_LIMITED` (429), `UNAVAILABLE` (408, 409, 5xx)
 */
export function fetchWithStandardErrors(server: AuthorizationServer, client: ClientRegistration, fetch: Fetch) {
  return async (
    url: string,
    init: { body?: unknown; headers: Record<string, string>; method: string; signal?: AbortSignal },
  ): Promise<Response> => {
    const body = init.body instanceof URLSearchParams ? init.body : undefined;
    const response = await fetch(url, {
      method: init.method,
      headers: init.headers,
      ...defined({ body, signal: init.signal }),
    });
    if (response.ok) return response;
    throwOnServiceFailure(server.name, response);
    const error = await standardError(server, response);
    // A challenge header would be judged instead of the body, and says less (RFC 6749 §5.2 has both).
    if (error === undefined) return new Response(null, { status: response.status });
    // The client's secret may have gone in a header, where the body does not show it.
    const secrets = [client.secret, ...SECRET_PARAMETERS.map((name) => body?.get(name) ?? undefined)];
    const description = error.error_description;
    return Response.json(
      {
        error: redact(error.error, secrets),
        ...(description ? { error_description: redact(description, secrets) } : {}),
      },
      { status: response.status },
    );
  };
}

/** Throws for every status that says nothing about a grant or a token: the service is gone, busy, or broken. */
export function throwOnServiceFailure(name: string, response: Response): void {
  const { status } = response;
  const details = { status };
  if (status === 410) {
    throw new AuthError('RETIRED', `${name} has retired this service (410 Gone).`, { details });
  }
  if (status === 429) {
    const seconds = resetSeconds(response.headers);
    const when = seconds === undefined ? '' : ` It is reset in ${seconds} seconds.`;
    throw new AuthError('RATE_LIMITED', `${name}'s rate limit is used up (429).${when}`, {
      details: seconds === undefined ? details : { ...details, reset_seconds: seconds },
    });
  }
  if (status === 409) {
    throw new AuthError('UNAVAILABLE', `${name} is handling another request for the same account (409).`, { details });
  }
  if (status === 408 || status >= 500) {
    throw new AuthError('UNAVAILABLE', `${name} is not available at the moment (${status}).`, { details });
  }
}

// Fitbit's own header first; Retry-After (RFC 9110 §10.2.3) in its form of seconds.
function resetSeconds(headers: Headers): number | undefined {
  const given = headers.get('fitbit-rate-limit-reset') ?? headers.get('retry-after');
  return given !== null && /^\d{1,7}$/.test(given) ? Number(given) : undefined;
}

async function standardError(server: AuthorizationServer, response: Response): Promise<StandardError | undefined> {
  const body: unknown = await response.json().catch(() => undefined);
  const own = server.standardError?.(body);
  if (own !== undefined) return own;
  if (typeof body !== 'object' || body === null || !('error' in body) || typeof body.error !== 'string')
    return undefined;
  const description = 'error_description' in body ? body.error_description : undefined;
  return { error: body.error, ...(typeof description === 'string' ? { error_description: description } : {}) };
}

/** What was being asked of the token endpoint or the revocation endpoint. */
export type TokenRequestKind = 'exchange' | 'refresh' | 'revoke';

type TokenError = readonly [ErrorCode, (name: string) => string];

const CLIENT: TokenError = ['CLIENT_REJECTED', (name) => `${name} does not accept this client id and client secret.`];
const DEFECT: TokenError = ['REQUEST_REJECTED', (name) => `${name} did not understand the request.`];

/** RFC 6749 §5.2: every registered code. `invalid_grant` alone says that a grant is dead. */
const TOKEN_ERRORS: Readonly<Record<string, TokenError>> = {
  invalid_client: CLIENT,
  unauthorized_client: ['CLIENT_REJECTED', (name) => `${name} does not let this app use this kind of grant.`],
  invalid_request: DEFECT,
  unsupported_grant_type: DEFECT,
  unsupported_token_type: ['REQUEST_REJECTED', (name) => `${name} does not revoke tokens of this kind.`],
  invalid_scope: ['SCOPE_REJECTED', (name) => `${name} does not give one of the scopes that were asked for.`],
};

const INVALID_GRANT: Readonly<Record<TokenRequestKind, TokenError>> = {
  exchange: [
    'SIGN_IN_FAILED',
    (name) => `${name} did not accept the authorization code: it was used before, or the sign-in took too long.`,
  ],
  refresh: ['GRANT_DEAD', (name) => `${name} says that this sign-in has ended: its refresh token no longer works.`],
  revoke: ['GRANT_DEAD', (name) => `${name} says that this sign-in has already ended.`],
};

/** Whatever a request failed with, as an {@link AuthError}. The cause never holds the answer, which may repeat secrets. */
export function tokenRequestError(name: string, request: TokenRequestKind, thrown: unknown): AuthError {
  if (thrown instanceof AuthError) return thrown;
  if (thrown instanceof oauth.ResponseBodyError) {
    const known =
      thrown.error === 'invalid_grant' || (request === 'revoke' && thrown.error === 'invalid_token')
        ? INVALID_GRANT[request]
        : Object.hasOwn(TOKEN_ERRORS, thrown.error)
          ? TOKEN_ERRORS[thrown.error]
          : undefined;
    const [code, message] =
      known ?? (['ANSWER_INVALID', () => `${name} refused with the error “${thrown.error}”.`] satisfies TokenError);
    const said = thrown.error_description ? ` ${name} says: “${thrown.error_description}”` : '';
    return new AuthError(code, `${message(name)}${said}`, {
      details: { status: thrown.status, provider_error: thrown.error },
    });
  }
  const status =
    thrown instanceof oauth.OperationProcessingError && thrown.cause instanceof Response
      ? thrown.cause.status
      : undefined;
  if (status === 401) return new AuthError(CLIENT[0], CLIENT[1](name), { details: { status } });
  if (status !== undefined)
    return new AuthError('ANSWER_INVALID', `${name} answered with status ${status} and no reason.`, {
      details: { status },
    });
  if (
    thrown instanceof Error &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    thrown.code.startsWith('OAUTH_')
  ) {
    return new AuthError('ANSWER_INVALID', `${name} gave an answer that is not a token answer: ${thrown.message}.`, {
      details: { reason: thrown.code },
    });
  }
  return thrown instanceof Error
    ? new AuthError('UNEXPECTED', thrown.message)
    : new AuthError('UNEXPECTED', String(thrown));
}
