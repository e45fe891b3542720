import { AuthError } from '../errors.ts';

/** A whole number of seconds, within bounds. */
export function seconds(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new AuthError('USAGE', `“${text}” is not a whole number of seconds from ${min} to ${max}.`);
  };
}

/** How much time a token may be asked to have left: less than any token lasts. */
export const minTtlSeconds = seconds(0, 28_000);
