import { execFileSync } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { appPaths } from '../../src/store/paths.ts';

const isPosix = process.platform !== 'win32';
const HOME = resolve('/home/anna');
const { platform } = process;
const pretend = (value: NodeJS.Platform) => Object.defineProperty(process, 'platform', { value });

let program = '';
beforeAll(async () => {
  const stdin = { contents: "import { appPaths } from '../../src/store/paths.ts';", resolveDir: import.meta.dirname };
  stdin.contents += 'console.log(JSON.stringify(appPaths({})));';
  const built = await build({ stdin, bundle: true, platform: 'node', format: 'cjs', write: false });
  program = built.outputFiles[0]?.text ?? '';
});
const inProcess = (env: Readonly<Record<string, string>>): Record<string, string> =>
  JSON.parse(execFileSync(process.execPath, ['-e', program], { env, encoding: 'utf8' }));

afterEach(() => {
  pretend(platform);
  vi.unstubAllEnvs();
});

describe('FITBIT_LOGIN_HOME', () => {
  test('replaces the config directory, and holds log and cache', () => {
    const home = resolve('/srv/fitbit');
    expect(appPaths({ FITBIT_LOGIN_HOME: home })).toEqual({
      config: home,
      log: join(home, 'log'),
      cache: join(home, 'cache'),
    });
  });

  test.each(['~/x y', '~', '~/'])('of %j is in the home directory, even if no shell expanded it', (given) => {
    expect(appPaths({ FITBIT_LOGIN_HOME: given }).config).toBe(join(homedir(), given.slice(1)));
  });

  test.each(['here', './here', '../here', '~anna/x'])('of %j, a relative path, is refused with USAGE', (given) => {
    expect(() => appPaths({ FITBIT_LOGIN_HOME: given })).toThrowError(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(given) }),
    );
  });

  test('that is empty counts as unset', () => {
    expect(appPaths({ FITBIT_LOGIN_HOME: '' })).toEqual(appPaths({}));
  });
});

describe('without FITBIT_LOGIN_HOME, the platform’s own directories', () => {
  test('on macOS', () => {
    pretend('darwin');
    expect(appPaths({})).toMatchObject({ config: join(homedir(), 'Library/Preferences/fitbit-login') });
  });

  test('on Windows, by APPDATA and LOCALAPPDATA', () => {
    pretend('win32');
    vi.stubEnv('APPDATA', '/roaming');
    vi.stubEnv('LOCALAPPDATA', '/local');
    expect(appPaths({})).toEqual({
      config: join('/roaming/fitbit-login/Config'),
      log: join('/local/fitbit-login/Log'),
      cache: join('/local/fitbit-login/Cache'),
    });
  });

  // The home directory is asked for once, when env-paths is imported: each case has a process of its own.
  const CASES: readonly (readonly [string, Readonly<Record<string, string>>, string, string])[] = [
    ['with HOME alone', { HOME }, `${HOME}/.config`, `${HOME}/.local/state`],
    ['by XDG variables', { HOME, XDG_CONFIG_HOME: '/c d/ü', XDG_STATE_HOME: '/s' }, '/c d/ü', '/s'],
    ['by one XDG variable', { HOME, XDG_CONFIG_HOME: '/c' }, '/c', `${HOME}/.local/state`],
    [
      'ignoring relative and empty XDG variables, as the specification wants',
      { HOME, XDG_CONFIG_HOME: '~/.config', XDG_STATE_HOME: '' },
      `${HOME}/.config`,
      `${HOME}/.local/state`,
    ],
    ['with a relative HOME, from the user list', { HOME: 'relative' }, `${userInfo().homedir}/.config`, ''],
    ['without HOME, from the user list', {}, `${userInfo().homedir}/.config`, ''],
    ['with an empty HOME, from the user list', { HOME: '' }, `${userInfo().homedir}/.config`, ''],
  ];
  test.runIf(isPosix).each(CASES)('on Linux %s', (_which, environment, config, state) => {
    const paths = inProcess(environment);
    expect(paths.config).toBe(`${config}/fitbit-login`);
    if (state !== '') expect(paths.log).toBe(`${state}/fitbit-login`);
  });
});
