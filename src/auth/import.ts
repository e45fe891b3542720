import { AuthError } from '../errors.ts';
import { type Credentials, type FoundSignIn, readClientFile, readSignIn } from '../formats/read.ts';
import { ALSO_READ, FORMATS } from '../formats/write.ts';
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
  const runtime = createRuntime(runtimeOptions);
  const target: Target = { runtime, name: runtime.profileName(options.profile), options };
  const own = wholeProfile(content);
  if (own?.tokens !== undefined) return importOwn(target, own, own.tokens);
  const found = readSignIn(content, { entry: options.entry });
  const { accessToken, refreshToken } = found.credentials;
  const isSignIn = accessToken !== undefined || refreshToken !== undefined;
  return isSignIn ? importSignIn(target, found) : importRegistration(target, content);
}

interface Target {
  readonly runtime: Runtime;
  readonly name: string;
  readonly options: ImportOptions;
}

/** Stores what `make` makes of the profile that is there. */
async function store(
  { runtime, name, options: { signal } }: Target,
  format: string,
  make: (current: Profile | undefined) => Profile | Promise<Profile>,
): Promise<ImportedStatus> {
  await using locked = await runtime.store.lock(name, { signal });
  const profile = await make(locked.current);
  await locked.commit(profile);
  const log = await runtime.openLog();
  log.info({ event: 'import', profile: name, provider: profile.provider, format }, 'Imported');
  return { ...storedStatus(runtime, name, profile), format, notices: [] };
}

/** A profile as this program writes it; `undefined` for anything else, of which tokens can still be read. */
function wholeProfile(content: string | Uint8Array): Profile | undefined {
  try {
    return decodeProfile(Buffer.from(content), 'the file', assertPrintable);
  } catch {
    return undefined;
  }
}

/** @throws for a text with what a terminal would act on: of such a file, only what passes the checks of foreign ones is taken */
function assertPrintable(_name: string, value: unknown): unknown {
  if (typeof value === 'string' && printable(value) !== value) throw new TypeError('not printable');
  return value;
}

/** Stores a profile whole: its provider, sandbox or issuer stay what they are. */
function importOwn(target: Target, own: Profile, tokens: Tokens): Promise<ImportedStatus> {
  return store(target, 'a profile of fitbit-login', (current) => {
    assertReplaceable(target, current, tokens);
    return { ...withoutLocalFields(own), keep: current?.keep };
  });
}

async function importSignIn(target: Target, { title, credentials, notices }: FoundSignIn): Promise<ImportedStatus> {
  const { runtime, name, options } = target;
  const client = clientFor(credentials, resolveClient(options, runtime.environment, await runtime.store.read(name)));
  const provider = providerFor(credentials, client.id, options.sandbox);
  if (credentials.refreshToken !== undefined) assertHasSecret(provider, client);
  const status = await store(target, title, async (current) => {
    assertReplaceable(target, current, credentials);
    const tokens =
      tokensOf(credentials, provider, runtime.now()) ?? (await refreshed(credentials, client, provider, runtime));
    const isSame = tokens.refreshToken?.equals(current?.tokens?.refreshToken) ?? false;
    return {
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
  });
  if (status.refreshable) return { ...status, notices };
  const expiry = status.expiresAt ? `it expires at ${status.expiresAt.toISOString()}` : 'nothing says when it expires';
  const last = `There is no refresh token in the file, so the access token cannot be renewed; ${expiry}.`;
  return { ...status, notices: [...notices, last] };
}

/**
 * Stores an app registration alone, so that the next sign-in needs none. A sign-in with the same app stays, with the secret
 * that the file has.
 */
async function importRegistration(target: Target, content: string | Uint8Array): Promise<ImportedStatus> {
  const { id, secret, clientType } = readClientFile(content);
  if (id === undefined || clientType === undefined) throw noTokensInFile();
  const provider = googleHealth(target.options.sandbox);
  const client = { id, secret };
  assertHasSecret(provider, client);
  const redirectUris = registeredUris(content) ?? provider.defaultRedirectUris;
  return store(target, 'a client file of a Google app', (current) => {
    const same = current?.client.id === id ? current : undefined;
    if (current?.tokens !== undefined && same === undefined) throw hasAnotherApp(target.name);
    return {
      provider: provider.id,
      requestedScopes: provider.defaultScopes,
      sandbox: provider.sandbox,
      keep: current?.keep,
      extra: current?.extra,
      ...same,
      client,
      redirectUris,
    };
  });
}

function clientFor({ clientId, clientSecret }: Credentials, given: Client | undefined): Client {
  const id = clientId ?? given?.id;
  if (id === undefined) throw noClientIdInFile();
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

/** @throws AuthError `USAGE` where the profile holds other tokens, and none are to be replaced */
function assertReplaceable(
  { name, options: { replace = false } }: Target,
  current: Profile | undefined,
  credentials: Credentials,
): void {
  if (current?.tokens === undefined || replace) return;
  const { accessToken, refreshToken } = current.tokens;
  const isSame =
    refreshToken === undefined
      ? accessToken.equals(credentials.accessToken)
      : refreshToken.equals(credentials.refreshToken);
  if (!isSame) throw hasOtherTokens(name);
}

/** Tokens as they are stored; `undefined` without an access token. What the file does not say is read from the token. */
function tokensOf(credentials: Credentials, provider: Provider, now: Date): Tokens | undefined {
  const { accessToken, refreshToken, refreshExpiresAt, tokenType = 'Bearer' } = credentials;
  if (accessToken === undefined) return undefined;
  const claims = provider.readAccessToken?.(accessToken.reveal()) ?? {};
  const longestHours = provider.id === 'fitbit' ? 8 : 1;
  const longest = new Date(now.getTime() + longestHours * 3_600_000);
  const known = credentials.expiresAt ?? claims.expiresAt;
  return {
    accessToken,
    refreshToken,
    tokenType,
    scopes: credentials.scopes ?? claims.scopes ?? [],
    userId: credentials.userId ?? claims.userId,
    obtainedAt: earlier(credentials.obtainedAt ?? claims.issuedAt ?? now, now),
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
  { server }: Provider,
  { fetch, now }: Runtime,
): Promise<Tokens> {
  if (refreshToken === undefined) throw new AuthError('UNEXPECTED', 'There is no token to store.');
  const response = await refreshTokens(server, client, refreshToken, { fetch, now: now() });
  return {
    ...response,
    refreshToken: response.refreshToken ?? refreshToken,
    scopes: response.scopes ?? scopes,
    userId: response.userId ?? userId,
    refreshExpiresAt: response.refreshExpiresAt ?? refreshExpiresAt,
  };
}
