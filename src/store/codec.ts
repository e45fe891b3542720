import { isAbsolute } from 'node:path';
import * as v from 'valibot';
import { corruptProfile, newerProfile } from '../messages.ts';
import { Secret } from '../secret.ts';
import type { Profile, Tokens } from './profile.ts';

const FILE_VERSION = 1;

// Every message says what should be there and never what is: the wrong value may be a secret.
const text = v.pipe(v.string('must be a string'), v.nonEmpty('is empty'));
const toSecret = (value: string) => new Secret(value);
const secret = v.pipe(text, v.transform(toSecret));
const words = v.pipe(
  v.string('must be a string'),
  v.transform((value) => value.split(' ').filter((word) => word !== '')),
);

const ISO_TIME = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const NOT_A_TIME = 'is not a time such as 2026-01-31T12:00:00.000Z';
const time = v.pipe(
  v.string(NOT_A_TIME),
  v.regex(ISO_TIME, NOT_A_TIME),
  v.transform((value) => new Date(value)),
  v.check((date) => !Number.isNaN(date.getTime()), NOT_A_TIME),
);

// What plays the provider is trusted with codes and tokens over plain http: it must be on this machine.
const LOOPBACK_ORIGIN = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;
const sandboxOrigin = v.pipe(
  v.string('must be a string'),
  v.check((value) => LOOPBACK_ORIGIN.test(value) && URL.canParse(value), 'is not an http origin on loopback'),
);

// Strict: a field in here has nowhere to be kept, and must not be lost in silence.
const keptExport = v.strictObject(
  { format: text, path: v.pipe(text, v.check(isAbsolute, 'is not an absolute path')) },
  'is not an object of a format and a path',
);

/** What there can be only with an access token. */
const TOKEN_FIELDS = {
  refresh_token: v.optional(secret),
  token_type: v.optional(text),
  scope: v.optional(words),
  user_id: v.optional(text),
  legacy_user_id: v.optional(text),
  email: v.optional(text),
  sub: v.optional(text),
  signed_in_at: v.optional(time),
  obtained_at: v.optional(time),
  expires_at: v.optional(time),
  refresh_expires_at: v.optional(time),
};

const FIELDS = {
  version: v.literal(FILE_VERSION),
  provider: v.picklist(['fitbit', 'google-health', 'custom'], 'is not a provider that this version knows'),
  issuer: v.optional(text),
  sandbox: v.optional(sandboxOrigin),
  client_id: text,
  client_secret: v.optional(secret),
  redirect_uris: v.array(text, 'is not a list'),
  requested_scope: words,
  no_email: v.optional(v.boolean('is not true or false')),
  login_hint: v.optional(text),
  access_token: v.optional(secret),
  ...TOKEN_FIELDS,
  refresh_started_at: v.optional(time),
  grant_ended_at: v.optional(time),
  grant_ended_reason: v.optional(text),
  keep: v.optional(v.array(keptExport, 'is not a list')),
  notified: v.optional(v.array(text, 'is not a list')),
};

const FILE = v.object({
  ...FIELDS,
  pending_login: v.optional(
    v.strictObject(
      {
        state: secret,
        code_verifier: secret,
        nonce: v.optional(secret),
        redirect_uri: text,
        begun_at: time,
        expires_at: time,
        profile: v.object(FIELDS),
      },
      'is not a pending login',
    ),
  ),
});

type File = v.InferOutput<typeof FILE>;

/**
 * The profile that a file holds.
 * @param path Only named in errors.
 * @param reviver As of `JSON.parse`. What it throws makes the file one that is not JSON.
 * @throws AuthError `STORE_DAMAGED`, with the first field that is wrong and never a value; `STORE_VERSION`.
 */
export function decodeProfile(bytes: Uint8Array, path: string, reviver?: Reviver): Profile {
  const fields = parseObject(bytes, path, reviver);
  if (typeof fields.version === 'number' && fields.version !== FILE_VERSION) throw newerProfile(path);
  const parsed = v.safeParse(FILE, fields, { abortEarly: true });
  if (!parsed.success) throw corruptProfile(path, describe(parsed.issues[0]));
  const { pending_login: pending, ...file } = parsed.output;
  // Entries and fromEntries see and make own fields only, so that one named `__proto__` stays a plain field.
  const unknown = Object.entries(fields).filter(([name]) => !Object.hasOwn(FILE.entries, name));
  return {
    ...profileOf(file, path),
    pendingLogin: pending && {
      state: pending.state,
      verifier: pending.code_verifier,
      nonce: pending.nonce,
      redirectUri: pending.redirect_uri,
      begunAt: pending.begun_at,
      expiresAt: pending.expires_at,
      profile: profileOf(pending.profile, path),
    },
    extra: unknown.length > 0 ? Object.fromEntries(unknown) : undefined,
  };
}

type Fields = Omit<File, 'pending_login'>;

