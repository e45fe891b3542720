import { isIP } from 'node:net';
import * as oauth from 'oauth4webapi';
import * as v from 'valibot';
import { isLoopback } from '../loopback.ts';
import { METADATA_PROBLEMS, noMetadata, notAnIssuer, unavailable, unusableMetadata } from '../messages.ts';
import { printable, redact } from '../secret.ts';
import type { RequestOptions } from './errors.ts';
import { type AuthorizationServer, fieldsOf, isSafeEndpoint } from './server.ts';

/**
 * Asked where endpoints are on another site than the issuer: a stranger's issuer could lead people to the sign-in page of
 * a service that they trust, and take the code.
 */
export type ConfirmSites = (sites: readonly string[]) => boolean | Promise<boolean>;

/** @internal */
export interface DiscoveryOptions extends RequestOptions {
  /** Default: metadata that leads to other sites is refused. */
  readonly confirmSites?: ConfirmSites;
}

const strings = v.optional(v.array(v.string()));
/** As URLs are written (RFC 3986 §2): nothing that a terminal would act on. */
const address = v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/));
const Metadata = v.object({
  issuer: address,
  authorization_endpoint: address,
  token_endpoint: address,
  revocation_endpoint: v.optional(address),
  introspection_endpoint: v.optional(address),
  scopes_supported: strings,
  response_types_supported: strings,
  token_endpoint_auth_methods_supported: strings,
  code_challenge_methods_supported: strings,
  id_token_signing_alg_values_supported: strings,
  authorization_response_iss_parameter_supported: v.optional(v.boolean()),
});

/**
 * Finds an authorization server by its issuer, or by the URL of its metadata document (RFC 8414 §3, OpenID Connect
 * Discovery 1.0 §4). The document must name the issuer that was asked for (RFC 8414 §3.3).
 *
 * @throws AuthError `METADATA_INVALID` for an issuer that is not https (http on loopback only), for a document that is
 *   not metadata, and for endpoints that lead a remote issuer's clients to this machine or, unconfirmed, to another site;
 *   `UNAVAILABLE` when the server cannot be reached.
 * @returns the server, and the scopes that its metadata lists, if it does
 * @internal
 */
export async function discover(address: string, options: DiscoveryOptions) {
  if (!isSafeEndpoint(address)) throw notAnIssuer(redact(address));
  const issuer = new URL(address.replace(/\/\.well-known\/(openid-configuration|oauth-authorization-server)/, ''));
  const tried: string[] = [];
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    const response = await oauth.discoveryRequest(issuer, {
      algorithm,
      [oauth.customFetch]: (url, { method, headers, signal }) => {
        tried.push(url);
        return options.fetch(url, { method, headers, signal });
      },
      [oauth.allowInsecureRequests]: isLoopback(issuer),
      signal: options.signal,
    });
    if (response.status >= 500) throw unavailable(issuer.host, response.status);
    if (response.status === 200) return accept(issuer, response, tried.at(-1) ?? '', options);
  }
  throw noMetadata(printable(address), tried);
}

async function accept(
  issuer: URL,
  response: Response,
  address: string,
  { confirmSites = () => false }: DiscoveryOptions,
) {
  const invalid = (problem: readonly [string, string?]) => unusableMetadata(address, problem);
  const document = v.safeParse(Metadata, await fieldsOf(response));
  if (!document.success) throw invalid(METADATA_PROBLEMS.incomplete);
  const metadata = document.output;
  // A document's URL does not show whether its issuer ends in "/".
  const named = URL.canParse(metadata.issuer) ? new URL(metadata.issuer) : undefined;
  const isSame = named !== undefined && withoutSlash(named) === withoutSlash(issuer);
  await oauth.processDiscoveryResponse(isSame ? named : issuer, response).catch(() => {
    throw invalid(METADATA_PROBLEMS.otherIssuer(redact(metadata.issuer)));
  });
  const endpoints = [
    metadata.authorization_endpoint,
    metadata.token_endpoint,
    metadata.revocation_endpoint,
    metadata.introspection_endpoint,
  ].filter((endpoint) => endpoint !== undefined);
  for (const endpoint of endpoints) {
    if (!isSafeEndpoint(endpoint)) throw invalid(METADATA_PROBLEMS.unsafe(redact(endpoint)));
    if (isLoopback(new URL(endpoint)) && !isLoopback(issuer))
      throw invalid(METADATA_PROBLEMS.local(redact(endpoint), issuer.host));
  }
  const elsewhere = endpoints.map((endpoint) => new URL(endpoint)).filter((url) => siteOf(url) !== siteOf(issuer));
  const sites = [...new Set(elsewhere.map(({ host }) => host))];
  if (sites.length > 0 && !(await confirmSites(sites))) throw invalid(METADATA_PROBLEMS.otherSite(sites, issuer.host));
  if (metadata.response_types_supported?.includes('code') === false) throw invalid(METADATA_PROBLEMS.noCodes);
  if (metadata.code_challenge_methods_supported?.includes('S256') === false) throw invalid(METADATA_PROBLEMS.noPkce);
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const server: AuthorizationServer = {
    name: issuer.host,
    issuer: metadata.issuer,
    authorizationEndpoint: metadata.authorization_endpoint,
    tokenEndpoint: metadata.token_endpoint,
    revocationEndpoint: metadata.revocation_endpoint,
    introspectionEndpoint: metadata.introspection_endpoint,
    idTokenAlgorithms: metadata.id_token_signing_alg_values_supported,
    issAlwaysSent: metadata.authorization_response_iss_parameter_supported ?? false,
    checksPkce: metadata.code_challenge_methods_supported !== undefined,
    clientAuthentication:
      methods.includes('client_secret_post') && !methods.includes('client_secret_basic')
        ? 'client_secret_post'
        : 'client_secret_basic',
  };
  return { server, scopesSupported: metadata.scopes_supported };
}

function withoutSlash({ href }: URL): string {
  return href.replace(/\/$/, '');
}

/** The last two labels of a host's name, three where the second is as short as in "co.uk". Near enough to ask a person by. */
function siteOf({ hostname }: URL): string {
  if (isIP(hostname) !== 0 || hostname.startsWith('[')) return hostname;
  return /[^.]+\.([^.]{1,3}\.[^.]{2}|[^.]+)$/.exec(hostname)?.[0] ?? hostname;
}
