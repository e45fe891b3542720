import type { Fetch } from '../oauth/http.ts';
import { discover } from '../oauth/metadata.ts';
import { DEFAULT_REDIRECT_URI, type Provider } from './provider.ts';

/**
 * Any OAuth 2.0 server, from its issuer or the address of its metadata.
 *
 * @throws AuthError as `discover`
 */
export async function custom(address: string, options: { fetch: Fetch; signal?: AbortSignal }): Promise<Provider> {
  const { server, scopesSupported = [] } = await discover(address, options);
  return {
    id: 'custom',
    name: server.name,
    server,
    scopes: [],
    // openid tells who the person is; offline_access is what OpenID providers give a refresh token for.
    defaultScopes: ['openid', 'offline_access'].filter((scope) => scopesSupported.includes(scope)),
    defaultRedirectUris: [DEFAULT_REDIRECT_URI],
    prompts: ['consent', 'login', 'login consent', 'none', 'select_account'],
    registration: [`Register an app at ${server.issuer} with the redirect URI ${DEFAULT_REDIRECT_URI} exactly.`],
  };
}
