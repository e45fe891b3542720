import * as v from 'valibot';
import { defined } from '../defined.ts';
import type { StandardError } from '../oauth/server.ts';

/** The page on which a Google account gets a Health profile. */
export const SIGN_UP = 'https://fitbit.google.com/auth/signup';

/** google.rpc.Status as JSON, which is how every Google API refuses; the reason is in its ErrorInfo. */
const Refusal = v.object({
  error: v.object({
    status: v.optional(v.string(), 'UNKNOWN'),
    message: v.optional(v.string()),
    details: v.optional(
      v.array(
        v.looseObject({
          reason: v.optional(v.string()),
          metadata: v.optional(v.looseObject({ redirect_uri: v.optional(v.string()) })),
        }),
      ),
      [],
    ),
  }),
});

/** What a good token can be refused for, in RFC 6749's or our own name, and what helps: a new sign-in does not. */
const KNOWN: Readonly<
  Record<string, { readonly error: string; readonly helps: (address: string) => string } | undefined>
> = {
  ACCOUNT_NOT_LINKED: {
    error: 'account_not_linked',
    helps: (address) => `This Google account has no Health profile yet: open ${address} and make one.`,
  },
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: {
    error: 'insufficient_scope',
    helps: () => 'Sign in again and allow a scope that reads, one that ends in .readonly.',
  },
  SERVICE_DISABLED: {
    error: 'service_disabled',
    helps: () =>
      'Switch on the Google Health API for the project of this app: https://console.cloud.google.com/apis/library.',
  },
};

/** The refusal of a Google API in RFC 6749's shape; `undefined` for what is none. */
export function googleRefusal(body: unknown): StandardError | undefined {
  const parsed = v.safeParse(Refusal, body);
  if (!parsed.success) return undefined;
  const { status, message, details } = parsed.output.error;
  const info = details.find(({ reason }) => reason !== undefined && Object.hasOwn(KNOWN, reason));
  const known = KNOWN[info?.reason ?? ''];
  return {
    error: known?.error ?? status,
    ...defined({ error_description: message, hint: known?.helps(addressOr(info?.metadata?.redirect_uri)) }),
  };
}

/** An address out of an answer, written so that no terminal acts on it. */
function addressOr(given: string | undefined): string {
  const url = given !== undefined && URL.canParse(given) ? new URL(given) : undefined;
  return url?.protocol === 'https:' ? url.href : SIGN_UP;
}
