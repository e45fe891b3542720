import { defined } from '../defined.ts';
import type { Fetch } from '../environment.ts';
import { AuthError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { throwOnServiceFailure } from './errors.ts';
import type { AuthorizationServer, ClientRegistration } from './server.ts';

export interface IntrospectionRequest {
  readonly token: Secret;
  /**
   * As the client (RFC 7662 §2.1); with the token itself; or not at all, which is Google's token information: it takes
   * `access_token`, answers `invalid_token` for one that does not work, and names the client that it was made for.
   */
  readonly authentication: 'client' | 'bearer' | 'none';
}

/** What a server says of a token. `active` alone is trusted (RFC 7662 §2.2); the answer is for display. */
export type IntrospectionAnswer =
  | { readonly active: false }
  | { readonly active: true; readonly answer: Readonly<Record<string, unknown>>; readonly headers: Headers };

/**
 * Asks the server whether a token works (RFC 7662), by POST, so that the token is in no address.
 *
 * @throws AuthError `UNAVAILABLE`, `RATE_LIMITED`, `RETIRED`, `ANSWER_INVALID`, `CLIENT_REJECTED`
 */
export async function introspect(
  server: AuthorizationServer,
  client: ClientRegistration,
  { token, authentication }: IntrospectionRequest,
  options: { readonly fetch: Fetch; readonly signal?: AbortSignal },
): Promise<IntrospectionAnswer> {
  const { introspectionEndpoint: endpoint, name } = server;
  if (endpoint === undefined) throw new AuthError('USAGE', `${name} cannot be asked about a token.`);
  const body = new URLSearchParams({ [authentication === 'none' ? 'access_token' : 'token']: token.reveal() });
  const headers = new Headers({ accept: 'application/json' });
  if (authentication === 'bearer') headers.set('authorization', `Bearer ${token.reveal()}`);
  if (authentication === 'client') authenticate(server, client, headers, body);
  const response = await options.fetch(endpoint, {
    method: 'POST',
    headers,
    body,
    ...defined({ signal: options.signal }),
  });
  throwOnServiceFailure(name, response);
  if (authentication === 'bearer' && response.status === 401) return { active: false };
  if (response.status === 401)
    throw new AuthError('CLIENT_REJECTED', `${name} does not let this app ask about its tokens.`);
  const answer: unknown = await response.json().catch(() => undefined);
  if (authentication === 'none' && isInvalidToken(answer)) return { active: false };
  const active = response.ok ? activeOf(answer, authentication, client) : undefined;
  if (active === undefined)
    throw new AuthError('ANSWER_INVALID', `${name} did not say whether the token works (${response.status}).`);
  return active
    ? { active, answer: answer as Readonly<Record<string, unknown>>, headers: response.headers }
    : { active };
}

/** Google's word for a token that does not work. Any other refusal is about the question, and says nothing of the token. */
function isInvalidToken(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'error' in answer && answer.error === 'invalid_token';
}

/** Whether an answer says yes or no; `undefined` where it says neither. */
function activeOf(
  answer: unknown,
  authentication: IntrospectionRequest['authentication'],
  client: ClientRegistration,
): boolean | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  if (authentication === 'none')
    return 'aud' in answer && typeof answer.aud === 'string' ? answer.aud === client.id : undefined;
  return 'active' in answer && typeof answer.active === 'boolean' ? answer.active : undefined;
}

/** Authenticates the client as at the token endpoint (RFC 6749 §2.3.1). */
function authenticate(
  { clientAuthentication }: AuthorizationServer,
  { id, secret }: ClientRegistration,
  headers: Headers,
  body: URLSearchParams,
): void {
  if (secret !== undefined && clientAuthentication === 'client_secret_basic') {
    const encoded = [id, secret.reveal()].map((part) => encodeURIComponent(part)).join(':');
    headers.set('authorization', `Basic ${Buffer.from(encoded).toString('base64')}`);
    return;
  }
  body.set('client_id', id);
  if (secret !== undefined) body.set('client_secret', secret.reveal());
}
