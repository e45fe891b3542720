import { createServer, type ServerResponse } from 'node:http';

/** What a peer signs in at. */
export interface StandIn extends AsyncDisposable {
  readonly origin: string;
}

const FAR_FUTURE_SECONDS = 4_102_444_800;

/**
 * A provider that takes any code from anybody, and the protected service that mcp-remote wants to reach. It speaks plain OAuth 2.0
 * (RFC 6749), with the metadata of RFC 8414 and as much of OpenID Connect as msal-node insists on.
 */
export async function startStandIn(): Promise<StandIn> {
  const routes: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/token': (response) => json(response, 200, tokens(origin)),
    '/.well-known/oauth-authorization-server': (response) => json(response, 200, metadata(origin)),
    '/service': (response) => json(response.setHeader('www-authenticate', 'Bearer'), 401, {}),
  };
  const server = createServer((request, response) => {
    const route = routes[new URL(request.url ?? '/', origin).pathname];
    const answer = () => (route === undefined ? json(response, 404, {}) : route(response));
    request.resume().once('end', answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    origin,
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

function tokens(origin: string) {
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
    access_token: 'marked-access-token-of-the-stand-in',
    refresh_token: 'marked-refresh-token-of-the-stand-in',
    expires_in: 3600,
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
