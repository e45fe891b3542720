import { isAbsolute, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { places } from '../../src/store/places.ts';

test('FITBIT_LOGIN_HOME replaces the config directory, and the log and the cache go into it', () => {
  const home = resolve('/srv/fitbit');
  expect(places({ FITBIT_LOGIN_HOME: home })).toEqual({
    config: home,
    log: join(home, 'log'),
    cache: join(home, 'cache'),
  });
});

test('a relative FITBIT_LOGIN_HOME is taken from the working directory', () => {
  expect(places({ FITBIT_LOGIN_HOME: 'here' })).toEqual({
    config: resolve('here'),
    log: resolve('here/log'),
    cache: resolve('here/cache'),
  });
});

test.each([{}, { FITBIT_LOGIN_HOME: '' }])(
  "without it, the platform's own places, named fitbit-login",
  (environment) => {
    const { config, log } = places(environment);
    expect([config, log].every((path) => isAbsolute(path) && path.includes('fitbit-login'))).toBe(true);
    expect(config + log).not.toContain('nodejs');
  },
);
