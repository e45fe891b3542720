import type { FastifyRequest } from 'fastify';

/** The hidden field with the token that only a page of this site, in this browser, can know. */
export const CSRF_FIELD = '_csrf';

/** A submitted form as a body: kept as it came, repeated fields and all. */
export function parseForm(text: string): Record<string, unknown> {
  return { form: new URLSearchParams(text) };
}

/** The submitted form; an empty one where there is none. */
export function formOf({ body }: FastifyRequest): URLSearchParams {
  const form = typeof body === 'object' && body !== null && 'form' in body ? body.form : undefined;
  return form instanceof URLSearchParams ? form : new URLSearchParams();
}
