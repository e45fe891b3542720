import * as v from 'valibot';
import { FAULT_KINDS, type Fault, PLACES } from './fault-kind.ts';

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A fault as the control endpoint takes it. */
export const FaultSchema = v.strictObject({
  at: v.picklist(PLACES),
  kind: v.picklist(FAULT_KINDS, `one of: ${FAULT_KINDS.join(', ')}`),
  times: v.exactOptional(v.pipe(Count, v.minValue(1))),
  status: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599))),
  errorType: v.exactOptional(v.string()),
  message: v.exactOptional(v.string()),
  resetSeconds: v.exactOptional(Count),
  location: v.exactOptional(v.string()),
  ms: v.exactOptional(Count),
  bytes: v.exactOptional(Count),
}) satisfies v.GenericSchema<unknown, Fault>;
