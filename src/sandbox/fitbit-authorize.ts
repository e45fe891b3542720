import type { FastifyInstance } from 'fastify';
import { challengeError } from './codes.ts';
import { type ConsentRequest, consentRoutes, type ValidationResult, withParameters } from './consent-flow.ts';
import type { Context } from './context.ts';
import { FITBIT_SCOPES, type FitbitScope } from './fitbit-tokens.ts';
import { rejectedPage } from './pages.ts';
import type { FitbitClient, Registry } from './registry.ts';
import type { Parameters } from './wire.ts';

interface AuthorizationRequest extends ConsentRequest<FitbitScope> {
  readonly client: FitbitClient;
  readonly state?: string;
  readonly codeChallenge?: string;
}

const PROMPTS: readonly string[] = ['none', 'consent', 'login', 'login consent'];
const DENIED = { error: 'access_denied', error_description: 'The user denied the request.' };
const LOGIN_REQUIRED = { error: 'login_required', error_description: 'The sandbox keeps no sessions: it has to ask.' };

/** Fitbit's authorization endpoint. */
export function fitbitAuthorize(app: FastifyInstance, { registry, fitbit, faults }: Context): void {
  consentRoutes<FitbitScope, AuthorizationRequest>(app, faults, {
    service: 'fitbit',
    path: '/oauth2/authorize',
    // Without a Health profile there never was a Fitbit account.
    people: registry.people.filter(({ link }) => link !== 'not-linked'),
    label: (scope) => ({ words: FITBIT_SCOPES[scope].words, name: scope }),
    account: ({ displayName, userId }) => `${displayName} (${userId})`,
    validate: (query) => validateRequest(query, registry),
    denied: (request) => redirectTo(request, DENIED),
    allowed: (request, { person: { userId }, scopes }) => {
      const { client, redirectUri, codeChallenge } = request;
      const code = fitbit.issueCode({ clientId: client.id, userId, redirectUri, scopes, codeChallenge });
      return `${redirectTo(request, { code })}#_=_`;
    },
  });
}

function redirectTo({ redirectUri, state }: AuthorizationRequest, parameters: Readonly<Record<string, string>>) {
  return withParameters(redirectUri, { ...parameters, state });
}

function validateRequest(parameters: Parameters, registry: Registry): ValidationResult<AuthorizationRequest> {
  if (parameters.repeated !== undefined) return reject('This parameter is repeated:', parameters.repeated);
  const clientId = parameters.get('client_id');
  if (clientId === undefined) return missing('client_id');
  const client = registry.fitbitClient(clientId);
  if (client === undefined) return reject('No app is registered with this client ID:', clientId);
  const redirectUri = parameters.get('redirect_uri');
  if (redirectUri === undefined) return missing('redirect_uri');
  if (!client.redirectUris.includes(redirectUri))
    return reject('The app has not registered this redirect URI, which must match byte for byte:', redirectUri);
  const responseType = parameters.get('response_type');
  if (responseType === undefined) return missing('response_type');
  if (responseType !== 'code') return reject('The response type must be “code”, not:', responseType);

  const codeChallenge = parameters.get('code_challenge');
  const pkce = challengeError({
    challenge: codeChallenge,
    method: parameters.get('code_challenge_method'),
    // Nothing else ties the code to an app without a secret.
    required: client.type === 'client',
  });
  if (pkce !== undefined) return reject('The PKCE code challenge must be an S256 one:', pkce);

  const scope = parameters.get('scope');
  if (scope === undefined) return missing('scope');
  const names = [...new Set(scope.split(' ').filter(Boolean))];
  const scopes = names.filter(isScope);
  if (scopes.length < names.length || scopes.length === 0)
    return reject('Unknown scope:', names.find((name) => !isScope(name)) ?? scope);

  const prompt = parameters.get('prompt');
  if (prompt !== undefined && !PROMPTS.includes(prompt))
    return reject('The prompt must be none, consent, login or “login consent”, not:', prompt);

  const request = { client, redirectUri, scopes, state: parameters.get('state'), codeChallenge };
  // OpenID Connect Core §3.1.2.6. The sandbox keeps no sessions, so it always has to ask.
  if (prompt === 'none') return { kind: 'redirect', location: redirectTo(request, LOGIN_REQUIRED) };
  return { kind: 'ask', request };
}

function isScope(name: string): name is FitbitScope {
  return Object.hasOwn(FITBIT_SCOPES, name);
}

function missing(parameter: string) {
  return reject('This parameter is missing:', parameter);
}

function reject(words: string, about: string) {
  return { kind: 'refused', status: 400, page: rejectedPage(words, about) } as const;
}
