/** Fitbit's own error shape, which is not RFC 6749's. */
export interface ErrorBody {
  readonly errors: readonly [{ readonly errorType: string; readonly message: string }];
  readonly success: false;
}

const VISIT =
  'Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.';

/** The body of an error answer. */
export function errorBody(errorType: string, message: string): ErrorBody {
  return { errors: [{ errorType, message }], success: false };
}

/** A request that Fitbit would refuse: the status and body of its answer. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, errorType: string, message: string) {
    super(message);
    this.status = status;
    this.body = errorBody(errorType, message);
  }
}

// These messages repeat what was sent, secrets included: that is how Fitbit answers, and what a client must survive.
export const invalidRefreshToken = (token: string) =>
  new WireError(400, 'invalid_grant', `Refresh token invalid: ${token}. ${VISIT}`);
export const invalidCode = (code: string) =>
  new WireError(400, 'invalid_grant', `Authorization code invalid: ${code}. ${VISIT}`);
export const expiredCode = (code: string) =>
  new WireError(400, 'invalid_grant', `Authorization code expired: ${code}. ${VISIT}`);
export const redirectMismatch = (uri: string) =>
  new WireError(400, 'invalid_request', `Redirect_uri mismatch: ${uri}. ${VISIT}`);
export const missing = (...names: string[]) =>
  new WireError(400, 'invalid_request', `Missing parameters: ${names.join(', ')}. ${VISIT}`);
export const repeated = (name: string) =>
  new WireError(400, 'invalid_request', `Repeated parameter: ${name}. ${VISIT}`);
export const invalidClient = (reason: string) => new WireError(401, 'invalid_client', `${reason} ${VISIT}`);
export const expiredToken = (token: string) =>
  new WireError(401, 'expired_token', `Access token expired: ${token}. ${VISIT}`);
export const invalidToken = (token: string) =>
  new WireError(401, 'invalid_token', `Access token invalid: ${token}. ${VISIT}`);
export const insufficientScope = (scope: string) =>
  new WireError(
    403,
    'insufficient_scope',
    `This application does not have permission to access ${scope} data. ${VISIT}`,
  );
