import { createServer, type ServerResponse } from 'node:http';

export interface Provider extends AsyncDisposable {
  readonly origin: string;
  /** How many refresh tokens it has exchanged. */
  readonly refreshes: () => number;
}

export const ACCESS_TOKEN = 'marked-access-token-of-the-benchmark';
export const FRESH_TOKEN = 'marked-refreshed-token-of-the-benchmark';
const FAR_FUTURE_SECONDS = 4_102_444_800;

/**
 * An authorization server that accepts any code: plain OAuth 2.0 (RFC 6749) with metadata (RFC 8414), as much of OpenID Connect as
 * msal-node insists on, and the protected resource that mcp-remote asks for.
 */
export async function startProvider(): Promise<Provider> {
  let refreshes = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { pathname } = new URL(request.url ?? '/', origin);
    if (pathname === '/token') {
      const isRefresh = body.includes('grant_type=refresh_token');
      if (isRefresh) refreshes += 1;
      const isMsal = body.includes('client_info=1');
      const issued = tokens(origin, isRefresh ? FRESH_TOKEN : ACCESS_TOKEN);
      return json(response, 200, isMsal ? issued : { ...issued, id_token: undefined });
    }
    if (/^\/.well-known\/(oauth-authorization-server|openid-configuration)$/.test(pathname)) {
      return json(response, 200, metadata(origin));
    }
    if (pathname === '/service') return json(response.setHeader('www-authenticate', 'Bearer'), 401, {});
    return json(response, 404, {});
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    origin,
    refreshes: () => refreshes,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function metadata(origin: string) {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
  };
}

function tokens(origin: string, accessToken: string) {
  const identity = {
    ver: '2.0',
    iss: origin,
    sub: 'bench',
    oid: 'bench',
    tid: 'bench',
    aud: '00000000-0000-0000-0000-000000000000',
    preferred_username: 'bench',
    iat: 0,
    exp: FAR_FUTURE_SECONDS,
  };
  return {
    token_type: 'Bearer',
    access_token: accessToken,
    refresh_token: 'marked-refresh-token-of-the-benchmark',
    expires_in: 28_800,
    scope: 'openid',
    client_info: base64url({ uid: 'bench', utid: 'bench' }),
    id_token: `${base64url({ alg: 'none' })}.${base64url(identity)}.unsigned`,
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
