import type { FaultArguments } from './fault-kind.ts';
import { fitbitError } from './fitbit/wire.ts';
import { apiError, oauthError } from './google/wire.ts';
import type { Service, Spot } from './service.ts';
import type { WireError } from './wire-error.ts';

/** What to call a status where a fault does not say it. */
type Names = Readonly<Record<number, string>>;

const FITBIT: Names = {
  400: 'invalid_request',
  401: 'invalid_client',
  403: 'insufficient_scope',
  409: 'conflict',
  429: 'rate_limit',
  500: 'system',
  502: 'system',
  503: 'system',
};
const OAUTH: Names = {
  400: 'invalid_request',
  401: 'invalid_client',
  403: 'access_denied',
  429: 'rate_limit_exceeded',
  500: 'internal_failure',
  502: 'internal_failure',
  503: 'temporarily_unavailable',
};
const API: Names = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
};

/** The answer of an endpoint that was told to fail, in the shape that its service has for it. */
export function toldToFail(
  service: Service,
  spot: Spot,
  args: FaultArguments & { readonly status: number },
): WireError {
  const { status, message = `The sandbox was told to answer ${status}.`, resetSeconds = 60 } = args;
  const limited = (header: string) => (status === 429 ? { [header]: String(resetSeconds) } : {});
  const named = (names: Names, otherwise: string) => args.errorType ?? names[status] ?? otherwise;

  if (service === 'fitbit')
    return fitbitError(status, named(FITBIT, 'request'), message, limited('fitbit-rate-limit-reset'));
  if (spot === 'identity' || spot === 'api')
    return apiError(status, named(API, 'UNKNOWN'), message, { headers: limited('retry-after') });
  return oauthError(status, named(OAUTH, 'invalid_request'), message, limited('retry-after'));
}
