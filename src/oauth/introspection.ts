import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { throwUnlessAboutTheGrant } from './border.ts';
import type { Fetch } from './http.ts';
import type { AuthorizationServer, ClientRegistration } from './server.ts';

export interface IntrospectionRequest {
  readonly token: Secret;
  /** As the client (RFC 7662 §2.1), or with the token itself. */
  readonly authentication: 'client' | 'bearer';
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
  const body = new URLSearchParams({ token: token.reveal() });
  const headers = new Headers({ accept: 'application/json' });
  if (authentication === 'bearer') headers.set('authorization', `Bearer ${token.reveal()}`);
  else if (client.secret !== undefined && server.clientAuthentication === 'client_secret_basic') {
    const encoded = [client.id, client.secret.reveal()].map((part) => encodeURIComponent(part)).join(':');
    headers.set('authorization', `Basic ${Buffer.from(encoded).toString('base64')}`);
  } else {
    body.set('client_id', client.id);
    if (client.secret !== undefined) body.set('client_secret', client.secret.reveal());
  }
  const response = await options.fetch(endpoint, {
    method: 'POST',
    headers,
    body,
    ...defined({ signal: options.signal }),
  });
  throwUnlessAboutTheGrant(name, response);
  if (response.status === 401 && authentication === 'bearer') return { active: false };
  if (response.status === 401)
    throw new AuthError('CLIENT_REJECTED', `${name} does not let this app ask about its tokens.`);
  const answer: unknown = await response.json().catch(() => undefined);
  if (
    !response.ok ||
    typeof answer !== 'object' ||
    answer === null ||
    !('active' in answer) ||
    typeof answer.active !== 'boolean'
  ) {
    throw new AuthError('ANSWER_INVALID', `${name} did not say whether the token works (${response.status}).`);
  }
  return answer.active
    ? { active: true, answer: answer as Readonly<Record<string, unknown>>, headers: response.headers }
    : { active: false };
}
