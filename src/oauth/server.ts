import * as oauth from 'oauth4webapi';
import type { ErrorCode } from '../errors.ts';
import { isLoopbackOrigin } from '../loopback.ts';
import type { Secret } from '../secret.ts';

/** An error in RFC 6749's own shape (§5.2), whatever shape it came in. */
export interface StandardError {
  readonly error: string;
  readonly error_description?: string;
  /** What the provider means by it, where that is known better than RFC 6749 says. */
  readonly refusal?: Refusal;
}

/** A refusal in our words, as an `AuthError` has them. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  /** Default: of the code. */
  readonly hint?: string;
}

export interface RefusalContext {
  readonly status: number;
  /** Whether the request carried a client secret. */
  readonly secretSent: boolean;
}

/** An authorization server, as far as the protocol needs to know it (RFC 8414 §2). */
export interface AuthorizationServer {
  /** For people: "Fitbit". */
  readonly name: string;
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint?: string;
  readonly introspectionEndpoint?: string;
  /** Whether every authorization response carries `iss` (RFC 9207 §3). One without is then refused. */
  readonly issAlwaysSent: boolean;
  /**
   * Whether it is known to hold every code to the verifier of its own request (RFC 7636 §4.6; RFC 8414 §2,
   * `code_challenge_methods_supported`). Only then is a code safe that comes without a state.
   */
  readonly checksPkce: boolean;
  /** What its codes look like, to recognise one that is pasted alone. Default: any run of 16 characters and more. */
  readonly codeShape?: RegExp;
  /** How a client that has a secret shows it (RFC 6749 §2.3.1). One without sends its id alone. */
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post';
  /** How ID tokens may be signed (OpenID Connect Discovery 1.0 §3). Default: RS256 alone. */
  readonly idTokenAlgorithms?: readonly string[];
  /** The field of the token response that names the person. Default: the subject of the ID token, where there is one. */
  readonly userIdField?: string;
  /** Whether the subject of an ID token is the user id. Default `true`. */
  readonly subjectIsUserId?: boolean;
  /** Puts an error body of the server's own shape into RFC 6749's; `undefined` where it is not one. */
  readonly standardError?: (body: unknown, context: RefusalContext) => StandardError | undefined;
  /** What helps against a 429 of its API. */
  readonly rateLimitHint?: string;
}

export interface ClientRegistration {
  readonly id: string;
  /** Absent for a public client. */
  readonly secret?: Secret;
}

/** Whether `url` may carry a code or a token: https anywhere, http on a loopback address only. */
export function isSafeEndpoint(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, origin, username, password } = new URL(url);
  return username === '' && password === '' && (protocol === 'https:' || isLoopbackOrigin(origin));
}

/** The fields of a JSON object in a body, which can be read again; none where there is something else. */
export async function fieldsOf(response: Response): Promise<Record<string, unknown>> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {};
}

/** The server as oauth4webapi knows it. */
export function metadataOf(server: AuthorizationServer): oauth.AuthorizationServer {
  return {
    issuer: server.issuer,
    token_endpoint: server.tokenEndpoint,
    revocation_endpoint: server.revocationEndpoint,
    introspection_endpoint: server.introspectionEndpoint,
    authorization_response_iss_parameter_supported: server.issAlwaysSent,
    id_token_signing_alg_values_supported: server.idTokenAlgorithms && [...server.idTokenAlgorithms],
  };
}

/** How the client authenticates itself at the server (RFC 6749 §2.3.1). */
export function authenticationOf(server: AuthorizationServer, { secret }: ClientRegistration): oauth.ClientAuth {
  if (secret === undefined) return oauth.None();
  return server.clientAuthentication === 'client_secret_basic'
    ? oauth.ClientSecretBasic(secret.reveal())
    : oauth.ClientSecretPost(secret.reveal());
}
