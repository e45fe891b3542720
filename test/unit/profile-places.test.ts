import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import envPaths from 'env-paths';
import { afterEach, describe, expect, test } from 'vitest';
import { places } from '../../src/store/places.ts';

const isPosix = process.platform !== 'win32';
const HOME = resolve('/home/anna');

describe('FITBIT_LOGIN_HOME', () => {
  test('replaces the config directory, and the log goes into it', () => {
    const home = resolve('/srv/fitbit');
    expect(places({ FITBIT_LOGIN_HOME: home, HOME })).toEqual({
      config: home,
      log: join(home, 'log'),
      cache: join(home, 'cache'),
    });
  });

  test('that is relative is taken from the working directory', () => {
    expect(places({ FITBIT_LOGIN_HOME: 'here' })).toEqual({
      config: resolve('here'),
      log: resolve('here/log'),
      cache: resolve('here/cache'),
    });
  });

  test('that is empty is none', () => {
    expect(places({ FITBIT_LOGIN_HOME: '', HOME }, 'linux').config).toBe(join(HOME, '.config/fitbit-login'));
  });
});

describe('without it, the platform’s own places', () => {
  const { platform } = process;
  const { XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME } = process.env;
  const pretend = (value: NodeJS.Platform) => Object.defineProperty(process, 'platform', { value });
  afterEach(() => {
    pretend(platform);
    Object.assign(
      process.env,
      XDG_CONFIG_HOME && { XDG_CONFIG_HOME },
      XDG_STATE_HOME && { XDG_STATE_HOME },
      XDG_CACHE_HOME && { XDG_CACHE_HOME },
    );
  });

  test.each(['linux', 'freebsd', 'darwin', 'win32'] as const)('of %s are those that env-paths knows', (system) => {
    const environment = { HOME: homedir(), USERPROFILE: homedir() };
    delete process.env.XDG_CONFIG_HOME;
    delete process.env.XDG_STATE_HOME;
    delete process.env.XDG_CACHE_HOME;
    pretend(system);
    const { config, log, cache } = envPaths('fitbit-login', { suffix: '' });
    expect(places({ ...process.env, ...environment }, system)).toEqual({ config, log, cache });
  });

  const XDG: readonly (readonly [string, Readonly<Record<string, string>>, string, string])[] = [
    ['none', {}, `${HOME}/.config`, `${HOME}/.local/state`],
    ['both', { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s' }, '/c', '/s'],
    ['one', { XDG_CONFIG_HOME: '/c d/ü' }, '/c d/ü', `${HOME}/.local/state`],
    ['empty ones', { XDG_CONFIG_HOME: '', XDG_STATE_HOME: '' }, `${HOME}/.config`, `${HOME}/.local/state`],
    [
      'relative ones, which are invalid',
      { XDG_CONFIG_HOME: 'c', XDG_STATE_HOME: './s' },
      `${HOME}/.config`,
      `${HOME}/.local/state`,
    ],
    ['one that a shell did not expand', { XDG_CONFIG_HOME: '~/.config' }, `${HOME}/.config`, `${HOME}/.local/state`],
  ];
  test.runIf(isPosix).each(XDG)(
    'by the XDG specification, with %s of its variables',
    (_which, environment, config, state) => {
      expect(places({ HOME, ...environment }, 'linux')).toEqual({
        config: `${config}/fitbit-login`,
        log: `${state}/fitbit-login`,
        cache: `${HOME}/.cache/fitbit-login`,
      });
    },
  );

  test('with APPDATA and LOCALAPPDATA, as Windows sets them', () => {
    expect(places({ APPDATA: '/roaming', LOCALAPPDATA: '/local' }, 'win32')).toEqual({
      config: join('/roaming/fitbit-login/Config'),
      log: join('/local/fitbit-login/Log'),
      cache: join('/local/fitbit-login/Cache'),
    });
  });

  test.each([undefined, '', 'relative'])('with HOME=%s are in the home directory that the system knows', (HOME) => {
    expect(places({ HOME }, 'linux').config).toBe(join(userInfo().homedir, '.config/fitbit-login'));
  });
});
