import { AuthError } from '../errors.ts';
import { type Credentials, type FoundClient, readClientFile, readSignIn } from '../formats/read.ts';
import { ALSO_READ, FORMATS, OWN_FORMAT } from '../formats/write.ts';
import { hasAnotherApp, hasOtherTokens, noClientIdInFile, noTokensInFile, otherClientIdOfTokens } from '../messages.ts';
import { refreshTokens } from '../oauth/token-endpoint.ts';
import { FITBIT_CLIENT_ID, fitbit } from '../providers/fitbit.ts';
import { GOOGLE_CLIENT_ID, googleHealth } from '../providers/google-health.ts';
import type { Provider } from '../providers/provider.ts';
import { printable } from '../secret.ts';
import { decodeProfile } from '../store/codec.ts';
import type { Client, Profile, Tokens } from '../store/profile.ts';
import { assertHasSecret, type RegistrationOptions, registeredUris, resolveClient } from './client.ts';
import { withoutLocalFields } from './export.ts';
import { assertContent, assertOptions } from './options.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { type Status, storedStatus } from './status.ts';
import { tokensFrom } from './tokens.ts';

/** What `importProfile` reads, for people. */
export const IMPORT_FORMATS: readonly string[] = [...FORMATS.map(({ title }) => title), ...ALSO_READ];

export interface ImportOptions extends Omit<RegistrationOptions, 'provider'> {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** Whether other tokens that the profile holds are replaced. Default `false`. */
  readonly replace?: boolean;
  /** Which sign-in, of a file that holds several: its name or number. */
  readonly entry?: string;
  /** The origin of the sandbox that the tokens are from. */
  readonly sandbox?: string;
  readonly signal?: AbortSignal;
}

export interface ImportedStatus extends Status {
  /** What the content was read as, for people. */
  readonly format: string;
  /** What the person should know: what could not be read, and when tokens without a refresh token expire. Sentences. */
  readonly notices: readonly string[];
}

/**
 * Stores the tokens of another program's file, recognised by its content; of a client file that Google lets people
 * download, the app registration alone.
 *
 * @param content the file's text, or its bytes where it may be UTF-16
 * @throws AuthError `USAGE` for content without a sign-in, with several, or with values that cannot be what they should be,
 *   and where the profile holds other tokens: nothing is changed then
 */
