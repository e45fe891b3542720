import * as v from 'valibot';
import { defined } from '../defined.ts';
import type { Fetch } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { type AuthorizationServer, isSafeEndpoint } from './server.ts';

/** A server found by its metadata, and what else that told. */
export interface DiscoveredServer {
  readonly server: AuthorizationServer;
  /** Absent where the metadata does not list them. */
  readonly scopesSupported?: readonly string[];
}

const strings = v.array(v.string());
const Metadata = v.object({
  issuer: v.string(),
  authorization_endpoint: v.string(),
  token_endpoint: v.string(),
  revocation_endpoint: v.optional(v.string()),
  introspection_endpoint: v.optional(v.string()),
  scopes_supported: v.optional(strings),
  response_types_supported: v.optional(strings),
  token_endpoint_auth_methods_supported: v.optional(strings),
  code_challenge_methods_supported: v.optional(strings),
  id_token_signing_alg_values_supported: v.optional(strings),
  authorization_response_iss_parameter_supported: v.optional(v.boolean()),
});
type Metadata = v.InferOutput<typeof Metadata>;

/**
 * Finds an authorization server by its issuer, or by the address of its metadata document (RFC 8414 §3, OpenID Connect
 * Discovery 1.0 §4). The document must name the issuer that its own address follows from (RFC 8414 §3.3).
 *
 * @throws AuthError `METADATA_INVALID` for an address that is not https (http on loopback only) or a document that is
 *   not metadata; `UNAVAILABLE` when the server cannot be reached.
 */
export async function discover(
  address: string,
  options: { fetch: Fetch; signal?: AbortSignal },
): Promise<DiscoveredServer> {
  if (!isSafeEndpoint(address)) {
    throw new AuthError(
      'METADATA_INVALID',
      `${address} cannot be a provider: its address must be https, or http on this machine's loopback.`,
    );
  }
  const candidates = address.includes('/.well-known/') ? [address] : wellKnown(address);
  const tried: string[] = [];
  for (const candidate of candidates) {
    const response = await options.fetch(candidate, {
      headers: { accept: 'application/json' },
      ...defined({ signal: options.signal }),
    });
    tried.push(`${candidate} (${response.status})`);
    if (response.status >= 500)
      throw new AuthError(
        'UNAVAILABLE',
        `${new URL(address).host} is not available at the moment (${response.status}).`,
      );
    if (response.status !== 200) continue;
    const document: unknown = await response.json().catch(() => undefined);
    const parsed = v.safeParse(Metadata, document);
    if (!parsed.success)
      throw invalid(candidate, 'it does not name an issuer, an authorization endpoint and a token endpoint');
    return accept(candidate, parsed.output);
  }
  throw new AuthError('METADATA_INVALID', `${address} has no OAuth metadata: tried ${tried.join(', ')}.`);
}

/** Where an issuer's metadata can be: OpenID appends to its path, RFC 8414 §3.1 inserts before it. */
function wellKnown(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    ...new Set([
      `${origin}${path}/.well-known/openid-configuration`,
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
    ]),
  ];
}

function accept(address: string, metadata: Metadata): DiscoveredServer {
  if (!isSafeEndpoint(metadata.issuer) || !wellKnown(metadata.issuer).includes(address)) {
    throw invalid(address, `it names another issuer, ${metadata.issuer}`);
  }
  const { authorization_endpoint, token_endpoint, revocation_endpoint, introspection_endpoint } = metadata;
  for (const endpoint of [authorization_endpoint, token_endpoint, revocation_endpoint, introspection_endpoint]) {
    if (endpoint !== undefined && !isSafeEndpoint(endpoint))
      throw invalid(address, `its endpoint ${endpoint} is neither https nor on loopback`);
  }
  if (metadata.response_types_supported && !metadata.response_types_supported.includes('code')) {
    throw invalid(address, 'it gives no authorization codes');
  }
  if (metadata.code_challenge_methods_supported && !metadata.code_challenge_methods_supported.includes('S256')) {
    throw invalid(address, 'it does not know PKCE with S256');
  }
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return {
    server: {
      name: new URL(metadata.issuer).host,
      issuer: metadata.issuer,
      authorizationEndpoint: authorization_endpoint,
      tokenEndpoint: token_endpoint,
      ...defined({ revocationEndpoint: revocation_endpoint, introspectionEndpoint: introspection_endpoint }),
      ...(metadata.id_token_signing_alg_values_supported === undefined
        ? {}
        : { idTokenAlgorithms: metadata.id_token_signing_alg_values_supported }),
      issAlwaysSent: metadata.authorization_response_iss_parameter_supported ?? false,
      checksPkce: metadata.code_challenge_methods_supported?.includes('S256') ?? false,
      clientAuthentication:
        methods.includes('client_secret_post') && !methods.includes('client_secret_basic')
          ? 'client_secret_post'
          : 'client_secret_basic',
    },
    ...defined({ scopesSupported: metadata.scopes_supported }),
  };
}

function invalid(address: string, why: string): AuthError {
  return new AuthError('METADATA_INVALID', `The metadata at ${address} cannot be used: ${why}.`);
}
