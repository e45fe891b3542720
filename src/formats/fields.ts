import * as v from 'valibot';
import { Secret } from '../secret.ts';

// What the fields of the formats have in common. Every message says what should be there and never what is: the wrong
// value may be a secret.

export const text = v.string('is not a text');

export const secret = v.pipe(
  text,
  v.transform((value) => new Secret(value)),
);

export const list = v.array(v.string('is not a list of texts'), 'is not a list of texts');

/** Scopes as one text, separated by blanks (RFC 6749 §3.3). */
export const words = v.pipe(
  text,
  v.transform((value) => value.split(' ').filter((word) => word !== '')),
);

// Beyond the year 9999 a date has no RFC 3339 form; whoever writes one counted in milliseconds.
const LAST_SECOND = 253_402_300_799;

/** A span in seconds. */
export const span = v.pipe(
  v.number('is not a number of seconds'),
  v.minValue(0, 'is negative'),
  v.maxValue(LAST_SECOND, 'is not a number of seconds'),
);

/** Seconds since 1970, whole or not. */
export const epochSeconds = v.pipe(
  span,
  v.transform((value) => new Date(value * 1000)),
);

const NOT_A_TIME = 'is not a time such as 2026-01-31T12:00:00Z';
const RFC_3339 = /^\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d(?:\.\d+)?(?:z|[+-]\d\d:\d\d)?$/i;

/** RFC 3339 §5.6, with fractions of any length. Without an offset, as older Python programs write it, it is UTC. */
export const time = v.pipe(
  v.string(NOT_A_TIME),
  v.regex(RFC_3339, NOT_A_TIME),
  v.transform((value) => new Date(/(?:z|[+-]\d\d:\d\d)$/i.test(value) ? value.toUpperCase() : `${value}Z`)),
  v.check((date) => !Number.isNaN(date.getTime()), NOT_A_TIME),
);

/** As {@link time}; Go's zero time, January 1 of the year 1, is `undefined`: a token that does not end. */
export const goTime = v.pipe(
  time,
  v.transform((date) => (date.getUTCFullYear() <= 1 ? undefined : date)),
);
