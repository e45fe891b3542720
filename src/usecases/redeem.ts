import { defined } from '../defined.ts';
import { asAuthError } from '../errors.ts';
import { exchangeCode } from '../oauth/token-endpoint.ts';
import type { Identity, Provider } from '../providers/provider.ts';
import type { Secret } from '../secret.ts';
import type { Client, Profile, Tokens } from '../store/profile.ts';
import type { Slot } from '../store/store.ts';
import { rewriteKept } from './kept-export.ts';
import type { Ports } from './ports.ts';
import { type Status, statusOf } from './status.ts';
import { tokensFrom } from './tokens.ts';

/** Who signs in, where, and for what. */
export interface SignInRequest {
  /** The profile's name. */
  readonly name: string;
  readonly provider: Provider;
  readonly client: Client;
  readonly scopes: readonly string[];
  /** Registered redirect URIs; the first whose port is free is used. */
  readonly redirectUris: readonly string[];
  /** Which account is meant, as the person said it. */
  readonly loginHint?: string;
}

/** A finished sign-in. */
export interface SignIn extends Status {
  /** What keeps the tokens from opening anything yet, and what to do. */
  readonly obstacle?: string;
  /** The person whose tokens this profile held before, where that is another one. */
  readonly replacedUserId?: string;
}

/** An authorization code, with what it is bound to. */
export interface GrantedCode {
  /** As `validateCallback` gave them. */
  readonly parameters: URLSearchParams;
  readonly redirectUri: string;
  readonly verifier: Secret;
}

/**
 * Turns an authorization code into stored tokens. The place on disk is taken before the code is sent, since a code
 * works once.
 *
 * @throws AuthError as `exchangeCode` and the store's `update`; the profile is then as it was.
 */
export async function redeem(request: SignInRequest, code: GrantedCode, ports: Ports): Promise<SignIn> {
  const { name, provider, client, scopes, redirectUris, loginHint } = request;
  return ports.store.update(name, async (slot) => {
    const obtainedAt = ports.now();
    const answer = await exchangeCode(provider.server, client, code, { fetch: ports.fetch });
    const { keep, extra, tokens: replaced } = slot.current ?? {};
    const tokens = tokensFrom(answer, { obtainedAt, requestedScopes: scopes });
    const anonymous: Profile = {
      provider: provider.id,
      ...(provider.id === 'custom' ? { issuer: provider.server.issuer } : {}),
      ...defined({ sandbox: provider.sandbox }),
      client,
      redirectUris,
      requestedScopes: scopes,
      tokens,
      ...defined({ loginHint, keep, extra }),
    };
    const { obstacle, ...ids } = await identify(anonymous, tokens, provider, slot, ports);
    const profile: Profile = { ...anonymous, tokens: { ...tokens, ...ids } };
    await slot.save(profile);
    const status = statusOf(profile, {
      name,
      providerName: provider.name,
      location: ports.store.location(name),
      now: ports.now(),
    });
    ports.log.info(
      {
        event: 'sign_in',
        profile: name,
        provider: provider.id,
        user_id: status.userId,
        scope: status.scopes.join(' '),
      },
      'Signed in',
    );
    await rewriteKept(profile, { name, ports });
    return {
      ...status,
      ...defined({ obstacle }),
      ...(replaced?.userId !== undefined && replaced.userId !== status.userId
        ? { replacedUserId: replaced.userId }
        : {}),
    };
  });
}

/** Asks who signed in, where the token answer does not say: with the tokens stored already, since the question may go unanswered. */
async function identify(
  profile: Profile,
  { accessToken }: Tokens,
  provider: Provider,
  slot: Slot,
  ports: Ports,
): Promise<Identity> {
  if (provider.identify === undefined) return {};
  await slot.note(profile);
  return provider.identify(accessToken, ports.fetch).catch((thrown) => ({
    obstacle: `${provider.name} did not say whose account this is: ${asAuthError(thrown).message} The sign-in itself is complete.`,
  }));
}
