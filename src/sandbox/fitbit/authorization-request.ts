import type { FitbitClient } from '../clients.ts';
import type { Parameters } from '../parameters.ts';
import { challengeFault } from '../pkce.ts';
import type { Registry } from '../registry.ts';
import { isScope, type Scope } from './scopes.ts';

/** What an app asks a person for. */
export interface AuthorizationRequest {
  readonly client: FitbitClient;
  readonly redirectUri: string;
  readonly scopes: readonly Scope[];
  readonly state?: string;
  readonly codeChallenge?: string;
}

/** Why a request is shown on the sandbox's own page and never redirected. */
export type RefusalReason =
  | 'repeated-parameter'
  | 'missing-parameter'
  | 'unknown-client'
  | 'redirect-mismatch'
  | 'response-type'
  | 'code-challenge'
  | 'unknown-scope'
  | 'prompt';

export type Judgement =
  | { readonly kind: 'ask'; readonly request: AuthorizationRequest }
  /** `prompt=none` where somebody would have to be asked: OpenID Connect Core §3.1.2.6. */
  | { readonly kind: 'login-required'; readonly request: AuthorizationRequest }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly about: string };

const REQUIRED = ['client_id', 'redirect_uri', 'response_type', 'scope'] as const;
const PROMPTS: readonly string[] = ['none', 'consent', 'login', 'login consent'];

/** Judges what came to the authorization endpoint. Pure. */
export function judgeRequest(parameters: Parameters, registry: Registry): Judgement {
  const refuse = (reason: RefusalReason, about: string): Judgement => ({ kind: 'refused', reason, about });

  if (parameters.repeated !== undefined) return refuse('repeated-parameter', parameters.repeated);
  const [clientId, redirectUri, responseType, scope] = REQUIRED.map((name) => parameters.get(name));
  if (clientId === undefined) return refuse('missing-parameter', 'client_id');
  const client = registry.fitbitClient(clientId);
  if (client === undefined) return refuse('unknown-client', clientId);
  if (redirectUri === undefined) return refuse('missing-parameter', 'redirect_uri');
  if (!client.redirectUris.includes(redirectUri)) return refuse('redirect-mismatch', redirectUri);
  if (responseType === undefined) return refuse('missing-parameter', 'response_type');
  if (responseType !== 'code') return refuse('response-type', responseType);

  const codeChallenge = parameters.get('code_challenge');
  const pkce = challengeFault({
    challenge: codeChallenge,
    method: parameters.get('code_challenge_method'),
    // An app without a secret has nothing else that ties the code to it.
    required: client.type === 'client',
  });
  if (pkce !== undefined) return refuse('code-challenge', pkce);

  if (scope === undefined) return refuse('missing-parameter', 'scope');
  const names = [...new Set(scope.split(' ').filter(Boolean))];
  const scopes = names.filter(isScope);
  if (scopes.length < names.length || scopes.length === 0) {
    return refuse('unknown-scope', names.find((name) => !isScope(name)) ?? scope);
  }

  const prompt = parameters.get('prompt');
  if (prompt !== undefined && !PROMPTS.includes(prompt)) return refuse('prompt', prompt);

  const state = parameters.get('state');
  const request: AuthorizationRequest = {
    client,
    redirectUri,
    scopes,
    ...(state === undefined ? {} : { state }),
    ...(codeChallenge === undefined ? {} : { codeChallenge }),
  };
  // The sandbox remembers nobody from one page to the next, so somebody always has to be asked.
  return { kind: prompt === 'none' ? 'login-required' : 'ask', request };
}
