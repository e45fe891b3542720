import { type DiscoveryOptions, discover } from '../oauth/discovery.ts';
import { DEFAULT_REDIRECT_URI, type Provider, readIntrospection } from './provider.ts';

/**
 * Any OAuth 2.0 server, from its issuer or the URL of its metadata.
 *
 * @throws AuthError as `discover`
 */
export async function generic(address: string, options: DiscoveryOptions): Promise<Provider> {
  const { server, scopesSupported = [] } = await discover(address, options);
  return {
    id: 'custom',
    name: server.name,
    server,
    scopes: [],
    introspection:
      server.introspectionEndpoint === undefined ? undefined : { authentication: 'client', read: readIntrospection },
    // openid identifies the person; OpenID providers issue a refresh token for offline_access.
    defaultScopes: ['openid', 'offline_access'].filter((scope) => scopesSupported.includes(scope)),
    defaultRedirectUris: [DEFAULT_REDIRECT_URI],
    prompts: ['consent', 'login', 'login consent', 'none', 'select_account'],
    registration: [`Register an app at ${server.issuer} with the redirect URI ${DEFAULT_REDIRECT_URI} exactly.`],
  };
}