function profileOf(file: Fields, path: string): Profile {
  return {
    provider: file.provider,
    client: { id: file.client_id, secret: file.client_secret },
    redirectUris: file.redirect_uris,
    requestedScopes: file.requested_scope,
    withoutEmail: file.no_email,
    issuer: file.issuer,
    sandbox: file.sandbox,
    loginHint: file.login_hint,
    tokens: tokensOf(file, path),
    refreshStartedAt: file.refresh_started_at,
    ...grantEndOf(file),
    keep: file.keep,
    notified: file.notified,
  };
}

/** The text of the file for `profile`: flat, with the wire's names, for people who read it with `jq`. */
export function encodeProfile(profile: Profile): string {
  const known = fieldsOf(profile);
  const unknown = Object.entries(profile.extra ?? {}).filter(([name]) => !Object.hasOwn(known, name));
  return `${JSON.stringify({ ...known, ...Object.fromEntries(unknown) }, null, 2)}\n`;
}

function fieldsOf(profile: Profile): Readonly<Record<keyof File, unknown>> {
  const { client, tokens, pendingLogin: pending } = profile;
  return {
    version: FILE_VERSION,
    provider: profile.provider,
    issuer: profile.issuer,
    sandbox: profile.sandbox,
    client_id: client.id,
    client_secret: client.secret?.reveal(),
    redirect_uris: profile.redirectUris,
    requested_scope: profile.requestedScopes.join(' '),
    no_email: profile.withoutEmail,
    login_hint: profile.loginHint,
    access_token: tokens?.accessToken.reveal(),
    refresh_token: tokens?.refreshToken?.reveal(),
    token_type: tokens?.tokenType,
    scope: tokens?.scopes.join(' '),
    user_id: tokens?.userId,
    legacy_user_id: tokens?.legacyUserId,
    email: tokens?.email,
    sub: tokens?.subject,
    signed_in_at: tokens?.signedInAt?.toISOString(),
    obtained_at: tokens?.obtainedAt.toISOString(),
    expires_at: tokens?.expiresAt?.toISOString(),
    refresh_expires_at: tokens?.refreshExpiresAt?.toISOString(),
    refresh_started_at: profile.refreshStartedAt?.toISOString(),
    grant_ended_at: profile.grantEndedAt?.toISOString(),
    grant_ended_reason: profile.grantEndedReason,
    keep: profile.keep,
    notified: profile.notified,
    pending_login: pending && {
      state: pending.state.reveal(),
      code_verifier: pending.verifier.reveal(),
      nonce: pending.nonce?.reveal(),
      redirect_uri: pending.redirectUri,
      begun_at: pending.begunAt.toISOString(),
      expires_at: pending.expiresAt.toISOString(),
      profile: fieldsOf(pending.profile),
    },
  };
}

type Reviver = Parameters<typeof JSON.parse>[1];

function parseObject(bytes: Uint8Array, path: string, reviver: Reviver): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), reviver);
  } catch {
    // Not kept as the cause: V8's message quotes the text, which holds tokens.
    throw corruptProfile(path, 'not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw corruptProfile(path, 'not an object');
  return Object.fromEntries(Object.entries(value));
}

function tokensOf(file: Fields, path: string): Tokens | undefined {
  const { access_token, token_type, scope, obtained_at } = file;
  if (access_token === undefined) {
    const unexpected = Object.keys(file).find((name) => Object.hasOwn(TOKEN_FIELDS, name));
    if (unexpected !== undefined) throw corruptProfile(path, `access_token is missing although ${unexpected} is there`);
    return undefined;
  }
  if (token_type === undefined) throw corruptProfile(path, 'token_type is missing');
  if (scope === undefined) throw corruptProfile(path, 'scope is missing');
  if (obtained_at === undefined) throw corruptProfile(path, 'obtained_at is missing');
  return {
    accessToken: access_token,
    tokenType: token_type,
    scopes: scope,
    obtainedAt: obtained_at,
    refreshToken: file.refresh_token,
    userId: file.user_id,
    legacyUserId: file.legacy_user_id,
    email: file.email,
    subject: file.sub,
    signedInAt: file.signed_in_at,
    expiresAt: file.expires_at,
    refreshExpiresAt: file.refresh_expires_at,
  };
}

/** Version 0.1.0 does not know these fields and preserves them: tokens that it got later prove that the grant lives. */
function grantEndOf({ grant_ended_at, grant_ended_reason, obtained_at }: Fields) {
  if (grant_ended_at === undefined || (obtained_at !== undefined && obtained_at > grant_ended_at)) return {};
  return { grantEndedAt: grant_ended_at, grantEndedReason: grant_ended_reason };
}

/** Names the field by its top-level name: deeper names are the file's own words. */
function describe(issue: v.BaseIssue<unknown>): string {
  const field = String(issue.path?.[0]?.key ?? 'the object');
  const what = issue.input === undefined ? 'is missing' : field === 'version' ? 'is not a number' : issue.message;
  return `${field} ${issue.path !== undefined && issue.path.length > 1 ? `has an entry that ${what}` : what}`;
}
