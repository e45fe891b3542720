import { describe, expect, test } from 'vitest';
import { tunnelCommand } from '../../src/cli/ssh-tunnel.ts';

const HERE = { environment: {}, user: 'me', host: 'pi' };
const AT = 'http://127.0.0.1:8976/callback';
const over = (SSH_CONNECTION: string, more: Readonly<Record<string, string>> = {}) =>
  tunnelCommand([AT], { ...HERE, environment: { SSH_CONNECTION, ...more } });

describe('the tunnel from the machine with the browser', () => {
  test.each([
    [AT, 'ssh -N -L 8976:127.0.0.1:8976 me@pi'],
    ['http://127.0.0.1:40123/', 'ssh -N -L 40123:127.0.0.1:40123 me@pi'],
    ['http://localhost:8976/callback', 'ssh -N -L 8976:localhost:8976 me@pi'],
    ['http://[::1]:8976/callback', "ssh -N -L '[::1]:8976:[::1]:8976' me@pi"],
    ['http://127.0.0.1/callback', 'ssh -N -L 80:127.0.0.1:80 me@pi'],
  ])('to %s', (redirectUri, command) => {
    expect(tunnelCommand([redirectUri], HERE)).toBe(command);
  });

  test('forwards a local sandbox too, but no remote provider', () => {
    expect(tunnelCommand([AT, 'http://127.0.0.1:8977/oauth2/authorize?x=1'], HERE)).toBe(
      'ssh -N -L 8976:127.0.0.1:8976 -L 8977:127.0.0.1:8977 me@pi',
    );
    expect(tunnelCommand([AT, 'https://www.fitbit.com/oauth2/authorize'], HERE)).not.toContain('fitbit');
  });

  test.each([
    ['192.0.2.1 50022 203.0.113.7 22', 'me@203.0.113.7'],
    ['192.0.2.1 50022 203.0.113.7 2222', '-p 2222 me@203.0.113.7'],
    ['2001:db8::1 50022 2001:db8::7 22', 'me@2001:db8::7'],
    ['fe80::1%eth0 50022 fe80::7%eth0 22', 'me@fe80::7%eth0'],
    ['::ffff:192.0.2.1 50022 ::ffff:203.0.113.7 22', 'me@203.0.113.7'],
    // At the end of another tunnel, its address says nothing.
    ['127.0.0.1 50022 127.0.0.1 2222', 'me@pi'],
    ['::1 50022 ::1 2222', 'me@pi'],
    ['', 'me@pi'],
    ['192.0.2.1 50022 $(reboot) 22', 'me@pi'],
  ])('to this machine, by the address in SSH_CONNECTION %j', (connection, name) => {
    expect(over(connection)).toBe(`ssh -N -L 8976:127.0.0.1:8976 ${name}`);
  });

  test('as the login user, not as root after sudo; and without a user if none is known', () => {
    expect(tunnelCommand([AT], { environment: { SUDO_USER: 'anna' }, user: 'root', host: 'pi' })).toMatch(/ anna@pi$/);
    expect(tunnelCommand([AT], { environment: {}, host: 'pi' })).toMatch(/ pi$/);
  });

  test('no host or user name is interpreted by a shell', () => {
    expect(tunnelCommand([AT], { environment: {}, user: 'CORP\\me', host: 'pi' })).toMatch(/ 'CORP\\me@pi'$/);
    expect(tunnelCommand([AT], { environment: {}, user: "o'neil; reboot", host: 'pi' })).toMatch(
      / 'o'\\''neil; reboot@pi'$/,
    );
  });
});
