import * as oauth from 'oauth4webapi';
import type { Fetch } from '../environment.ts';
import { AuthError, type ErrorCode } from '../errors.ts';
import { isLoopbackOrigin } from '../loopback.ts';
import { redact, type Secret } from '../secret.ts';
import type { AuthorizationServer, ClientRegistration, StandardError } from './server.ts';

/** How the protocol's requests are sent. */
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
    throwOnServiceFailure(server.name, response);
    const error = await standardError(server, response, client.secret !== undefined);
    // A challenge header would be judged instead of the body, and says less (RFC 6749 §5.2 has both).
    if (error === undefined) return new Response(null, { status: response.status });
    // "Basic …" holds the secret in a form of its own. Without "=", which a text may have lost.
    const credentials = headers.authorization?.replace(/^\w+ /, '').replace(/=+$/, '');
    const secrets = [credentials, client.secret, ...SECRET_PARAMETERS.map((name) => body?.get(name) ?? undefined)];
    const [code, description] = [error.error, error.error_description].map((text) => text && redact(text, secrets));
    if (error.refusal !== undefined) {
      throw new AuthError(error.refusal.code, `${error.refusal.message}${quoted(server.name, description)}`, {
        hint: error.refusal.hint,
        details: { status: response.status, provider_error: code ?? '' },
      });
    }
    return Response.json({ error: code, error_description: description }, { status: response.status });
  };
}

/** Throws for every status that says nothing about a grant or a token: the service is gone, busy, or broken. */
export function throwOnServiceFailure(name: string, response: Response): void {
  const { status } = response;
  const details = { status };
  if (status === 410) throw new AuthError('RETIRED', `${name} has retired this service (410 Gone).`, { details });
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

/** What a provider said, to stand after a sentence of ours. */
function quoted(name: string, text: string | undefined): string {
  return text ? ` ${name} says: “${text}”` : '';
}

/**
 * The error of a refused request to the provider's API (RFC 6750 §3.1), by the same table as the token endpoint's.
 *
 * @param text the response's body
 * @param token the access token that was sent, which the body may repeat
 */
export function apiError(server: AuthorizationServer, response: Response, text: string, token: Secret): AuthError {
  const { name } = server;
  try {
    throwOnServiceFailure(name, response);
  } catch (thrown) {
    if (!(thrown instanceof AuthError)) throw thrown;
    return thrown.code === 'RATE_LIMITED' ? thrown.with({ hint: server.rateLimitHint }) : thrown;
  }
  const { status } = response;
  const details = { status };
  const own = server.standardError?.(parsed(text), { status, secretSent: true });
  const said = quoted(name, own?.error_description && redact(own.error_description, [token]));
  if (status === 401)
    return new AuthError('GRANT_DEAD', `${name} refuses the access token, although it was refreshed just now.${said}`, {
      details,
    });
  if (own?.refusal !== undefined) {
    const { code, message, hint } = own.refusal;
    return new AuthError(code, `${message}${said}`, { hint, details });
  }
  if (own?.error === 'insufficient_scope')
    return new AuthError('SCOPE_MISSING', `The sign-in does not allow this.${said}`, { details });
  if (status === 404 && /^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
    return new AuthError('USAGE', `${name}’s API has no such path (404, a page instead of JSON).`, {
      hint: 'Check the path and its version (`/v4/…`, `/1/…`) against the provider’s documentation.',
      details,
    });
  }
  return new AuthError('USAGE', `${name} refused the request (${status}).${said}`, {
    hint: 'Check the path, the method and the body against the provider’s documentation.',
    details,
  });
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
  const body: unknown = await response.json().catch(() => undefined);
  const own = server.standardError?.(body, { status: response.status, secretSent });
  if (own !== undefined) return own;
  if (typeof body !== 'object' || body === null || !('error' in body) || typeof body.error !== 'string')
    return undefined;
  const description = 'error_description' in body ? body.error_description : undefined;
  return { error: body.error, error_description: typeof description === 'string' ? description : undefined };
}

/** What the client was asking for. */
export type RequestKind = 'exchange' | 'refresh' | 'revoke' | 'introspect';

type Meaning = readonly [ErrorCode, (name: string) => string];

const CLIENT: Meaning = ['CLIENT_REJECTED', (name) => `${name} does not accept this client id and client secret.`];
const DEFECT: Meaning = ['REQUEST_REJECTED', (name) => `${name} did not understand the request.`];

/** RFC 6749 §5.2: every registered code. `invalid_grant` alone says that a grant is dead. */
const TOKEN_ERRORS: Readonly<Record<string, Meaning>> = {
  invalid_client: CLIENT,
  unauthorized_client: ['CLIENT_REJECTED', (name) => `${name} does not let this app use this kind of grant.`],
  invalid_request: DEFECT,
  unsupported_grant_type: DEFECT,
  unsupported_token_type: ['REQUEST_REJECTED', (name) => `${name} does not revoke tokens of this kind.`],
  invalid_scope: ['SCOPE_REJECTED', (name) => `${name} does not give one of the scopes that were asked for.`],
};

const INVALID_GRANT: Readonly<Partial<Record<RequestKind, Meaning>>> = {
  exchange: [
    'SIGN_IN_FAILED',
    (name) => `${name} did not accept the authorization code: it was used before, or the sign-in took too long.`,
  ],
  refresh: ['GRANT_DEAD', (name) => `${name} says that this sign-in has ended: its refresh token no longer works.`],
  revoke: ['GRANT_DEAD', (name) => `${name} says that this sign-in has already ended.`],
};

/** Whatever a request failed with, as an {@link AuthError}. The cause never holds the response, which may repeat secrets. */
export function tokenRequestError(name: string, request: RequestKind, thrown: unknown): AuthError {
  if (thrown instanceof AuthError) return thrown;
  if (thrown instanceof oauth.ResponseBodyError) {
    const { error, error_description: description, status } = thrown;
    const endsGrant = error === 'invalid_grant' || (request === 'revoke' && error === 'invalid_token');
    const registered = Object.hasOwn(TOKEN_ERRORS, error) ? TOKEN_ERRORS[error] : undefined;
    // Of a question about a token, any other refusal says nothing.
    const known = request !== 'introspect' || registered?.[0] === 'CLIENT_REJECTED' ? registered : undefined;
    const [code, message]: Meaning = (endsGrant ? INVALID_GRANT[request] : known) ?? [
      'ANSWER_INVALID',
      () => `${name} refused with the error “${error}”.`,
    ];
    return new AuthError(code, `${message(name)}${quoted(name, description)}`, {
      details: { status, provider_error: error },
    });
  }
  const { cause, code = '' } = thrown instanceof Error ? (thrown as Error & { code?: unknown }) : {};
  if (thrown instanceof oauth.OperationProcessingError && cause instanceof Response) {
    const { status } = cause;
    if (status === 401) return new AuthError(CLIENT[0], CLIENT[1](name), { details: { status } });
    if (!cause.ok)
      return new AuthError('ANSWER_INVALID', `${name} answered with status ${status} and no reason.`, {
        details: { status },
      });
  }
  if (typeof code === 'string' && code.startsWith('OAUTH_') && thrown instanceof Error) {
    return new AuthError(
      'ANSWER_INVALID',
      `${name} gave a response that is none of this protocol’s: ${thrown.message}.`,
      {
        details: { reason: code },
      },
    );
  }
  return new AuthError('UNEXPECTED', thrown instanceof Error ? thrown.message : String(thrown));
}
