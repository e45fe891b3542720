import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import { redact } from '../secret.ts';
import type { Fetch } from './http.ts';
import type { AuthorizationServer, ClientRegistration, StandardError } from './server.ts';

const SECRET_PARAMETERS = ['code', 'code_verifier', 'refresh_token', 'token', 'client_secret'] as const;

/**
 * Where a server's own ways end and the standard's begin, as the fetch hook of oauth4webapi: outcomes that say nothing
 * about the grant are thrown as errors of ours, error bodies leave in RFC 6749's shape, and whatever the server repeats
 * of the request's secrets is taken out before anybody sees it.
 *
 * @throws AuthError `RETIRED` (410), `RATE_LIMITED` (429), `UNAVAILABLE` (408, 409, 5xx)
 */
export function border(server: AuthorizationServer, client: ClientRegistration, fetch: Fetch) {
  return async (
    url: string,
    init: { body?: unknown; headers: Record<string, string>; method: string; signal?: AbortSignal },
  ) => {
    const body = init.body instanceof URLSearchParams ? init.body : undefined;
    const response = await fetch(url, {
      method: init.method,
      headers: init.headers,
      ...defined({ body, signal: init.signal }),
    });
    if (response.ok) return response;
    throwUnlessAboutTheGrant(server.name, response);
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
export function throwUnlessAboutTheGrant(name: string, response: Response): void {
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
