import type { Environment } from '../environment.ts';
import { readClientFile } from '../formats/read.ts';
import { cleanSecret, cleanValue, tidy } from '../formats/values.ts';
import { isLoopbackOrigin } from '../loopback.ts';
import {
  googleSecretMissing,
  noLoopbackUri,
  notASandbox,
  notTogether,
  unknownClientId,
  unknownProvider,
} from '../messages.ts';
import type { ConfirmSites, DiscoveryOptions } from '../oauth/discovery.ts';
import { FITBIT_CLIENT_ID, fitbit } from '../providers/fitbit.ts';
import { generic } from '../providers/generic.ts';
import { GOOGLE_CLIENT_ID, googleHealth } from '../providers/google-health.ts';
import { DEFAULT_REDIRECT_URI, type Provider } from '../providers/provider.ts';
import { Secret } from '../secret.ts';
import type { Client, Profile } from '../store/profile.ts';

export interface RegistrationOptions {
  /** `fitbit`, `google-health`, or the issuer or metadata address of any OAuth 2.0 server. Default: inferred from the client ID. */
  readonly provider?: 'fitbit' | 'google-health' | (string & {});
  /** Default: from `clientFile`, then `FITBIT_CLIENT_ID`, then what the profile signed in with before. */
  readonly clientId?: string;
  /** The secret of an app that has one. Default: from `clientFile`, then `FITBIT_CLIENT_SECRET`, then as before. */
  readonly clientSecret?: string | Secret;
  /** The content of a file with the client secret, and perhaps the client ID: the secret alone, JSON, dotenv, INI or TOML. */
  readonly clientFile?: string | Uint8Array;
  /** Asked where the provider's metadata leads to other sites than its own. Default: such a provider is refused. */
  readonly confirmSites?: ConfirmSites;
}

/**
 * Which app signs in: what was given, else the environment, else what the profile signed in with before. The id and
 * the secret of different sources are never mixed, but for a secret that comes alone.
 *
 * @throws AuthError `USAGE` for a value that cannot be a client ID or a secret, with its source
 * @internal
 */
export function resolveClient(
  options: RegistrationOptions,
  { FITBIT_CLIENT_ID, FITBIT_CLIENT_SECRET }: Environment,
  stored: Profile | undefined,
): Client | undefined {
  const { provider, clientId, clientSecret, clientFile } = options;
  // A server of its own may make secrets of any characters.
  const values = { anyPrintable: provider === undefined ? stored?.provider === 'custom' : URL.canParse(provider) };
  const file = clientFile === undefined ? undefined : readClientFile(clientFile, values);
  const given = clientId === undefined ? file?.id : cleanValue('client ID', clientId, 'given with --client-id');
  const ofEnvironment = FITBIT_CLIENT_ID ? tidy(FITBIT_CLIENT_ID) : undefined;
  const id =
    given ?? (ofEnvironment && cleanValue('client ID', ofEnvironment, 'in FITBIT_CLIENT_ID')) ?? stored?.client.id;
  if (id === undefined) return undefined;
  if (clientSecret instanceof Secret) return { id, secret: clientSecret };
  if (clientSecret !== undefined)
    return { id, secret: cleanSecret('client secret', clientSecret, 'that was given', values) };
  if (file?.secret !== undefined) return { id, secret: file.secret };
  const isOfEnvironment = given === undefined || ofEnvironment === undefined || given === ofEnvironment;
  if (FITBIT_CLIENT_SECRET && isOfEnvironment) {
    return { id, secret: cleanSecret('client secret', FITBIT_CLIENT_SECRET, 'in FITBIT_CLIENT_SECRET', values) };
  }
  return { id, secret: stored?.client.id === id ? stored.client.secret : undefined };
}

/**
 * Google's Desktop and Web clients always need their secret: without, every exchange and refresh is refused.
 * @throws AuthError `NOT_CONFIGURED` where it is missing
 * @internal
 */
export function assertHasSecret({ id }: Provider, { secret }: Client): void {
  if (id !== 'google-health' || secret !== undefined) return;
  throw googleSecretMissing();
}

/** @internal */
export interface ProviderChoice {
  readonly provider?: string | undefined;
  readonly client: Client | undefined;
  readonly stored: Profile | undefined;
  readonly sandbox: string | undefined;
}

/** Which provider is meant: the one given, else the one that the client ID looks like, else the stored one. @internal */
export async function resolveProvider(choice: ProviderChoice, options: DiscoveryOptions): Promise<Provider> {
  const { provider, client, stored, sandbox } = choice;
  if (sandbox !== undefined && !isLoopbackOrigin(sandbox)) throw notASandbox(sandbox);
  if (provider === 'fitbit') return fitbit(sandbox);
  if (provider === 'google-health') return googleHealth(sandbox);
  if (provider !== undefined && URL.canParse(provider)) {
    if (sandbox !== undefined) throw notTogether('sandbox', 'a provider URL');
    return generic(provider, options);
  }
  if (provider !== undefined) throw unknownProvider(provider);
  if (client !== undefined && GOOGLE_CLIENT_ID.test(client.id)) return googleHealth(sandbox);
  if (sandbox !== undefined || client === undefined || FITBIT_CLIENT_ID.test(client.id)) return fitbit(sandbox);
  if (stored?.client.id === client.id) return providerOf(stored, options);
  throw unknownClientId(client.id);
}

/** The provider that a stored profile belongs to. A custom one is asked for its metadata. @internal */
export async function providerOf(profile: Profile, options: DiscoveryOptions): Promise<Provider> {
  if (profile.provider === 'fitbit') return fitbit(profile.sandbox);
  if (profile.provider === 'google-health') return googleHealth(profile.sandbox);
  if (profile.provider === 'custom' && profile.issuer !== undefined) {
    // The person signed in there, and so confirmed its sites.
    return generic(profile.issuer, { ...options, confirmSites: () => true });
  }
  throw unknownProvider(profile.provider);
}

/** Equal for the profiles of one provider, or of one sandbox. @internal */
export const serviceOf = ({ provider, issuer, sandbox }: Profile) => `${provider} ${issuer ?? sandbox ?? ''}`;

/** What is known of a stored profile's provider without asking anybody. @internal */
export function knownProvider({ provider, sandbox, issuer }: Profile): Pick<Provider, 'name' | 'revocationEnds'> {
  if (provider === 'fitbit') return fitbit(sandbox);
  if (provider === 'google-health') return googleHealth(sandbox);
  return { name: issuer !== undefined && URL.canParse(issuer) ? new URL(issuer).host : provider };
}

/** What a client file says is registered. A Web client of Google has its URIs there; a Desktop client takes any port. @internal */
export function registeredUris(clientFile: string | Uint8Array | undefined): readonly string[] | undefined {
  const { redirectUris } = clientFile === undefined ? {} : readClientFile(clientFile);
  if (redirectUris === undefined) return undefined;
  const ours = redirectUris.filter((uri) => URL.canParse(uri) && isLoopbackOrigin(new URL(uri).origin));
  if (ours.length > 0) return ours;
  throw noLoopbackUri(DEFAULT_REDIRECT_URI);
}
