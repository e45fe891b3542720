/** Stands in the bundle for a package that `build.ts` leaves out. */
export default function leftOut(): never {
  throw new TypeError('This part of Fastify is not in the bundle.');
}
