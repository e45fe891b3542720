import { platform } from 'node:os';
import type { BindFailure } from '../binding.ts';
import { authorityOf, isAbsent } from '../listening.ts';

/** Why a redirect URI cannot be listened for though nobody holds its port, and what to do where that is known. */
export interface CannotListen {
  readonly reason: string;
  readonly hint?: string;
}

const PRIVILEGED: CannotListen = {
  reason: 'the system keeps this port for privileged programs',
  hint: 'Register a redirect URI with a port above 1023 and give it with `--redirect-uri`.',
};

/** On Windows these are whole ranges, kept for virtual machines; other systems have policies of their own. */
const RESERVED: CannotListen = {
  reason: 'the system keeps this port for itself',
  hint:
    'Register a redirect URI with another port and give it with `--redirect-uri`. ' +
    'On Windows, `netsh interface ipv4 show excludedportrange tcp` lists the ports that are kept.',
};

const LINUX_LOOPBACK =
  'Bring it up: `sudo ip link set lo up`; where it is up, give it back its address: `sudo ip addr add 127.0.0.1/8 dev lo`.';

export function cannotListen({ redirect, address, code }: BindFailure, os = platform()): CannotListen {
  if (code === 'EACCES') return redirect.port < 1024 ? PRIVILEGED : RESERVED;
  if (!isAbsent(code)) return { reason: `the system answered ${code}` };
  if (address === '::1') {
    // A kernel that was started without IPv6 answers EAFNOSUPPORT, and has no such switch.
    const switched = os === 'linux' && code === 'EADDRNOTAVAIL';
    return {
      reason: 'this machine has no IPv6, or it is switched off',
      hint: [
        `Register http://${authorityOf('127.0.0.1', redirect.port)}${redirect.path} instead and give it with \`--redirect-uri\``,
        switched ? ', or switch IPv6 on: `sudo sysctl net.ipv6.conf.lo.disable_ipv6=0`.' : '.',
      ].join(''),
    };
  }
  return {
    reason: 'the loopback interface of this machine is down, or has no address',
    hint: os === 'linux' ? LINUX_LOOPBACK : 'Bring the loopback interface up.',
  };
}
