import { describe, expect, test } from 'vitest';
import { parseQuery, parseTarget, queryOf } from '../../src/server/target.ts';

describe('a request’s target', () => {
  test.each([
    ['/', '/', ''],
    ['/callback?code=c&state=s', '/callback', 'code=c&state=s'],
    ['/a?b?c', '/a', 'b?c'],
    ['/%C3%A4/!$&~;=@_z?', '/%C3%A4/!$&~;=@_z', ''],
  ])('%s is parsed', (raw, path, query) => {
    expect(parseTarget(raw)).toEqual({ path, query });
  });

  test.each([
    '',
    '*',
    'callback',
    'http://127.0.0.1/callback',
    '/a b',
    '/%',
    '/%f',
    '/%fg',
    '/%ff',
    '/%00',
    '/ä',
    '/"',
    '/a\n',
    'x/',
  ])('%j is not a local target', (raw) => {
    expect(parseTarget(raw)).toBeUndefined();
  });
});

describe('a callback’s query', () => {
  const parsed = (query: string) => {
    const result = parseQuery(query);
    return 'params' in result ? [...result.params] : result.status;
  };

  test('is decoded, with repeated parameters kept', () => {
    expect(parsed('a=%20b&a=+&c')).toEqual([
      ['a', ' b'],
      ['a', ' '],
      ['c', ''],
    ]);
    expect(parsed('')).toEqual([]);
  });

  test.each(['a=%', 'a=%0', 'a=%00', 'a=%ff', 'a= b', 'a=ä', 'a="', 'a=%zz', '#'])('%j is malformed', (query) => {
    expect(parsed(query)).toBe(400);
  });

  test('is bounded in length and in the number of parameters', () => {
    expect(parsed('a'.repeat(8192))).toHaveLength(1);
    expect(parsed('a'.repeat(8193))).toBe(414);
    expect(parsed('a&'.repeat(50))).toHaveLength(50);
    expect(parsed('a&'.repeat(51))).toBe(400);
  });
});

test.each([
  ['/x?a=b', 'a=b'],
  ['/x', ''],
  ['/x?%ff', ''],
  ['/ x?a=b', ''],
])('the parameters of %s are %j', (raw, query) => {
  expect(queryOf(raw).toString()).toBe(query);
});
