import * as v from 'valibot';

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What can be said of a fault beside its place and kind; a kind looks at what concerns it. */
export const FaultArgumentsSchema = v.strictObject({
  /** How many requests it strikes. Default: all, until cleared. */
  times: v.exactOptional(v.pipe(Count, v.minValue(1))),
  /** HTTP status of `status` (default 500) and `redirect` (default 302). */
  status: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599))),
  /** `status`: Fitbit's `errors[0].errorType`, OAuth's `error`, a Google API's `error.status`. Default: the service's. */
  errorType: v.exactOptional(v.string()),
  /** The text beside it. */
  message: v.exactOptional(v.string()),
  /** `fitbit-rate-limit-reset` or `retry-after` of a `status` 429, in seconds. Default 60. */
  resetSeconds: v.exactOptional(Count),
  /** Where `redirect` points. Default: `/sandbox/state` of this sandbox. */
  location: v.exactOptional(v.string()),
  /** Milliseconds of `delay` and `delay-answer`, and between the bytes of `drip`. Default 1,000. */
  ms: v.exactOptional(Count),
  /** Size of `huge`, of `gzip-bomb` unpacked (default 100,000,000 both) and of `huge-header` (default 100,000). */
  bytes: v.exactOptional(Count),
});

export type FaultArguments = Readonly<v.InferOutput<typeof FaultArgumentsSchema>>;
