import * as v from 'valibot';
import { GOOGLE_REFUSED, type GoogleRefusal } from '../messages.ts';
import type { Refusal, RefusalContext, StandardError } from '../oauth/server.ts';

/** An error from Google, in either of its two shapes. */
interface Said {
  readonly status: number;
  /** OAuth's `error`, or google.rpc.Status's `status`. */
  readonly error: string;
  readonly message: string;
  /** OAuth's `error_subtype`, or the reason in google.rpc.ErrorInfo. */
  readonly reason?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly secretSent: boolean;
}

/** One way in which Google refuses, and what it means. */
type Row = readonly [matches: (said: Said) => boolean, means: GoogleRefusal | ((said: Said) => GoogleRefusal)];

const withReason = (reason: string) => (said: Said) => said.reason === reason;
const withError =
  (...errors: readonly string[]) =>
  (said: Said) =>
    errors.includes(said.error);

/** Of the Health API, to a token that is good. */
const API_ROWS: readonly Row[] = [
  [withReason('ACCOUNT_NOT_LINKED'), ({ metadata }) => GOOGLE_REFUSED.noHealthProfile(addressIn(metadata))],
  [({ status }) => status === 412, GOOGLE_REFUSED.appNotSetUp],
  [withReason('RESOURCE_PERMISSION_DENIED'), GOOGLE_REFUSED.brokenConsent],
  [
    ({ status, message }) => status === 403 && message.includes('Could not mint UberMint from GaiaMint'),
    GOOGLE_REFUSED.legacyAccount,
  ],
  [withReason('SERVICE_DISABLED'), ({ metadata }) => GOOGLE_REFUSED.apiDisabled(projectIn(metadata))],
  [withReason('ACCESS_TOKEN_SCOPE_INSUFFICIENT'), GOOGLE_REFUSED.scopeMissing],
];

/** Of the token endpoint. */
const TOKEN_ROWS: readonly Row[] = [
  [
    ({ error, message, secretSent }) =>
      (error === 'invalid_client' && !secretSent) ||
      (error === 'invalid_request' && message.includes('client_secret is missing')),
    GOOGLE_REFUSED.noSecret,
  ],
  [withError('deleted_client'), GOOGLE_REFUSED.clientDeleted],
  [withError('disabled_client'), GOOGLE_REFUSED.clientDisabled],
  [withReason('invalid_rapt'), GOOGLE_REFUSED.signInExpired],
  [withError('admin_policy_enforced'), GOOGLE_REFUSED.adminPolicy],
  [withError('org_internal'), GOOGLE_REFUSED.internalApp],
  [withError('access_denied'), GOOGLE_REFUSED.accountNotAllowed],
];

const ApiBody = v.object({
  error: v.object({
    status: v.optional(v.string(), 'UNKNOWN'),
    message: v.optional(v.string(), ''),
    details: v.optional(
      v.array(
        v.looseObject({
          reason: v.optional(v.string()),
          metadata: v.optional(v.record(v.string(), v.unknown()), {}),
        }),
      ),
      [],
    ),
  }),
});
const OAuthBody = v.object({
  error: v.string(),
  error_description: v.optional(v.string(), ''),
  error_subtype: v.optional(v.string()),
});

/** What Google refused, and the cure where it is known; `undefined` for a body that is neither of its two shapes. */
export function googleRefusal(body: unknown, context: RefusalContext): StandardError | undefined {
  const api = v.safeParse(ApiBody, body);
  if (api.success) {
    const { status: error, message, details } = api.output.error;
    const said = (reason?: string, metadata = {}) => ({ ...context, error, message, reason, metadata });
    const candidates = [...details.map(({ reason, metadata }) => said(reason, metadata)), said()];
    const refusal = candidates.map((candidate) => refusalOf(API_ROWS, candidate)).find((found) => found !== undefined);
    return { error, error_description: message || undefined, refusal };
  }
  const oauth = v.safeParse(OAuthBody, body);
  if (!oauth.success) return undefined;
  const { error, error_description: message, error_subtype: reason } = oauth.output;
  const refusal = refusalOf(TOKEN_ROWS, { ...context, error, message, reason, metadata: {} });
  return { error, error_description: message || undefined, refusal };
}

function refusalOf(rows: readonly Row[], said: Said): Refusal | undefined {
  const means = rows.find(([matches]) => matches(said))?.[1];
  if (means === undefined) return undefined;
  const [code, message, hint] = typeof means === 'function' ? means(said) : means;
  return { code, message, hint };
}

/** A URL from a response, normalised so that no terminal acts on it. */
function addressIn({ redirect_uri: given }: Said['metadata']): string | undefined {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  return url?.protocol === 'https:' ? url.href : undefined;
}

function projectIn({ consumer }: Said['metadata']): string {
  const [, project] = typeof consumer === 'string' ? (/^projects\/([\w:.-]+)$/.exec(consumer) ?? []) : [];
  return project === undefined ? '' : `?project=${project}`;
}
