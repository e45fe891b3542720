import * as v from 'valibot';
import type { ErrorCode } from '../errors.ts';
import type { Refusal, RefusalContext, StandardError } from '../oauth/server.ts';

/** The page on which a Google account gets a Health profile. */
const SIGN_UP = 'https://fitbit.google.com/auth/signup';
const CONNECTIONS = 'https://myaccount.google.com/connections';
const API_LIBRARY = 'https://console.cloud.google.com/apis/library/health.googleapis.com';
const CLIENTS = 'https://console.cloud.google.com/auth/clients';
const SIGN_IN = 'sign in again with `fitbit-login login`';

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

/** One way in which Google refuses. */
interface Row {
  readonly matches: (said: Said) => boolean;
  readonly code: ErrorCode;
  readonly means: string;
  readonly cure: (said: Said) => string;
}

const withReason = (reason: string) => (said: Said) => said.reason === reason;
const withError =
  (...errors: readonly string[]) =>
  (said: Said) =>
    errors.includes(said.error);

/** Of the Health API, to a token that is good. */
const API_ROWS: readonly Row[] = [
  {
    matches: withReason('ACCOUNT_NOT_LINKED'),
    code: 'ACCOUNT_UNREADABLE',
    means: 'This Google account has no Health profile yet.',
    cure: ({ metadata }) =>
      `If it is the wrong account, run \`fitbit-login login\` again and choose another. Otherwise open ${addressIn(metadata)} and create the profile.`,
  },
  {
    matches: ({ status }) => status === 412,
    code: 'ACCOUNT_UNREADABLE',
    means: 'The Google Health app was never set up for this account.',
    cure: () => 'Set it up on the phone, then run the command again.',
  },
  {
    matches: withReason('RESOURCE_PERMISSION_DENIED'),
    code: 'ACCOUNT_UNREADABLE',
    means: "Google's record of this consent is broken, so it refuses every request.",
    cure: () => `Remove the app at ${CONNECTIONS}, then ${SIGN_IN}.`,
  },
  {
    matches: ({ status, message }) => status === 403 && message.includes('Could not mint UberMint from GaiaMint'),
    code: 'ACCOUNT_UNREADABLE',
    means: 'This is still a legacy Fitbit account; those stopped working on 2026-05-19.',
    cure: () => 'Move it to Google in the Google Health app, then run the command again.',
  },
  {
    matches: withReason('SERVICE_DISABLED'),
    code: 'CLIENT_REJECTED',
    means: "The Google Health API isn't enabled in the project of this app.",
    cure: ({ metadata }) => `Enable it at ${API_LIBRARY}${projectIn(metadata)}, then run the command again.`,
  },
  {
    matches: withReason('ACCESS_TOKEN_SCOPE_INSUFFICIENT'),
    code: 'SCOPE_MISSING',
    means: 'This sign-in lacks the scope.',
    cure: () => `Allow a scope that ends in .readonly: ${SIGN_IN} and tick it.`,
  },
];

/** Of the token endpoint. */
const TOKEN_ROWS: readonly Row[] = [
  {
    matches: ({ error, message, secretSent }) =>
      (error === 'invalid_client' && !secretSent) ||
      (error === 'invalid_request' && message.includes('client_secret is missing')),
    code: 'CLIENT_REJECTED',
    means: 'Google clients need their client secret, Desktop apps included.',
    cure: () => 'Pass its JSON file: `fitbit-login login --client-secret-file FILE`.',
  },
  {
    matches: withError('deleted_client'),
    code: 'CLIENT_REJECTED',
    means: 'This OAuth client was deleted. Google deletes clients that are unused for six months.',
    cure: () => `Restore it at ${CLIENTS} (within 30 days), or create a new one and sign in with its file.`,
  },
  {
    matches: withError('disabled_client'),
    code: 'CLIENT_REJECTED',
    means: 'This OAuth client is disabled.',
    cure: () => `Enable it at ${CLIENTS}, or create a new one and sign in with its file.`,
  },
  {
    matches: withReason('invalid_rapt'),
    code: 'GRANT_DEAD',
    means: "This account's organization requires signing in again from time to time.",
    cure: () => `Please ${SIGN_IN}. Its administrator decides how often.`,
  },
  {
    matches: withError('admin_policy_enforced'),
    code: 'ACCOUNT_NOT_ALLOWED',
    means: "This account's organization doesn't allow this app.",
    cure: () => "Sign in with another account: `fitbit-login login`. Workspace accounts can't hold Fitbit data.",
  },
  {
    matches: withError('org_internal'),
    code: 'ACCOUNT_NOT_ALLOWED',
    means: 'This app is only for accounts of its own organization.',
    cure: () =>
      'Sign in with another account: `fitbit-login login`. Or make the audience External: https://console.cloud.google.com/auth/audience',
  },
  {
    matches: withError('access_denied'),
    code: 'ACCOUNT_NOT_ALLOWED',
    means: "This account can't be used with this app: it is supervised, or its organization forbids it.",
    cure: () => 'Sign in with another account: `fitbit-login login`.',
  },
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
  const row = rows.find(({ matches }) => matches(said));
  return row && { code: row.code, message: row.means, hint: row.cure(said) };
}

/** A URL from a response, normalised so that no terminal acts on it. */
function addressIn({ redirect_uri: given }: Said['metadata']): string {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  return url?.protocol === 'https:' ? url.href : SIGN_UP;
}

function projectIn({ consumer }: Said['metadata']): string {
  const [, project] = typeof consumer === 'string' ? (/^projects\/([\w:.-]+)$/.exec(consumer) ?? []) : [];
  return project === undefined ? '' : `?project=${project}`;
}
