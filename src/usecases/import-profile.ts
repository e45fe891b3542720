import type { Runtime } from '../auth/runtime.ts';
import { tokensFrom } from '../auth/tokens.ts';
import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import type { Credentials } from '../formats/credentials.ts';
import { type Format, recognise } from '../formats/formats.ts';
import { refreshTokens } from '../oauth/token-endpoint.ts';
import type { Provider } from '../providers/provider.ts';
import type { Client, Profile, Tokens } from '../store/profile.ts';

export interface ImportRequest {
  /** The profile's name. */
  readonly name: string;
  readonly content: string;
  /** The app, for files that do not hold it. */
  readonly client?: Client;
  /** Whether tokens that the profile holds already are replaced. */
  readonly replace: boolean;
  readonly provider: (credentials: Credentials, clientId: string) => Provider;
  readonly signal?: AbortSignal;
}

export interface Imported {
  readonly format: Format;
  readonly profile: Profile;
}

/**
 * Stores the tokens of another program's file, recognised by its content.
 *
 * @throws AuthError `USAGE` for content that is not recognised, that lacks tokens or a client id, or where the profile
 *   holds other tokens and `replace` is not given: nothing is changed then.
 */
export async function importProfile(request: ImportRequest, runtime: Runtime): Promise<Imported> {
  const { name, content, replace, signal } = request;
  const { format, credentials } = recognise(content);
  const client = clientOf(credentials, request.client);
  if (credentials.accessToken === undefined && credentials.refreshToken === undefined) {
    throw new AuthError('USAGE', `This is ${format.title}, but there are no tokens in it.`, {
      hint: 'To sign in with the app that it names: `fitbit-login login --client-secret-file FILE`.',
    });
  }
  const provider = request.provider(credentials, client.id);
  await using locked = await runtime.store.lock(name, { signal });
  const { current } = locked;
  if (current?.tokens !== undefined && !replace && !holdsTheSame(current.tokens, credentials)) {
    throw new AuthError('USAGE', `The profile “${name}” holds other tokens already.`, {
      preserved: 'They are untouched, and nothing was imported.',
      hint: 'Give `--replace` to put these in their place, or `--profile NAME` to keep both.',
    });
  }
  const tokens =
    tokensOf(credentials, provider, runtime.now()) ?? (await refreshed(credentials, client, provider, runtime));
  const next: Profile = {
    provider: provider.id,
    ...defined({ sandbox: provider.sandbox }),
    client,
    redirectUris: current?.client.id === client.id ? current.redirectUris : provider.defaultRedirectUris,
    requestedScopes: tokens.scopes,
    tokens,
    ...defined({ keep: current?.keep, extra: current?.extra }),
    // A refresh of this very token that was cut off is still to be asked for again.
    ...defined({
      refreshStartedAt: tokens.refreshToken?.equals(current?.tokens?.refreshToken)
        ? current?.refreshStartedAt
        : undefined,
    }),
  };
  await locked.commit(next);
  (await runtime.openLog()).info(
    { event: 'import', profile: name, provider: provider.id, format: format.id },
    'Imported',
  );
  return { format, profile: next };
}

function clientOf({ clientId, clientSecret }: Credentials, given: Client | undefined): Client {
  const id = clientId ?? given?.id;
  if (id === undefined) {
    throw new AuthError('USAGE', 'The file does not say which app its tokens belong to.', {
      hint: 'Give the app’s id with `--client-id` or FITBIT_CLIENT_ID, and its secret, if it has one, with `--client-secret-file` or FITBIT_CLIENT_SECRET.',
    });
  }
  const secret = clientSecret ?? (given?.id === id ? given?.secret : undefined);
  return { id, ...defined({ secret }) };
}

function holdsTheSame({ accessToken, refreshToken }: Tokens, credentials: Credentials): boolean {
  return refreshToken === undefined
    ? accessToken.equals(credentials.accessToken)
    : refreshToken.equals(credentials.refreshToken);
}

/** Tokens as they are stored; `undefined` without an access token. What the file does not say is read from the token, and an end that nobody tells is now. */
function tokensOf(credentials: Credentials, provider: Provider, now: Date): Tokens | undefined {
  const { accessToken, refreshToken, tokenType = 'Bearer' } = credentials;
  if (accessToken === undefined) return undefined;
  const claims = provider.readAccessToken?.(accessToken.reveal()) ?? {};
  const userId = credentials.userId ?? claims.userId;
  const obtainedAt = credentials.obtainedAt ?? claims.issuedAt ?? now;
  return {
    accessToken,
    ...defined({ refreshToken }),
    tokenType,
    scopes: credentials.scopes ?? claims.scopes ?? [],
    ...defined({ userId }),
    obtainedAt: obtainedAt > now ? now : obtainedAt,
    expiresAt: credentials.expiresAt ?? claims.expiresAt ?? now,
  };
}

/** A file with a refresh token alone: it is used once, to have an access token to store beside it. */
async function refreshed(
  { refreshToken, scopes = [], userId }: Credentials,
  client: Client,
  provider: Provider,
  runtime: Runtime,
): Promise<Tokens> {
  if (refreshToken === undefined) throw new AuthError('UNEXPECTED', 'There is no token to store.');
  const obtainedAt = runtime.now();
  const answer = await refreshTokens(provider.server, client, refreshToken, { fetch: runtime.fetch });
  const tokens = tokensFrom(answer, { obtainedAt, requestedScopes: scopes });
  return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken, userId: tokens.userId ?? userId };
}
