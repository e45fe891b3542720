import type { FastifyInstance } from 'fastify';
import { challengeError } from './codes.ts';
import { type ConsentRequest, consentRoutes, type ValidationResult, withParameters } from './consent-flow.ts';
import type { Context } from './context.ts';
import { type GoogleScope, isRetired, labelOf, toGoogleScope } from './google-scopes.ts';
import { blockedPage } from './pages.ts';
import type { GoogleClient, Registry } from './registry.ts';
import type { Parameters } from './wire.ts';

interface AuthorizationRequest extends ConsentRequest<GoogleScope> {
  readonly client: GoogleClient;
  readonly state?: string;
  readonly nonce?: string;
  readonly codeChallenge?: string;
  /** Whether a refresh token is wanted: `access_type=offline`. */
  readonly offline: boolean;
  /** `prompt=consent`: consent counts as given anew. */
  readonly anew: boolean;
}

type Refused = Extract<ValidationResult<AuthorizationRequest>, { kind: 'refused' }>;

const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const PROMPTS: readonly string[] = ['none', 'consent', 'select_account'];
const ACCESS_TYPES: readonly string[] = ['online', 'offline'];

// RFC 8252 §7.3: a desktop app registers no redirect URI; any loopback port and path will do.
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?(\/[^#]*)?$/;

/** Google's authorization endpoint. */
export function googleAuthorize(app: FastifyInstance, { registry, google, faults, issuer }: Context): void {
  consentRoutes<GoogleScope, AuthorizationRequest>(app, faults, {
    service: 'google',
    path: '/o/oauth2/v2/auth',
    people: registry.people,
    label: labelOf,
    account: ({ displayName, email }) => `${email} (${displayName})`,
    validate: (query) => validateRequest(query, registry),
    denied: (request) => redirectWithError(request, 'access_denied'),
    allowed: ({ client, redirectUri, state, ...asked }, { person: { userId }, scopes, origin }) => {
      const testing = client.publishing === 'testing';
      const code = google.issueCode({ ...asked, clientId: client.id, userId, redirectUri, scopes, testing });
      const iss = issuer === undefined ? origin : (issuer ?? undefined);
      return withParameters(redirectUri, { state, code, scope: scopes.join(' '), iss }, encode);
    },
  });
}

function redirectWithError({ redirectUri, state }: AuthorizationRequest, error: string): string {
  return withParameters(redirectUri, { error, state }, encode);
}

/** Leaves the slashes and colons of codes and scopes as they are, like Google. */
function encode(value: string): string {
  return encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('%3A', ':');
}

function validateRequest(parameters: Parameters, registry: Registry): ValidationResult<AuthorizationRequest> {
  const { repeated } = parameters;
  if (repeated !== undefined) return invalid('OAuth 2 parameters can only have a single value:', repeated);
  const clientId = parameters.get('client_id');
  if (clientId === undefined) return missing('client_id');
  const client = registry.googleClient(clientId);
  if (client === undefined) return refuse(401, 'invalid_client', 'The OAuth client was not found.', clientId);
  const redirectUri = parameters.get('redirect_uri');
  if (redirectUri === undefined) return missing('redirect_uri');
  if (!acceptsRedirect(client, redirectUri)) {
    const words = 'The redirect URI in the request does not match the ones authorized for the OAuth client.';
    return refuse(400, 'redirect_uri_mismatch', words, redirectUri);
  }
  const responseType = parameters.get('response_type');
  if (responseType === undefined) return missing('response_type');
  if (responseType !== 'code') return refuse(400, 'unsupported_response_type', 'Invalid response_type:', responseType);

  const codeChallenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method');
  const pkce = challengeError({ challenge: codeChallenge, method, required: false });
  if (pkce !== undefined) return invalid('This sandbox takes S256 challenges only:', pkce);

  const scopes = validateScopes(parameters.get('scope'));
  if ('kind' in scopes) return scopes;

  const accessType = parameters.get('access_type') ?? 'online';
  if (!ACCESS_TYPES.includes(accessType)) return invalid('Invalid access_type:', accessType);
  const prompt = parameters.get('prompt') ?? '';
  const prompts = prompt.split(' ').filter(Boolean);
  if (!prompts.every((name) => PROMPTS.includes(name)) || (prompts.includes('none') && prompts.length > 1))
    return invalid('Invalid parameter value for prompt:', prompt);

  const request: AuthorizationRequest = {
    client,
    redirectUri,
    scopes,
    state: parameters.get('state'),
    nonce: parameters.get('nonce'),
    codeChallenge,
    hint: parameters.get('login_hint'),
    offline: accessType === 'offline',
    anew: prompts.includes('consent'),
  };
  // OpenID Connect Core §3.1.2.6. The sandbox keeps no sessions, so it always has to ask.
  if (prompts.includes('none')) return { kind: 'redirect', location: redirectWithError(request, 'login_required') };
  return { kind: 'ask', request };
}

function validateScopes(scope: string | undefined): readonly GoogleScope[] | Refused {
  if (scope === undefined) return missing('scope');
  const names = scope.split(' ').filter(Boolean);
  if (names.includes(CLOUD_PLATFORM))
    return refuse(403, 'invalid_scope', 'Health scopes cannot be mixed with:', CLOUD_PLATFORM);
  const scopes = names.flatMap((name) => toGoogleScope(name) ?? []);
  const unknown = names.find((name) => toGoogleScope(name) === undefined);
  if (unknown !== undefined && isRetired(unknown))
    return refuse(400, 'invalid_scope', 'Its name ends in .readonly or .writeonly since 2026-05-26:', unknown);
  if (unknown !== undefined || names.length === 0)
    return refuse(400, 'invalid_scope', 'Some requested scopes were invalid:', unknown ?? scope);
  return [...new Set(scopes)];
}

function acceptsRedirect({ type, redirectUris }: GoogleClient, redirectUri: string): boolean {
  return (
    redirectUris.includes(redirectUri) ||
    (type === 'desktop' && LOOPBACK.test(redirectUri) && URL.canParse(redirectUri))
  );
}

function refuse(status: number, error: string, words: string, about: string): Refused {
  return { kind: 'refused', status, page: blockedPage({ status, error, words, about }) };
}

function invalid(words: string, about: string): Refused {
  return refuse(400, 'invalid_request', words, about);
}

function missing(parameter: string): Refused {
  return invalid('Missing required parameter:', parameter);
}
