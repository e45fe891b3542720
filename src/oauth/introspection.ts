import * as oauth from 'oauth4webapi';
import { noIntrospection } from '../messages.ts';
import { printable, type Secret } from '../secret.ts';
import { type RequestOptions, requestOptions, tokenRequestError } from './errors.ts';
import { type AuthorizationServer, authenticationOf, type ClientRegistration, fieldsOf, metadataOf } from './server.ts';

export interface IntrospectionRequest {
  readonly token: Secret;
  /**
   * As the client (RFC 7662 §2.1); with the token itself; or not at all, which is Google's token information: it takes
   * `access_token`, answers `invalid_token` for one that does not work, and names the client that it was made for.
   */
  readonly authentication: 'client' | 'bearer' | 'none';
}

/** What a server says of a token. `active` alone is trusted (RFC 7662 §2.2); the claims are for display. */
export type IntrospectionResponse =
  | { readonly active: false }
  | { readonly active: true; readonly claims: Readonly<Record<string, unknown>>; readonly headers: Headers };

/**
 * Asks the server whether a token works (RFC 7662), by POST, so that the token is in no URL.
 *
 * @throws AuthError `UNAVAILABLE`, `RATE_LIMITED`, `RETIRED`, `ANSWER_INVALID`, `CLIENT_REJECTED`
 */
export async function introspect(
  server: AuthorizationServer,
  client: ClientRegistration,
  { token, authentication }: IntrospectionRequest,
  options: RequestOptions,
): Promise<IntrospectionResponse> {
  const { introspectionEndpoint: endpoint, name } = server;
  if (endpoint === undefined) throw noIntrospection(name);
  const [as, registration] = [metadataOf(server), { client_id: client.id }];
  const authenticate: Record<typeof authentication, oauth.ClientAuth> = {
    client: authenticationOf(server, client),
    bearer: (_as, _client, _body, headers) => headers.set('authorization', `Bearer ${token.reveal()}`),
    none: (_as, _client, body) => {
      body.delete('token');
      body.set('access_token', token.reveal());
    },
  };
  try {
    const response = await oauth.introspectionRequest(
      as,
      registration,
      authenticate[authentication],
      token.reveal(),
      requestOptions(server, client, endpoint, options),
    );
    if (authentication === 'bearer' && response.status === 401) return { active: false };
    const standard = authentication === 'none' ? await introspectionOf(response, client) : response;
    const claims = await oauth.processIntrospectionResponse(as, registration, standard);
    if (!claims.active) return { active: false };
    const shown = Object.entries(claims).map(([name, value]) => [
      name,
      typeof value === 'string' ? printable(value) : value,
    ]);
    return { active: true, claims: Object.fromEntries(shown), headers: response.headers };
  } catch (thrown) {
    throw tokenRequestError(name, 'introspect', thrown);
  }
}

/** Token information in RFC 7662's shape: a token works for us if it was made for this client. */
async function introspectionOf(response: Response, client: ClientRegistration): Promise<Response> {
  const fields = await fieldsOf(response);
  if (fields.error === 'invalid_token') return Response.json({ active: false });
  if (!response.ok || typeof fields.aud !== 'string') return response;
  return Response.json({ ...fields, active: fields.aud === client.id });
}
