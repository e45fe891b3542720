import type { GoogleClient } from '../clients.ts';
import type { Parameters } from '../parameters.ts';
import { challengeFault } from '../pkce.ts';
import type { Registry } from '../registry.ts';
import { type GoogleScope, isGoogleScope, isRetired } from './scopes.ts';

/** What an app asks a person for. */
export interface AuthorizationRequest {
  readonly client: GoogleClient;
  readonly redirectUri: string;
  readonly scopes: readonly GoogleScope[];
  readonly state?: string;
  readonly codeChallenge?: string;
  /** `login_hint`: the e-mail address or the subject of an account. */
  readonly hint?: string;
  /** Whether a refresh token is wanted: `access_type=offline`. */
  readonly offline: boolean;
  /** `prompt=consent`: consent counts as given anew. */
  readonly anew: boolean;
}

/** Why a request is shown on Google's own page and never redirected: status, error, and what the page says. */
export interface Refusal {
  readonly kind: 'refused';
  readonly status: 400 | 401 | 403;
  readonly error: string;
  readonly words: string;
  /** What was sent. */
  readonly about: string;
}

export type Judgement =
  | { readonly kind: 'ask'; readonly request: AuthorizationRequest }
  /** `prompt=none` where somebody would have to be asked: OpenID Connect Core §3.1.2.6. */
  | { readonly kind: 'login-required'; readonly request: AuthorizationRequest }
  | Refusal;

const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const PROMPTS: readonly string[] = ['none', 'consent', 'select_account'];
const ACCESS_TYPES: readonly string[] = ['online', 'offline'];

// RFC 8252 §7.3: a desktop app registers no redirect URI; any port and path of this machine will do.
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?(\/[^#]*)?$/;

/** Judges what came to the authorization endpoint. Pure. */
export function judgeRequest(parameters: Parameters, registry: Registry): Judgement {
  const { repeated } = parameters;
  if (repeated !== undefined) return invalid('OAuth 2 parameters can only have a single value:', repeated);
  const clientId = parameters.get('client_id');
  if (clientId === undefined) return missing('client_id');
  const client = registry.googleClient(clientId);
  if (client === undefined) return refuse(401, 'invalid_client', 'The OAuth client was not found.', clientId);
  const redirectUri = parameters.get('redirect_uri');
  if (redirectUri === undefined) return missing('redirect_uri');
  if (!leadsBack(client, redirectUri)) {
    const words = 'The redirect URI in the request does not match the ones authorized for the OAuth client.';
    return refuse(400, 'redirect_uri_mismatch', words, redirectUri);
  }
  const responseType = parameters.get('response_type');
  if (responseType === undefined) return missing('response_type');
  if (responseType !== 'code') return refuse(400, 'unsupported_response_type', 'Invalid response_type:', responseType);

  const codeChallenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method');
  const pkce = challengeFault({ challenge: codeChallenge, method, required: false });
  if (pkce !== undefined) return invalid('This sandbox takes S256 challenges only:', pkce);

  const scopes = judgeScopes(parameters.get('scope'));
  if ('kind' in scopes) return scopes;

  const accessType = parameters.get('access_type') ?? 'online';
  if (!ACCESS_TYPES.includes(accessType)) return invalid('Invalid access_type:', accessType);
  const prompt = parameters.get('prompt') ?? '';
  const prompts = prompt.split(' ').filter(Boolean);
  if (!prompts.every((name) => PROMPTS.includes(name)) || (prompts.includes('none') && prompts.length > 1))
    return invalid('Invalid parameter value for prompt:', prompt);

  const state = parameters.get('state');
  const hint = parameters.get('login_hint');
  const request: AuthorizationRequest = {
    client,
    redirectUri,
    scopes,
    offline: accessType === 'offline',
    anew: prompts.includes('consent'),
    ...(state === undefined ? {} : { state }),
    ...(codeChallenge === undefined ? {} : { codeChallenge }),
    ...(hint === undefined ? {} : { hint }),
  };
  // The sandbox remembers nobody from one page to the next, so somebody always has to be asked.
  return { kind: prompts.includes('none') ? 'login-required' : 'ask', request };
}

function judgeScopes(scope: string | undefined): readonly GoogleScope[] | Refusal {
  if (scope === undefined) return missing('scope');
  const names = [...new Set(scope.split(' ').filter(Boolean))];
  const stranger = names.find((name) => !isGoogleScope(name));
  if (names.includes(CLOUD_PLATFORM))
    return refuse(403, 'invalid_scope', 'Health scopes cannot be mixed with:', CLOUD_PLATFORM);
  if (stranger !== undefined && isRetired(stranger))
    return refuse(400, 'invalid_scope', 'Its name ends in .readonly or .writeonly since 2026-05-26:', stranger);
  if (stranger !== undefined || names.length === 0)
    return refuse(400, 'invalid_scope', 'Some requested scopes were invalid:', stranger ?? scope);
  return names.filter(isGoogleScope);
}

function leadsBack({ type, redirectUris }: GoogleClient, redirectUri: string): boolean {
  return (
    redirectUris.includes(redirectUri) ||
    (type === 'desktop' && LOOPBACK.test(redirectUri) && URL.canParse(redirectUri))
  );
}

function refuse(status: Refusal['status'], error: string, words: string, about: string): Refusal {
  return { kind: 'refused', status, error, words, about };
}

function invalid(words: string, about: string): Refusal {
  return refuse(400, 'invalid_request', words, about);
}

function missing(parameter: string): Refusal {
  return invalid('Missing required parameter:', parameter);
}
