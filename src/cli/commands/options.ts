import * as v from 'valibot';

/** What the common options parse to; a command's own schema extends it. */
export const commonOptions = {
  profile: v.optional(v.string()),
  json: v.optional(v.boolean(), false),
};
