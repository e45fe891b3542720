import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Environment } from '../../src/environment.ts';
import { AuthError } from '../../src/errors.ts';
import { type ForwardProxy, proxyFor } from '../../src/network/proxy.ts';

const PASSWORD = 'marked-p@ss:w/rd%#?';
const PROXY = 'http://proxy.example:3128';
const at = (environment: Environment, url = 'https://idp.example/token'): ForwardProxy | undefined =>
  proxyFor(url, environment);

function refused(environment: Environment): AuthError {
  try {
    proxyFor('https://idp.example/token', environment);
  } catch (thrown) {
    if (thrown instanceof AuthError) return thrown;
  }
  throw new Error('It was not refused.');
}

describe('which variable names the proxy', () => {
  const all = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'http_proxy', 'HTTP_PROXY'];
  test.each(all.map((name, index) => [name, all.slice(index)] as const))(
    '%s goes before those after it',
    (name, set) => {
      const environment = Object.fromEntries(set.map((other) => [other, `http://${other.replace('_', '-')}:1`]));
      expect(at(environment)?.from).toBe(name);
      expect(at(environment)?.url).toBe(`http://${name.replace('_', '-').toLowerCase()}:1`);
    },
  );

  const CASES: readonly [string, Environment, string, string | undefined][] = [
    ['none', {}, 'https://idp.example', undefined],
    ['an empty one', { HTTPS_PROXY: '', https_proxy: ' ' }, 'https://idp.example', undefined],
    [
      'that of http for http first',
      { HTTPS_PROXY: 'a', ALL_PROXY: 'b', HTTP_PROXY: 'c' },
      'http://x.example',
      'HTTP_PROXY',
    ],
    ['never that of https for http', { HTTPS_PROXY: PROXY }, 'http://x.example', undefined],
    [
      'a request header is not a variable',
      { HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET' },
      'https://x.example',
      undefined,
    ],
    [
      'in a CGI program, those that no header can be',
      { HTTPS_PROXY: PROXY, REQUEST_METHOD: 'GET' },
      'https://x.example',
      'HTTPS_PROXY',
    ],
  ];
  test.each(CASES)('%s', (_name, environment, url, from) => {
    expect(at(environment, url)?.from).toBe(from);
  });
});

describe('how a proxy is written', () => {
  const VALUES: readonly [string, string, string | undefined][] = [
    [PROXY, PROXY, undefined],
    ['proxy.example:3128', PROXY, undefined],
    ['http://proxy.example', 'http://proxy.example', undefined],
    ['http://proxy.example:3128/', PROXY, undefined],
    ['HTTP://Proxy.Example:3128', PROXY, undefined],
    ['https://proxy.example:3129', 'https://proxy.example:3129', undefined],
    ['http://[::1]:3128', 'http://[::1]:3128', undefined],
    ['walker@proxy.example:3128', PROXY, 'walker:'],
    ['http://walker:plain@proxy.example:3128', PROXY, 'walker:plain'],
    ['walker:plain@proxy.example:3128', PROXY, 'walker:plain'],
    [`http://walker:${encodeURIComponent(PASSWORD)}@proxy.example:3128`, PROXY, `walker:${PASSWORD}`],
    ['http://CORP%5Cwalker:p%C3%A4ss@proxy.example:3128', PROXY, 'CORP\\walker:päss'],
    ['http://walker:marked@@proxy.example:3128', PROXY, 'walker:marked@'],
  ];
  test.each(VALUES)('%s', (value, url, credentials) => {
    const proxy = at({ HTTPS_PROXY: value });
    expect(proxy).toMatchObject({ url, from: 'HTTPS_PROXY' });
    const [scheme, encoded = ''] = proxy?.authorization?.reveal().split(' ') ?? [];
    expect(scheme).toBe(credentials === undefined ? undefined : 'Basic');
    expect(Buffer.from(encoded, 'base64').toString()).toBe(credentials ?? '');
    expect(JSON.stringify(proxy)).not.toContain(encoded || 'nothing');
  });

  const WRONG: readonly [string, string][] = [
    ['a password with / as it is', 'http://walker:77/marked@proxy.example:3128'],
    ['a password with # as it is', 'http://walker:77#marked@proxy.example:3128'],
    ['a password with ? as it is', 'walker:77?marked@proxy.example:3128'],
    ['a password with % as it is', 'http://walker:marked%@proxy.example:3128'],
    ['a password that is not UTF-8', 'http://walker:marked%FF@proxy.example:3128'],
    ['a port that is none', 'http://walker:marked@proxy.example:port'],
    ['no host', 'http://walker:marked@'],
    ['another protocol', 'ftp://walker:marked@proxy.example'],
    ['a path', 'http://walker:marked@proxy.example:3128/proxy.pac'],
  ];
  test.each(WRONG)('%s is refused, and not repeated', (_name, value) => {
    const error = refused({ HTTPS_PROXY: value });
    expect(error).toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message: expect.stringContaining('HTTPS_PROXY'),
    });
    expect(error.hint).toContain('HTTPS_PROXY=http://USER:PASSWORD@proxy.example:3128');
    expect(JSON.stringify(error)).not.toMatch(/marked|walker|77/);
  });

  test.each(['socks://', 'socks4://', 'socks5://', 'socks5h://', 'SOCKS5://'])(
    '%s… is refused, with a hint',
    (scheme) => {
      const error = refused({ ALL_PROXY: `${scheme}walker:marked@proxy.example:1080` });
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(/^ALL_PROXY names a SOCKS proxy/) });
      expect(error.hint).toMatch(/HTTPS_PROXY=http:\/\//);
      expect(JSON.stringify(error)).not.toMatch(/marked|walker/);
    },
  );

  test('a percent-encoded password arrives decoded, and is never shown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (password) => {
        const proxy = at({ HTTPS_PROXY: `http://walker:${encodeURIComponent(password)}@proxy.example:3128` });
        expect(proxy?.url).toBe(PROXY);
        const [, encoded = ''] = proxy?.authorization?.reveal().split(' ') ?? [];
        expect(Buffer.from(encoded, 'base64').toString()).toBe(`walker:${password}`);
      }),
    );
  });

  test('any value is a proxy, or refused without being repeated', () => {
    fc.assert(
      fc.property(fc.string(), (noise) => {
        const value = `http://walker:marked${noise}marked@proxy.example:3128`;
        try {
          expect(at({ HTTPS_PROXY: value })?.url).toBe(PROXY);
        } catch (thrown) {
          if (!(thrown instanceof AuthError)) throw thrown;
          expect(thrown.code).toBe('USAGE');
          expect(JSON.stringify(thrown)).not.toContain('marked');
        }
      }),
    );
  });
});

