import type { ErrorShapes } from '../error-answers.ts';
import { WireError } from '../wire-error.ts';

type Headers = Readonly<Record<string, string>>;

/** An error of Google's OAuth endpoints: RFC 6749 §5.2. */
export function oauthError(status: number, error: string, description?: string, headers?: Headers): WireError {
  const body = description === undefined ? { error } : { error, error_description: description };
  return new WireError(status, body, headers);
}

/** Why a Google API refuses, for programs: google.rpc.ErrorInfo. */
interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An error of a Google API: google.rpc.Status as JSON. */
export function apiError(
  code: number,
  status: string,
  message: string,
  { info, headers }: { readonly info?: ErrorInfo; readonly headers?: Headers } = {},
): WireError {
  const details =
    info === undefined ? {} : { details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...info }] };
  return new WireError(code, { error: { code, message, status, ...details } }, headers);
}

const BEARER = 'Bearer realm="https://accounts.google.com/"';
const SERVICE = { service: 'health.googleapis.com' };

export const credentialsMissing = () =>
  apiError(
    401,
    'UNAUTHENTICATED',
    'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    {
      info: { reason: 'CREDENTIALS_MISSING', domain: 'googleapis.com', metadata: SERVICE },
      headers: { 'www-authenticate': BEARER },
    },
  );
export const credentialsInvalid = () =>
  apiError(
    401,
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    {
      info: { reason: 'ACCESS_TOKEN_EXPIRED', domain: 'googleapis.com', metadata: SERVICE },
      headers: { 'www-authenticate': `${BEARER}, error="invalid_token"` },
    },
  );
export const scopeInsufficient = () =>
  apiError(403, 'PERMISSION_DENIED', 'Request had insufficient authentication scopes.', {
    info: { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', domain: 'googleapis.com', metadata: SERVICE },
    headers: { 'www-authenticate': `${BEARER}, error="insufficient_scope"` },
  });
export const foreignUser = () => apiError(403, 'PERMISSION_DENIED', 'The caller does not have permission.');
export const accountNotLinked = () =>
  apiError(400, 'FAILED_PRECONDITION', 'The Google account is not linked to a Fitbit account.', {
    info: {
      reason: 'ACCOUNT_NOT_LINKED',
      domain: SERVICE.service,
      metadata: { redirect_uri: 'https://fitbit.google.com/auth/signup' },
    },
  });
export const legacyLogin = () =>
  apiError(403, 'PERMISSION_DENIED', 'The account still signs in with a legacy Fitbit login.');

/** What any of the OAuth endpoints may have to refuse. */
export const OAUTH_ERRORS: ErrorShapes = {
  missing: (name) => oauthError(400, 'invalid_request', `Missing required parameter: ${name}`),
  repeated: (name) => oauthError(400, 'invalid_request', `OAuth 2 parameters can only have a single value: ${name}`),
  other: (status, message) => oauthError(status, status < 500 ? 'invalid_request' : 'internal_failure', message),
};

/** What any of the API's endpoints may have to refuse. */
export const API_ERRORS: ErrorShapes = {
  missing: (name) => apiError(400, 'INVALID_ARGUMENT', `Missing parameter: ${name}`),
  repeated: (name) => apiError(400, 'INVALID_ARGUMENT', `Repeated parameter: ${name}`),
  other: (status, message) => apiError(status, status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL', message),
};
