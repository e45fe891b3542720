import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { AuthError } from '../errors.ts';
import { AUTHORIZATION_ERRORS, providerSays, unknownError } from '../messages.ts';
import { redact, Secret } from '../secret.ts';
import { type AuthorizationServer, type ClientRegistration, metadataOf } from './server.ts';

/** What one authorization request is bound to. Made anew for each, and good for one response. @internal */
export interface PendingAuthorization {
  /** 256 random bits (RFC 9700 §4.7). */
  readonly state: Secret;
  /** 256 random bits (RFC 7636 §7.1). */
  readonly verifier: Secret;
  /** S256 of the verifier (RFC 7636 §4.2). */
  readonly challenge: string;
  /** 256 random bits, which the ID token must repeat (OpenID Connect Core §3.1.2.1). Sent with the scope `openid` alone. */
  readonly nonce: Secret;
}

/** What a response is validated by: its state, and the verifier, which no message may repeat. @internal */
export type ExpectedState = Pick<PendingAuthorization, 'state' | 'verifier'>;

/** @internal */
export function newAuthorization(): PendingAuthorization {
  const verifier = randomText();
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const [state, nonce] = [new Secret(randomText()), new Secret(randomText())];
  return { state, verifier: new Secret(verifier), challenge, nonce };
}

/** 256 random bits in 43 characters. */
function randomText(): string {
  return randomBytes(32).toString('base64url');
}

/** @internal */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly pending: PendingAuthorization;
  /** Further parameters of the provider's own: `prompt`, `access_type`. */
  readonly parameters?: Readonly<Record<string, string | undefined>>;
}

/** The address that the person's browser is sent to (RFC 6749 §4.1.1, RFC 7636 §4.3). @internal */
export function authorizationUrl(server: AuthorizationServer, request: AuthorizationRequest): string {
  const url = new URL(server.authorizationEndpoint);
  const parameters = {
    ...request.parameters,
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scopes.join(' ') || undefined,
    state: request.pending.state.reveal(),
    code_challenge: request.pending.challenge,
    code_challenge_method: 'S256',
    nonce: request.scopes.includes('openid') ? request.pending.nonce.reveal() : undefined,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

/** Why a request at the redirect URI is not the expected callback. */
export type UnexpectedReason = 'repeated-parameter' | 'no-state' | 'wrong-state' | 'other-issuer' | 'no-answer';

/** A response to the authorization request: a code, or the provider's refusal. @internal */
export type Callback =
  | { readonly kind: 'refused'; readonly error: AuthError }
  | { readonly kind: 'granted'; readonly parameters: URLSearchParams };

/**
 * Validates a request at the redirect URI, in this order: repeated parameters (RFC 6749 §3.1), state (RFC 9700 §4.7),
 * issuer (RFC 9207 §2.4), error (RFC 6749 §4.1.2.1), code. What fails before the error is unexpected: anybody can have
 * sent it, so the wait continues.
 * @internal
 */
export function validateCallback(
  server: AuthorizationServer,
  client: ClientRegistration,
  pending: ExpectedState,
  parameters: URLSearchParams,
): Callback | { readonly kind: 'unexpected'; readonly reason: UnexpectedReason } {
  const names = [...parameters.keys()];
  if (new Set(names).size !== names.length) return { kind: 'unexpected', reason: 'repeated-parameter' };
  const state = parameters.get('state');
  if (!state) return { kind: 'unexpected', reason: 'no-state' };
  if (!equalInConstantTime(state, pending.state.reveal())) return { kind: 'unexpected', reason: 'wrong-state' };
  try {
    const validated = oauth.validateAuthResponse(
      metadataOf(server),
      { client_id: client.id },
      parameters,
      pending.state.reveal(),
    );
    return validated.get('code')
      ? { kind: 'granted', parameters: validated }
      : { kind: 'unexpected', reason: 'no-answer' };
  } catch (thrown) {
    if (thrown instanceof oauth.AuthorizationResponseError) {
      return {
        kind: 'refused',
        error: authorizationError(server.name, thrown.error, thrown.error_description, pending),
      };
    }
    const issuerIsRight = parameters.get('iss') === server.issuer || (!parameters.has('iss') && !server.issAlwaysSent);
    return { kind: 'unexpected', reason: issuerIsRight ? 'no-answer' : 'other-issuer' };
  }
}

// Digests would hide the length too, but the length of a state is no secret.
function equalInConstantTime(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function authorizationError(
  name: string,
  code: string,
  description: string | undefined,
  pending: ExpectedState,
): AuthError {
  const secrets = [pending.state, pending.verifier];
  const [errorCode, message] = (Object.hasOwn(AUTHORIZATION_ERRORS, code) && AUTHORIZATION_ERRORS[code]) || [
    'SIGN_IN_FAILED' as const,
    () => unknownError(name, redact(code, secrets)),
  ];
  const said = providerSays(name, description && redact(description, secrets));
  return new AuthError(errorCode, `${message(name)}${said}`);
}