describe('what is never sent through a proxy', () => {
  const LOOPBACK = [
    '127.0.0.1',
    '127.0.0.1:8976',
    '127.255.3.4',
    '127.1',
    '0x7f000001',
    '[::1]',
    '[::1]:80',
    '[::ffff:127.0.0.1]',
    'localhost',
    'LOCALHOST.',
  ];
  test.each(LOOPBACK)('%s, the loopback', (host) => {
    for (const protocol of ['http', 'https']) {
      const environment = { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, ALL_PROXY: PROXY, NO_PROXY: 'else.example' };
      expect(at(environment, `${protocol}://${host}/`)).toBeUndefined();
    }
  });
  test.each(['128.0.0.1', '[::2]', 'app.localhost', 'localhost.example', 'notlocalhost', '0.0.0.0'])(
    '%s is not the loopback',
    (host) => {
      expect(at({ HTTPS_PROXY: PROXY }, `https://${host}/`)?.url).toBe(PROXY);
    },
  );

  const EXEMPT: readonly [string, string][] = [
    ['*', 'https://idp.example'],
    ['idp.example', 'https://idp.example'],
    ['IDP.Example', 'https://idp.example'],
    ['.example', 'https://idp.example'],
    ['*.example', 'https://idp.example'],
    ['a.example b.example\tidp.example', 'https://idp.example'],
    [',,idp.example,', 'https://idp.example'],
    ['idp.example:443', 'https://idp.example'],
    ['idp.example:8443', 'https://idp.example:8443'],
    ['192.0.2.7', 'https://192.0.2.7'],
    ['[2001:db8::1]', 'https://[2001:db8::1]'],
  ];
  test.each(EXEMPT)('NO_PROXY=%s exempts %s', (list, url) => {
    expect(at({ HTTPS_PROXY: PROXY, NO_PROXY: list }, url)).toBeUndefined();
    expect(at({ HTTPS_PROXY: PROXY, no_proxy: list, NO_PROXY: 'else.example' }, url)).toBeUndefined();
    // Even where the proxy itself could not be used.
    expect(at({ HTTPS_PROXY: 'socks5://proxy.example', NO_PROXY: list }, url)).toBeUndefined();
  });

  const NOT_EXEMPT: readonly [string, string][] = [
    ['', 'https://idp.example'],
    [' , ', 'https://idp.example'],
    ['example', 'https://idp.example'],
    ['idp.example', 'https://notidp.example'],
    ['www.idp.example', 'https://idp.example'],
    ['idp.example:80', 'https://idp.example'],
    ['https://idp.example', 'https://idp.example'],
  ];
  test.each(NOT_EXEMPT)('NO_PROXY=%s does not exempt %s', (list, url) => {
    expect(at({ HTTPS_PROXY: PROXY, NO_PROXY: list }, url)?.url).toBe(PROXY);
  });

  test('the variables of the process are unchanged and ignored', () => {
    vi.stubEnv('NO_PROXY', '*');
    const before = { ...process.env };
    expect(at({ HTTPS_PROXY: PROXY })?.url).toBe(PROXY);
    expect(process.env).toEqual(before);
    vi.unstubAllEnvs();
  });
});
