import * as v from 'valibot';

/** Seconds since 1970 as a moment; nothing that no `Date` can hold. */
export const epochSeconds = v.pipe(
  v.number(),
  v.minValue(0),
  v.maxValue(8_640_000_000_000),
  v.transform((value) => new Date(value * 1000)),
);
