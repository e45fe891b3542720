import type { ErrorShapes } from '../error-answers.ts';
import { WireError } from '../wire-error.ts';

/** Fitbit's own error shape, which is not RFC 6749's. */
interface ErrorBody {
  readonly errors: readonly [{ readonly errorType: string; readonly message: string }];
  readonly success: false;
}

const VISIT =
  'Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.';

/** An answer in Fitbit's error shape. */
export function fitbitError(
  status: number,
  errorType: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): WireError {
  const body: ErrorBody = { errors: [{ errorType, message }], success: false };
  return new WireError(status, body, headers);
}

// These messages repeat what was sent, secrets included: that is how Fitbit answers, and what a client must survive.
export const invalidRefreshToken = (token: string) =>
  fitbitError(400, 'invalid_grant', `Refresh token invalid: ${token}. ${VISIT}`);
export const invalidCode = (code: string) =>
  fitbitError(400, 'invalid_grant', `Authorization code invalid: ${code}. ${VISIT}`);
export const expiredCode = (code: string) =>
  fitbitError(400, 'invalid_grant', `Authorization code expired: ${code}. ${VISIT}`);
export const redirectMismatch = (uri: string) =>
  fitbitError(400, 'invalid_request', `Redirect_uri mismatch: ${uri}. ${VISIT}`);
export const invalidClient = (reason: string) => fitbitError(401, 'invalid_client', `${reason} ${VISIT}`);
export const expiredToken = (token: string) =>
  fitbitError(401, 'expired_token', `Access token expired: ${token}. ${VISIT}`);
export const invalidToken = (token: string) =>
  fitbitError(401, 'invalid_token', `Access token invalid: ${token}. ${VISIT}`);
export const insufficientScope = (scope: string) =>
  fitbitError(403, 'insufficient_scope', `This application does not have permission to access ${scope} data. ${VISIT}`);

/** What any of Fitbit's endpoints may have to refuse. */
export const FITBIT_ERRORS: ErrorShapes = {
  missing: (name) => fitbitError(400, 'invalid_request', `Missing parameters: ${name}. ${VISIT}`),
  repeated: (name) => fitbitError(400, 'invalid_request', `Repeated parameter: ${name}. ${VISIT}`),
  other: (status, message) => fitbitError(status, status < 500 ? 'invalid_request' : 'system', message),
};