export async function importProfile(
  content: string | Uint8Array,
  options: ImportOptions = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<ImportedStatus> {
  assertOptions('importProfile', options);
  assertContent(content);
  const { sandbox, entry } = options;
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(options.profile);
  const own = wholeProfile(content);
  if (own?.tokens !== undefined) {
    const stored = await importOwn(name, { ...own, tokens: own.tokens }, options, runtime);
    return { ...storedStatus(runtime, name, stored), format: 'a profile of fitbit-login', notices: [] };
  }
  const { title: format, credentials, notices } = readSignIn(content, { entry });
  if (credentials.accessToken === undefined && credentials.refreshToken === undefined) {
    const stored = await importRegistration(name, content, options, runtime);
    return { ...storedStatus(runtime, name, stored), format: 'a client file of a Google app', notices: [] };
  }
  const client = clientFor(credentials, resolveClient(options, runtime.environment, await runtime.store.read(name)));
  const provider = providerFor(credentials, client.id, sandbox);
  if (credentials.refreshToken !== undefined) assertHasSecret(provider, client);
  const profile = await store({ name, credentials, client, provider, format, options }, runtime);
  const { refreshToken, expiresAt } = profile.tokens ?? {};
  const expiry = expiresAt === undefined ? 'nothing says when it expires' : `it expires at ${expiresAt.toISOString()}`;
  const last = `There is no refresh token in the file, so the access token cannot be renewed; ${expiry}.`;
  return {
    ...storedStatus(runtime, name, profile),
    format,
    notices: refreshToken === undefined ? [...notices, last] : notices,
  };
}

/** A profile as this program writes it; `undefined` for anything else, of which tokens can still be read. */
function wholeProfile(content: string | Uint8Array): Profile | undefined {
  const bytes = Buffer.from(content);
  try {
    JSON.parse(bytes.toString(), (_name, value) => assertPrintable(value));
    return decodeProfile(bytes, 'the file');
  } catch {
    return undefined;
  }
}

/** @throws for a text with what a terminal would act on: of such a file, only what passes the checks of foreign ones is taken */
function assertPrintable(value: unknown): unknown {
  if (typeof value === 'string' && printable(value) !== value) throw new TypeError('not printable');
  return value;
}

/** Stores a profile whole: its provider, sandbox or issuer stay what they are. */
async function importOwn(
  name: string,
  own: Profile & { readonly tokens: Tokens },
  { replace = false, signal }: ImportOptions,
  runtime: Runtime,
): Promise<Profile> {
  await using locked = await runtime.store.lock(name, { signal });
  const { current } = locked;
  if (current?.tokens !== undefined && !replace && !holdsTheSame(current.tokens, own.tokens))
    throw hasOtherTokens(name);
  const profile: Profile = { ...withoutLocalFields(own), keep: current?.keep };
  await locked.commit(profile);
  const log = await runtime.openLog();
  log.info({ event: 'import', profile: name, provider: profile.provider, format: OWN_FORMAT }, 'Imported');
  return profile;
}

interface Import {
  /** The profile's name. */
  readonly name: string;
  readonly credentials: Credentials;
  readonly client: Client;
  readonly provider: Provider;
  readonly format: string;
  readonly options: ImportOptions;
}

async function store(
  { name, credentials, client, provider, format, options: { replace = false, signal } }: Import,
  runtime: Runtime,
): Promise<Profile> {
  await using locked = await runtime.store.lock(name, { signal });
  const { current } = locked;
  if (current?.tokens !== undefined && !replace && !holdsTheSame(current.tokens, credentials)) {
    throw hasOtherTokens(name);
  }
  const tokens =
    tokensOf(credentials, provider, runtime.now()) ?? (await refreshed(credentials, client, provider, runtime));
  const isSame = tokens.refreshToken?.equals(current?.tokens?.refreshToken) ?? false;
  const profile: Profile = {
    provider: provider.id,
    sandbox: provider.sandbox,
    client,
    redirectUris: current?.client.id === client.id ? current.redirectUris : provider.defaultRedirectUris,
    requestedScopes: tokens.scopes,
    tokens,
    keep: current?.keep,
    extra: current?.extra,
    // A refresh of this very token that was cut off is still to be repeated.
    refreshStartedAt: isSame ? current?.refreshStartedAt : undefined,
  };
  await locked.commit(profile);
  const log = await runtime.openLog();
  log.info({ event: 'import', profile: name, provider: provider.id, format }, 'Imported');
  return profile;
}

function clientFor({ clientId, clientSecret }: Credentials, given: Client | undefined): Client {
  const id = clientId ?? given?.id;
  if (id === undefined) {
    throw noClientIdInFile();
  }
  return { id, secret: clientSecret ?? (given?.id === id ? given.secret : undefined) };
}

/** The client ID decides; what the file and its tokens show only keeps tokens from going to the other provider. */
function providerFor({ provider }: Credentials, clientId: string, sandbox: string | undefined): Provider {
  const isGoogle = GOOGLE_CLIENT_ID.test(clientId);
  if (provider === 'google-health' && !isGoogle) throw otherClientIdOfTokens(true);
  if (isGoogle) return googleHealth(sandbox);
  if (sandbox !== undefined || FITBIT_CLIENT_ID.test(clientId)) return fitbit(sandbox);
  throw otherClientIdOfTokens(false);
}

function holdsTheSame({ accessToken, refreshToken }: Tokens, credentials: Credentials): boolean {
  return refreshToken === undefined
    ? accessToken.equals(credentials.accessToken)
    : refreshToken.equals(credentials.refreshToken);
}

/** How long a provider's access tokens live at most, in milliseconds. */
const LIFETIME_MS = { fitbit: 8 * 3_600_000, 'google-health': 3_600_000 } as const;

/** Tokens as they are stored; `undefined` without an access token. What the file does not say is read from the token. */
function tokensOf(credentials: Credentials, provider: Provider, now: Date): Tokens | undefined {
  const { accessToken, refreshToken, refreshExpiresAt, tokenType = 'Bearer' } = credentials;
  if (accessToken === undefined) return undefined;
  const claims = provider.readAccessToken?.(accessToken.reveal()) ?? {};
  const obtainedAt = earlier(credentials.obtainedAt ?? claims.issuedAt ?? now, now);
  const longest = new Date(now.getTime() + LIFETIME_MS[provider.id === 'fitbit' ? 'fitbit' : 'google-health']);
  const known = credentials.expiresAt ?? claims.expiresAt;
  return {
    accessToken,
    refreshToken,
    tokenType,
    scopes: credentials.scopes ?? claims.scopes ?? [],
    userId: credentials.userId ?? claims.userId,
    obtainedAt,
    // Unknown: it is refreshed at its next use, if it can be.
    expiresAt: known === undefined ? refreshToken && now : earlier(known, claims.expiresAt ?? longest),
    refreshExpiresAt,
  };
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

/** A file with a refresh token alone: it is used once, to have an access token to store beside it. */
async function refreshed(
  { refreshToken, scopes = [], userId, refreshExpiresAt }: Credentials,
  client: Client,
  provider: Provider,
  runtime: Runtime,
): Promise<Tokens> {
  if (refreshToken === undefined) throw new AuthError('UNEXPECTED', 'There is no token to store.');
  const obtainedAt = runtime.now();
  const response = await refreshTokens(provider.server, client, refreshToken, {
    fetch: runtime.fetch,
    now: obtainedAt,
  });
  const tokens = tokensFrom(response, { obtainedAt, requestedScopes: scopes });
  return {
    ...tokens,
    refreshToken: tokens.refreshToken ?? refreshToken,
    userId: tokens.userId ?? userId,
    refreshExpiresAt: tokens.refreshExpiresAt ?? refreshExpiresAt,
  };
}

/**
 * Stores an app registration alone, so that the next sign-in needs none. A sign-in with the same app stays, with the secret
 * that the file has.
 */
async function importRegistration(
  name: string,
  content: string | Uint8Array,
  { sandbox, signal }: ImportOptions,
  runtime: Runtime,
): Promise<Profile> {
  const { id, secret, clientType }: FoundClient = readClientFile(content);
  if (id === undefined || clientType === undefined) {
    throw noTokensInFile();
  }
  const provider = googleHealth(sandbox);
  const client = { id, secret };
  assertHasSecret(provider, client);
  const redirectUris = registeredUris(content) ?? provider.defaultRedirectUris;
  await using locked = await runtime.store.lock(name, { signal });
  const { current } = locked;
  const same = current?.client.id === id ? current : undefined;
  if (current?.tokens !== undefined && same === undefined) {
    throw hasAnotherApp(name);
  }
  const profile: Profile = {
    provider: provider.id,
    requestedScopes: provider.defaultScopes,
    sandbox: provider.sandbox,
    keep: current?.keep,
    extra: current?.extra,
    ...same,
    client,
    redirectUris,
  };
  await locked.commit(profile);
  const log = await runtime.openLog();
  log.info({ event: 'import', profile: name, provider: provider.id, format: 'client-file' }, 'Imported');
  return profile;
}
