import * as v from 'valibot';
import { defined } from '../defined.ts';
import type { Fetch } from '../environment.ts';
import { discover } from '../oauth/discovery.ts';
import { epochSeconds } from './epoch.ts';
import { DEFAULT_REDIRECT_URI, type Provider, type TokenClaims } from './provider.ts';

/**
 * Any OAuth 2.0 server, from its issuer or the address of its metadata.
 *
 * @throws AuthError as `discover`
 */
export async function generic(address: string, options: { fetch: Fetch; signal?: AbortSignal }): Promise<Provider> {
  const { server, scopesSupported = [] } = await discover(address, options);
  return {
    id: 'custom',
    name: server.name,
    server,
    scopes: [],
    ...(server.introspectionEndpoint === undefined
      ? {}
      : { introspection: { authentication: 'client', read: readIntrospection } }),
    // openid tells who the person is; offline_access is what OpenID providers give a refresh token for.
    defaultScopes: ['openid', 'offline_access'].filter((scope) => scopesSupported.includes(scope)),
    defaultRedirectUris: [DEFAULT_REDIRECT_URI],
    prompts: ['consent', 'login', 'login consent', 'none', 'select_account'],
    registration: [`Register an app at ${server.issuer} with the redirect URI ${DEFAULT_REDIRECT_URI} exactly.`],
  };
}

const IntrospectionAnswer = v.object({
  sub: v.optional(v.string()),
  scope: v.optional(v.string()),
  iat: v.optional(epochSeconds),
  exp: v.optional(epochSeconds),
});

/** Reads an introspection as RFC 7662 §2.2 has it. */
function readIntrospection(answer: Readonly<Record<string, unknown>>): TokenClaims {
  const parsed = v.safeParse(IntrospectionAnswer, answer);
  if (!parsed.success) return {};
  const { sub, scope, iat, exp } = parsed.output;
  return {
    ...defined({ userId: sub }),
    ...(scope === undefined ? {} : { scopes: scope.split(' ').filter(Boolean) }),
    ...defined({ issuedAt: iat, expiresAt: exp }),
  };
}
