import { apiError, type Endpoint, type ErrorInfo, oauthError, type WireError } from './wire.ts';

/** How Google refuses, and at which endpoints. */
export interface Refusal {
  readonly endpoints: readonly Endpoint[];
  readonly error: () => WireError;
  /** Sent instead of the error's JSON. */
  readonly html?: string;
  /** At the authorization endpoint: what the page shows. */
  readonly page?: { readonly error: string; readonly words: string };
}

const SERVICE = 'health.googleapis.com';
const PROJECT = '100000000001';
const API: readonly Endpoint[] = ['identity', 'api'];
const TOKEN: readonly Endpoint[] = ['token'];
const ANYWHERE: readonly Endpoint[] = ['authorize', 'token'];

function api(code: number, status: string, message: string, info?: Partial<ErrorInfo>, headers = {}): Refusal {
  const details = info?.reason === undefined ? undefined : { domain: SERVICE, ...info, reason: info.reason };
  return { endpoints: API, error: () => apiError(code, status, message, { info: details, headers }) };
}

function oauth(endpoints: readonly Endpoint[], status: number, error: string, description: string): Refusal {
  return { endpoints, error: () => oauthError(status, error, description), page: { error, words: description } };
}

/** Every way in which Google refuses a good token, an app or a grant, by name. */
export const GOOGLE_REFUSALS = {
  'account-not-linked': api(400, 'FAILED_PRECONDITION', 'The Google account is not linked to a Fitbit account.', {
    reason: 'ACCOUNT_NOT_LINKED',
    metadata: { redirect_uri: 'https://fitbit.google.com/auth/signup' },
  }),
  'setup-unfinished': api(412, 'FAILED_PRECONDITION', 'Precondition check failed.'),
  'resource-permission-denied': api(403, 'PERMISSION_DENIED', 'The caller does not have permission', {
    reason: 'RESOURCE_PERMISSION_DENIED',
  }),
  'legacy-login': api(
    403,
    'PERMISSION_DENIED',
    'The caller does not have permission: Could not mint UberMint from GaiaMint',
  ),
  'service-disabled': api(
    403,
    'PERMISSION_DENIED',
    `Google Health API has not been used in project ${PROJECT} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${SERVICE}/overview?project=${PROJECT} then retry.`,
    {
      reason: 'SERVICE_DISABLED',
      domain: 'googleapis.com',
      metadata: { consumer: `projects/${PROJECT}`, service: SERVICE },
    },
  ),
  'scope-insufficient': api(
    403,
    'PERMISSION_DENIED',
    'Request had insufficient authentication scopes.',
    { reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', domain: 'googleapis.com', metadata: { service: SERVICE } },
    { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"' },
  ),
  'permission-denied': api(403, 'PERMISSION_DENIED', 'The caller does not have permission.'),
  'unknown-path': {
    ...api(404, 'NOT_FOUND', ''),
    html: '<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p><b>404.</b> The requested URL was not found on this server.',
  },
  'rate-limited': api(
    429,
    'RESOURCE_EXHAUSTED',
    "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute per user'.",
    { reason: 'RATE_LIMIT_EXCEEDED', domain: 'googleapis.com', metadata: { service: SERVICE } },
    { 'retry-after': '60' },
  ),
  'rate-limited-unspecified': api(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'),
  unavailable: api(503, 'UNAVAILABLE', 'The service is currently unavailable.'),

  'client-unknown': oauth(ANYWHERE, 401, 'invalid_client', 'The OAuth client was not found.'),
  'client-secret-missing': oauth(TOKEN, 400, 'invalid_request', 'client_secret is missing.'),
  'client-secret-unsent': oauth(TOKEN, 401, 'invalid_client', 'Unauthorized'),
  'client-secret-wrong': oauth(TOKEN, 401, 'invalid_client', 'The provided client secret is invalid.'),
  'deleted-client': oauth(ANYWHERE, 401, 'deleted_client', 'The OAuth client was deleted.'),
  'disabled-client': oauth(ANYWHERE, 401, 'disabled_client', 'The OAuth client was disabled.'),
  'admin-policy-enforced': oauth(
    ANYWHERE,
    400,
    'admin_policy_enforced',
    'Access to your account data is restricted by policies within your organization.',
  ),
  'org-internal': oauth(ANYWHERE, 403, 'org_internal', 'This client is restricted to users within its organization.'),
  'access-denied': oauth(ANYWHERE, 403, 'access_denied', 'Account restricted'),
  'invalid-scope': oauth(ANYWHERE, 400, 'invalid_scope', 'Some requested scopes cannot be shown'),
  'invalid-rapt': {
    endpoints: TOKEN,
    error: () =>
      withSubtype(oauthError(400, 'invalid_grant', 'reauth related error (invalid_rapt)'), {
        error_uri: 'https://support.google.com/a/answer/9368756',
        error_subtype: 'invalid_rapt',
      }),
  },
  'dead-grant': oauth(TOKEN, 400, 'invalid_grant', 'Token has been expired or revoked.'),
} as const satisfies Record<string, Refusal>;

export type GoogleRefusal = keyof typeof GOOGLE_REFUSALS;

/** The error of a refusal, to throw in a route. */
export function googleRefusal(name: GoogleRefusal): WireError {
  return GOOGLE_REFUSALS[name].error();
}

function withSubtype(error: WireError, more: object): WireError {
  Object.assign(error.body, more);
  return error;
}
