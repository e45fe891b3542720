import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../src/environment.ts';
import { discover } from '../../src/oauth/discovery.ts';

const ISSUER = 'https://issuer.example';
const DOCUMENT = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
};

/** A web that holds these documents and nothing else, and what was asked of it. */
function web(documents: Readonly<Record<string, unknown>>): { fetch: Fetch; asked: string[] } {
  const asked: string[] = [];
  const fetch: Fetch = async (url) => {
    asked.push(url);
    const document = documents[url];
    return document === undefined ? new Response(null, { status: 404 }) : Response.json(document);
  };
  return { fetch, asked };
}

const OPENID = `${ISSUER}/.well-known/openid-configuration`;
const found = (more: object, address = ISSUER) => discover(address, web({ [OPENID]: { ...DOCUMENT, ...more } }));

describe('§20: metadata', () => {
  test.each([
    [ISSUER, OPENID],
    [`${ISSUER}/`, OPENID],
    [ISSUER, `${ISSUER}/.well-known/oauth-authorization-server`],
    [`${ISSUER}/tenant`, `${ISSUER}/tenant/.well-known/openid-configuration`],
    [`${ISSUER}/tenant`, `${ISSUER}/.well-known/oauth-authorization-server/tenant`],
    [OPENID, OPENID],
    [`${ISSUER}/.well-known/oauth-authorization-server`, `${ISSUER}/.well-known/oauth-authorization-server`],
  ])('of %s is found at %s', async (address, place) => {
    const issuer = address.includes('/.well-known/') ? ISSUER : address;
    const { fetch } = web({ [place]: { ...DOCUMENT, issuer } });
    expect((await discover(address, { fetch })).server).toMatchObject({ issuer, name: 'issuer.example' });
  });

  test.each([
    'http://issuer.example',
    'ftp://issuer.example',
    'https://user:pass@issuer.example',
    'issuer.example',
    '',
  ])('of %j is not asked for', async (address) => {
    const { fetch, asked } = web({});
    await expect(discover(address, { fetch })).rejects.toMatchObject({ code: 'METADATA_INVALID', exitCode: 2 });
    expect(asked).toEqual([]);
  });

  test.each(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'])(
    'of %s may be http',
    async (issuer) => {
      const document = { issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t` };
      const { fetch } = web({ [`${issuer}/.well-known/openid-configuration`]: document });
      expect((await discover(issuer, { fetch })).server.tokenEndpoint).toBe(`${issuer}/t`);
    },
  );

  test.each<readonly [string, object]>([
    ['it names another issuer', { issuer: 'https://evil.example' }],
    ['it names another tenant', { issuer: `${ISSUER}/tenant` }],
    ['its token endpoint is http', { token_endpoint: 'http://issuer.example/token' }],
    ['its authorization endpoint is a script', { authorization_endpoint: 'javascript:alert(1)' }],
    ['its revocation endpoint is http', { revocation_endpoint: 'http://issuer.example/revoke' }],
    ['its introspection endpoint holds a password', { introspection_endpoint: 'https://a:b@issuer.example/' }],
    ['§8: it gives no codes', { response_types_supported: ['token'] }],
    ['§2: it knows only plain', { code_challenge_methods_supported: ['plain'] }],
    ['it has no token endpoint', { token_endpoint: undefined }],
    ['its issuer is a number', { issuer: 7 }],
    ['its scopes are a text', { scopes_supported: 'sleep' }],
  ])('is refused where %s', async (_name, more) => {
    await expect(found(more)).rejects.toMatchObject({ code: 'METADATA_INVALID' });
  });

  test('may name an issuer with a trailing slash', async () => {
    const document = { ...DOCUMENT, issuer: `${ISSUER}/app/` };
    const { fetch } = web({ [`${ISSUER}/app/.well-known/openid-configuration`]: document });
    const { server } = await discover(`${ISSUER}/app/.well-known/openid-configuration`, { fetch });
    expect(server.issuer).toBe(`${ISSUER}/app/`);
  });

  test.each(['https://127.0.0.1:8443/token', 'http://localhost:8080/token', 'http://[::1]/token'])(
    'of a remote issuer is refused if it points to this machine: %s',
    async (token_endpoint) => {
      const document = { ...DOCUMENT, token_endpoint };
      const options = { ...web({ [OPENID]: document }), confirmSites: () => true };
      await expect(discover(ISSUER, options)).rejects.toMatchObject({
        code: 'METADATA_INVALID',
        message: expect.stringContaining(token_endpoint),
      });
    },
  );

  test.each([
    ['https://accounts.trusted.example/authorize', 'https://issuer.example', ['accounts.trusted.example']],
    ['https://trusted.co.uk/authorize', 'https://issuer.co.uk', ['trusted.co.uk']],
    ['https://192.0.2.8/authorize', 'https://192.0.2.7', ['192.0.2.8']],
  ])(
    'whose sign-in page %s is on another site than %s is used only once that is confirmed',
    async (page, issuer, sites) => {
      const document = { issuer, authorization_endpoint: page, token_endpoint: `${issuer}/token` };
      const { fetch } = web({ [`${issuer}/.well-known/openid-configuration`]: document });
      const refused = discover(issuer, { fetch });
      await expect(refused).rejects.toMatchObject({
        code: 'METADATA_INVALID',
        message: expect.stringContaining(`${sites}`),
      });
      const asked: unknown[] = [];
      const confirmSites = (given: readonly string[]) => asked.push(given) > 0;
      expect((await discover(issuer, { fetch, confirmSites })).server.authorizationEndpoint).toBe(page);
      expect(asked).toEqual([sites]);
    },
  );

  test('may spread over the hosts of one site, unasked', async () => {
    const issuer = 'https://login.shop.co.uk';
    const document = { issuer, authorization_endpoint: `${issuer}:8443/a`, token_endpoint: 'https://api.shop.co.uk/t' };
    const { fetch } = web({ [`${issuer}/.well-known/openid-configuration`]: document });
    expect((await discover(issuer, { fetch })).server.tokenEndpoint).toBe('https://api.shop.co.uk/t');
  });

  test('that is missing or not JSON is refused; a failing server is a reason to retry', async () => {
    const answering = (body: string, status: number) =>
      discover(ISSUER, { fetch: async () => new Response(body, { status }) });
    await expect(answering('<h1>Hello</h1>', 200)).rejects.toMatchObject({ code: 'METADATA_INVALID' });
    await expect(answering('', 404)).rejects.toMatchObject({ code: 'METADATA_INVALID' });
    await expect(answering('', 503)).rejects.toMatchObject({ code: 'UNAVAILABLE', exitCode: 5 });
  });

  test('§7: says whether every response has an issuer', async () => {
    expect((await found({})).server.issAlwaysSent).toBe(false);
    expect((await found({ authorization_response_iss_parameter_supported: true })).server.issAlwaysSent).toBe(true);
  });

  test('§2: says whether PKCE is enforced, known only if S256 is listed', async () => {
    expect((await found({ code_challenge_methods_supported: undefined })).server.checksPkce).toBe(false);
    expect((await found({ code_challenge_methods_supported: ['plain', 'S256'] })).server.checksPkce).toBe(true);
  });

  test.each([
    [undefined, 'client_secret_basic'],
    [['client_secret_post'], 'client_secret_post'],
    [['client_secret_post', 'client_secret_basic'], 'client_secret_basic'],
    [['private_key_jwt'], 'client_secret_basic'],
  ])('with the methods %j, a secret is shown by %s', async (methods, way) => {
    const more = methods === undefined ? {} : { token_endpoint_auth_methods_supported: methods };
    expect((await found(more)).server.clientAuthentication).toBe(way);
  });
});
