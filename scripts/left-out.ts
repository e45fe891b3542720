/** Stands in the bundle for what `build.ts` leaves out. */
export default function leftOut(): never {
  throw new TypeError('This part of a package is not in the bundle.');
}

/** undici looks for names in those of node:http2 while it is loaded. */
export const constants = {};
