import { SERVICES, type Service, SPOTS, type Spot } from './service.ts';

/**
 * Where a fault can strike: an endpoint of both services (`token`), of one (`google-token`), or all of one (`fitbit`).
 * `authorize` is the consent page, `decision` the answer to its form, `introspect` Google's `/tokeninfo` too.
 */
export const PLACES = [
  ...SPOTS.google,
  ...SERVICES,
  ...SPOTS.fitbit.map((spot) => `fitbit-${spot}` as const),
  ...SPOTS.google.map((spot) => `google-${spot}` as const),
] as const;
export type Place = (typeof PLACES)[number];

/** Whether a fault at `place` strikes this endpoint. */
export function covers(place: Place, service: Service, spot: Spot): boolean {
  return place === spot || place === service || place === `${service}-${spot}`;
}

/** Stand-ins answer (or do not) without processing the request: no token is issued, spent or revoked. */
const STANDINS = [
  'status',
  'redirect',
  'empty',
  'html',
  'invalid-json',
  'null-body',
  'array-body',
  'deep-json',
  'reset',
  'hang',
  'huge',
  'gzip-bomb',
  'huge-header',
  'drip',
] as const;
export type StandinKind = (typeof STANDINS)[number];

/** Edits process the request and spoil its answer. */
const EDITS = [
  'truncated-json',
  'wrong-types',
  'proto',
  'duplicate-keys',
  'negative-expires',
  'zero-expires',
  'missing-expires',
  'missing-access-token',
  'missing-refresh-token',
  'missing-scope',
  'token-type-lower',
  'token-type-other',
  'extra-fields',
  'wrong-content-type',
  'drop-state',
] as const;
export type EditKind = (typeof EDITS)[number];

/** `delay` waits `ms` before processing, `delay-answer` waits `ms` after it, `lost-answer` processes and then cuts the connection. */
const TIMING = ['delay', 'delay-answer', 'lost-answer'] as const;

/** Every kind of fault. */
export const FAULT_KINDS = [...STANDINS, ...EDITS, ...TIMING] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What can be said of a fault beside its place and kind; a kind looks at what concerns it. */
export interface FaultArguments {
  /** How many requests it strikes. Default: all, until cleared. */
  readonly times?: number;
  /** HTTP status of `status` (default 500) and `redirect` (default 302). */
  readonly status?: number;
  /** `status`: Fitbit's `errors[0].errorType`, OAuth's `error`, a Google API's `error.status`. Default: the service's. */
  readonly errorType?: string;
  /** The text beside it. */
  readonly message?: string;
  /** `fitbit-rate-limit-reset` or `retry-after` of a `status` 429, in seconds. Default 60. */
  readonly resetSeconds?: number;
  /** Where `redirect` points. Default: `/sandbox/state` of this sandbox. */
  readonly location?: string;
  /** Milliseconds of `delay` and `delay-answer`, and between the bytes of `drip`. Default 1,000. */
  readonly ms?: number;
  /** Size of `huge`, of `gzip-bomb` unpacked (default 100,000,000 both) and of `huge-header` (default 100,000). */
  readonly bytes?: number;
}

/** Something that shall go wrong. */
export interface Fault extends FaultArguments {
  readonly at: Place;
  readonly kind: FaultKind;
}
