import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type Provider from 'oidc-provider';
import { vi } from 'vitest';

export interface ClientMetadata {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly token_endpoint_auth_method: 'client_secret_basic' | 'client_secret_post' | 'none';
}

export interface IssuerOptions {
  readonly clients?: readonly ClientMetadata[];
  /** What the metadata says that clients can do. Default all three. */
  readonly clientAuthMethods?: readonly ClientMetadata['token_endpoint_auth_method'][];
  /** How ID tokens are signed. Default RS256. */
  readonly idTokenAlgorithm?: 'RS256' | 'ES256';
  /** Where the metadata is: as OpenID Connect has it (the default), or as RFC 8414 does, and only there. */
  readonly wellKnown?: 'openid-configuration' | 'oauth-authorization-server';
  /** Changes the metadata before they are sent. */
  readonly editMetadata?: (metadata: Record<string, unknown>) => void;
  /** Changes the address that leads back to the app. */
  readonly editAnswer?: (redirect: URL) => void;
}

/** An OpenID provider that others wrote: panva/oidc-provider, with its own pages for signing in and consenting. */
export interface Issuer extends AsyncDisposable {
  readonly issuer: string;
  /** The grants that it gave tokens for, by how: `authorization_code` or `refresh_token`. */
  readonly granted: readonly string[];
}

const ALL_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const;

/** Starts it on 127.0.0.1, with PKCE required and native apps, so that any loopback port is right (RFC 8252 §7.3). */
export async function startIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  const { clients = [], clientAuthMethods = ALL_METHODS, idTokenAlgorithm = 'RS256' } = options;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The issuer has no port.');
  const issuer = `http://127.0.0.1:${address.port}`;

  const provider = await quietly(async () => {
    const { default: Provider } = await import('oidc-provider');
    return new Provider(issuer, {
      clients: clients.map((client) => ({
        ...client,
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/callback'],
        id_token_signed_response_alg: idTokenAlgorithm,
      })),
      clientAuthMethods,
      jwks: { keys: [signingKey(idTokenAlgorithm)] },
      cookies: { keys: ['a key for the tests'] },
      pkce: { required: () => true },
      scopes: ['openid', 'offline_access', 'activity'],
      findAccount: async (_context: unknown, sub: string) => ({ accountId: sub, claims: async () => ({ sub }) }),
      ttl: {
        AccessToken: 3600,
        AuthorizationCode: 60,
        IdToken: 3600,
        RefreshToken: 86_400,
        Session: 600,
        Interaction: 600,
        Grant: 600,
      },
      rotateRefreshToken: true,
      features: { introspection: { enabled: true }, revocation: { enabled: true } },
    });
  });
  alter(provider, options);
  const granted: string[] = [];
  provider.on('grant.success', ({ oidc }: { oidc: { params: { grant_type: string } } }) => {
    granted.push(oidc.params.grant_type);
  });
  server.on('request', provider.callback());
  return {
    issuer,
    granted,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

function alter(
  provider: Provider,
  { wellKnown = 'openid-configuration', editMetadata, editAnswer }: IssuerOptions,
): void {
  provider.use(async (context, next) => {
    const { path } = context;
    const discovered = path === `/.well-known/${wellKnown}`;
    if (discovered) context.path = '/.well-known/openid-configuration';
    else if (path.startsWith('/.well-known/')) context.path = '/nothing-here';
    await next();
    if (discovered) editMetadata?.(Object(context.body));
    const location = context.response.get('location');
    if (URL.canParse(location) && new URL(location).pathname === '/callback') {
      const redirect = new URL(location);
      editAnswer?.(redirect);
      context.set('location', redirect.href);
    }
  });
}

function signingKey(algorithm: 'RS256' | 'ES256'): Readonly<Record<string, unknown>> {
  const { privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: algorithm, use: 'sig', kid: 'the-key' };
}

/** It says on the console that its pages are for development, which they are used for, and that it likes newer Nodes better. */
async function quietly<T>(make: () => Promise<T>): Promise<T> {
  const spies = (['warn', 'info'] as const).map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
  try {
    return await make();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
