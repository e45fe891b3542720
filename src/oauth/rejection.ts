import * as oauth from 'oauth4webapi';
import { AuthError, type ErrorCode } from '../errors.ts';

/** What was being asked of the token endpoint or the revocation endpoint. */
export type Request = 'exchange' | 'refresh' | 'revoke';

type Verdict = readonly [ErrorCode, (name: string) => string];

const CLIENT: Verdict = ['CLIENT_REJECTED', (name) => `${name} does not accept this client id and client secret.`];
const DEFECT: Verdict = ['REQUEST_REJECTED', (name) => `${name} did not understand the request.`];

/** RFC 6749 §5.2: every registered code. `invalid_grant` alone says that a grant is dead. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  invalid_client: CLIENT,
  unauthorized_client: ['CLIENT_REJECTED', (name) => `${name} does not let this app use this kind of grant.`],
  invalid_request: DEFECT,
  unsupported_grant_type: DEFECT,
  unsupported_token_type: ['REQUEST_REJECTED', (name) => `${name} does not revoke tokens of this kind.`],
  invalid_scope: ['SCOPE_REJECTED', (name) => `${name} does not give one of the scopes that were asked for.`],
};

const INVALID_GRANT: Readonly<Record<Request, Verdict>> = {
  exchange: [
    'SIGN_IN_FAILED',
    (name) => `${name} did not accept the authorization code: it was used before, or the sign-in took too long.`,
  ],
  refresh: ['GRANT_DEAD', (name) => `${name} says that this sign-in has ended: its refresh token no longer works.`],
  revoke: ['GRANT_DEAD', (name) => `${name} says that this sign-in has already ended.`],
};

/** Whatever a request failed with, as an {@link AuthError}. The cause never holds the answer, which may repeat secrets. */
export function judgeFailure(name: string, request: Request, thrown: unknown): AuthError {
  if (thrown instanceof AuthError) return thrown;
  if (thrown instanceof oauth.ResponseBodyError) {
    const known =
      thrown.error === 'invalid_grant' || (request === 'revoke' && thrown.error === 'invalid_token')
        ? INVALID_GRANT[request]
        : Object.hasOwn(VERDICTS, thrown.error)
          ? VERDICTS[thrown.error]
          : undefined;
    const [code, message] =
      known ?? (['ANSWER_INVALID', () => `${name} refused with the error “${thrown.error}”.`] satisfies Verdict);
    const said = thrown.error_description ? ` ${name} says: “${thrown.error_description}”` : '';
    return new AuthError(code, `${message(name)}${said}`, {
      details: { status: thrown.status, provider_error: thrown.error },
    });
  }
  const status =
    thrown instanceof oauth.OperationProcessingError && thrown.cause instanceof Response
      ? thrown.cause.status
      : undefined;
  if (status === 401) return new AuthError(CLIENT[0], CLIENT[1](name), { details: { status } });
  if (status !== undefined)
    return new AuthError('ANSWER_INVALID', `${name} answered with status ${status} and no reason.`, {
      details: { status },
    });
  if (
    thrown instanceof Error &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    thrown.code.startsWith('OAUTH_')
  ) {
    return new AuthError('ANSWER_INVALID', `${name} gave an answer that is not a token answer: ${thrown.message}.`, {
      details: { reason: thrown.code },
    });
  }
  return thrown instanceof Error
    ? new AuthError('UNEXPECTED', thrown.message)
    : new AuthError('UNEXPECTED', String(thrown));
}
