import * as v from 'valibot';
import { FaultArgumentsSchema } from './fault-arguments.ts';
import { FAULT_EDITS } from './fault-edits.ts';
import { FAULT_STANDINS } from './fault-standins.ts';
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

const TIMING = ['delay', 'delay-answer', 'lost-answer'] as const;

/**
 * Every kind of fault.
 * - Stand-ins answer (or do not) without processing the request: no token is issued, spent or revoked.
 * - Edits process the request and spoil its answer.
 * - `delay` waits `ms` before processing, `delay-answer` waits `ms` after it, `lost-answer` processes and then
 *   cuts the connection.
 */
export const FAULT_KINDS: readonly string[] = [...Object.keys(FAULT_STANDINS), ...Object.keys(FAULT_EDITS), ...TIMING];
export type FaultKind = keyof typeof FAULT_STANDINS | keyof typeof FAULT_EDITS | (typeof TIMING)[number];

function isFaultKind(kind: unknown): kind is FaultKind {
  return typeof kind === 'string' && FAULT_KINDS.includes(kind);
}

/** A fault as the control endpoint takes it. */
export const FaultSchema = v.strictObject({
  at: v.picklist(PLACES),
  kind: v.custom<FaultKind>(isFaultKind, `one of: ${FAULT_KINDS.join(', ')}`),
  ...FaultArgumentsSchema.entries,
});

/** Something that shall go wrong. */
export type Fault = Readonly<v.InferOutput<typeof FaultSchema>>;
