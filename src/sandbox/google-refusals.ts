import { apiError, type ErrorInfo, oauthError, WireError } from './wire.ts';

const SERVICE = 'health.googleapis.com';
const PROJECT = '100000000001';
const REALM = 'Bearer realm="https://accounts.google.com/"';

const info = (reason: string, metadata: ErrorInfo['metadata'] = { service: SERVICE }) => ({
  reason,
  domain: 'googleapis.com',
  metadata,
});

/** Google Health's refusals of a good token. */
export const API_REFUSALS = {
  'account-not-linked': apiError(400, 'The Google account is not linked to a Fitbit account.', {
    name: 'FAILED_PRECONDITION',
    info: {
      reason: 'ACCOUNT_NOT_LINKED',
      domain: SERVICE,
      metadata: { redirect_uri: 'https://fitbit.google.com/auth/signup' },
    },
  }),
  'setup-unfinished': apiError(412, 'Precondition check failed.', { name: 'FAILED_PRECONDITION' }),
  'resource-permission-denied': apiError(403, 'The caller does not have permission', {
    info: { reason: 'RESOURCE_PERMISSION_DENIED', domain: SERVICE },
  }),
  'legacy-login': apiError(403, 'The caller does not have permission: Could not mint UberMint from GaiaMint'),
  'service-disabled': apiError(
    403,
    `Google Health API has not been used in project ${PROJECT} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${SERVICE}/overview?project=${PROJECT} then retry.`,
    { info: info('SERVICE_DISABLED', { consumer: `projects/${PROJECT}`, service: SERVICE }) },
  ),
  'scope-insufficient': apiError(403, 'Request had insufficient authentication scopes.', {
    headers: { 'www-authenticate': `${REALM}, error="insufficient_scope"` },
    info: info('ACCESS_TOKEN_SCOPE_INSUFFICIENT'),
  }),
  'permission-denied': apiError(403, 'The caller does not have permission.'),
  'unknown-path': new WireError(
    404,
    '<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p><b>404.</b> The requested URL was not found on this server.',
    { 'content-type': 'text/html; charset=utf-8' },
  ),
  'rate-limited': apiError(
    429,
    "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute per user'.",
    { headers: { 'retry-after': '60' }, info: info('RATE_LIMIT_EXCEEDED') },
  ),
  'rate-limited-unspecified': apiError(429, 'Resource has been exhausted (e.g. check quota).'),
  unavailable: apiError(503, 'The service is currently unavailable.'),
};

/** At the authorization endpoint, as a page, and at the token endpoint. */
export const APP_REFUSALS = {
  'client-unknown': [401, 'The OAuth client was not found.', { name: 'invalid_client' }],
  'deleted-client': [401, 'The OAuth client was deleted.', { name: 'deleted_client' }],
  'disabled-client': [401, 'The OAuth client was disabled.', { name: 'disabled_client' }],
  'admin-policy-enforced': [
    400,
    'Access to your account data is restricted by policies within your organization.',
    { name: 'admin_policy_enforced' },
  ],
  'org-internal': [403, 'This client is restricted to users within its organization.', { name: 'org_internal' }],
  'access-denied': [403, 'Account restricted', { name: 'access_denied' }],
  'invalid-scope': [400, 'Some requested scopes cannot be shown', { name: 'invalid_scope' }],
} as const;

/** At the token endpoint. */
export const TOKEN_REFUSALS = {
  'client-secret-missing': oauthError(400, 'client_secret is missing.'),
  'client-secret-unsent': oauthError(401, 'Unauthorized'),
  'client-secret-wrong': oauthError(401, 'The provided client secret is invalid.'),
  'invalid-rapt': new WireError(400, {
    error: 'invalid_grant',
    error_description: 'reauth related error (invalid_rapt)',
    error_uri: 'https://support.google.com/a/answer/9368756',
    error_subtype: 'invalid_rapt',
  }),
  'dead-grant': oauthError(400, 'Token has been expired or revoked.', { name: 'invalid_grant' }),
};

/** RFC 6750 §3. */
export function unauthenticated(reason: 'CREDENTIALS_MISSING' | 'ACCESS_TOKEN_EXPIRED'): WireError {
  const missing = reason === 'CREDENTIALS_MISSING';
  const problem = missing ? 'is missing required authentication credential' : 'had invalid authentication credentials';
  return apiError(
    401,
    `Request ${problem}. Expected OAuth 2 access token, login cookie or other valid authentication credential.`,
    { headers: { 'www-authenticate': missing ? REALM : `${REALM}, error="invalid_token"` }, info: info(reason) },
  );
}
