import type { Duplex } from 'node:stream';
import { connect, type PeerCertificate } from 'node:tls';
import { AuthError } from '../errors.ts';
import { redact } from '../secret.ts';

/** What a server's certificate says of itself. Nobody has vouched for it. */
export interface Presented {
  /** Who signed it. */
  readonly issuer: string;
  /** What it is for: `DNS:idp.example, IP Address:192.0.2.1`. */
  readonly names: string;
  readonly validFrom: Date;
  readonly validTo: Date;
}

export interface CertificateFault {
  /** Whose certificate it is: a host, or "the proxy https://…". */
  readonly owner: string;
  /** As Node and OpenSSL name it. */
  readonly code: CertificateCode;
  /** Absent where it could not be looked at. */
  readonly presented?: Presented | undefined;
  readonly now?: Date;
  /** The value of `NODE_EXTRA_CA_CERTS`. */
  readonly extraCa?: string | undefined;
}

interface Kind {
  /** What a configuration has to mend cannot be waited for. */
  readonly error: 'NETWORK_BLOCKED' | 'UNAVAILABLE';
  readonly what: (fault: CertificateFault) => string;
  readonly hint: (fault: CertificateFault) => string;
}

const UNKNOWN: Kind = {
  error: 'NETWORK_BLOCKED',
  what: ({ presented }) =>
    `is signed by somebody whom this machine does not know${presented ? `, “${presented.issuer}”` : ''}`,
  hint: ({ extraCa }) =>
    `A proxy or virus scanner that reads along does that: ${
      extraCa
        ? `its CA is not in the file that NODE_EXTRA_CA_CERTS names, ${extraCa}`
        : 'give its CA with NODE_EXTRA_CA_CERTS=/path/to/ca.pem'
    }. If there is none here, a stranger is listening in: do not go on.`,
};

const OUT_OF_DATE: Kind = {
  error: 'UNAVAILABLE',
  what: ({ code, presented, now = new Date() }) => {
    const ended = code === 'CERT_HAS_EXPIRED';
    if (presented === undefined) return `is ${ended ? 'no longer' : 'not yet'} valid, by this machine’s clock`;
    const when = ended ? `ended at ${minute(presented.validTo)}` : `begins at ${minute(presented.validFrom)}`;
    return `${when}, and this machine’s clock says ${minute(now)}`;
  },
  hint: () => 'Set the clock if it is wrong. If it is right, whoever holds the certificate has to renew it.',
};

const ANOTHER_NAME: Kind = {
  error: 'UNAVAILABLE',
  what: ({ presented }) => `is for another name${presented ? ` (${presented.names})` : ''}`,
  hint: () =>
    'Something on the way answers in its place. In a network that wants a sign-in of its own, a hotel’s, open any page in a browser first; then try again.',
};

const KINDS = {
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN,
  CERT_UNTRUSTED: UNKNOWN,
  CERT_HAS_EXPIRED: OUT_OF_DATE,
  CERT_NOT_YET_VALID: OUT_OF_DATE,
  ERR_TLS_CERT_ALTNAME_INVALID: ANOTHER_NAME,
} as const satisfies Record<string, Kind>;

export type CertificateCode = keyof typeof KINDS;

/** Whether a failure with this code means that a certificate was refused. */
export function isCertificateFault(code: string | undefined): code is CertificateCode {
  return code !== undefined && Object.hasOwn(KINDS, code);
}

/** A refused certificate, as an error. Nothing was sent: a certificate is looked at before the first byte of a request. */
export function certificateError(fault: CertificateFault): AuthError {
  const { owner, code, presented } = fault;
  const { error, what, hint } = KINDS[code];
  return new AuthError(error, `The certificate of ${owner} ${what(fault)} (${code}).`, {
    cause: new Error(code),
    hint: hint(fault),
    details: { never_sent: true, reason: code, ...(presented ? { issuer: presented.issuer } : {}) },
  });
}

/**
 * Looks at the certificate of `url`'s server without trusting it: shakes hands, sends nothing, hangs up.
 * `undefined` where that cannot be done.
 *
 * @param tunnel a socket that leads there already
 */
export function presentedAt(url: string, signal: AbortSignal, tunnel?: Duplex): Promise<Presented | undefined> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      ...(tunnel === undefined ? { host, port: Number(port || 443) } : { socket: tunnel }),
      // The names of IP addresses are not sent (RFC 6066 §3).
      servername: /[a-z]/i.test(host) && !host.includes(':') ? host : '',
      // The one place that looks at a certificate nobody vouches for: it has been refused already, and this tells by whom it is.
      rejectUnauthorized: false,
    });
    const end = (seen?: Presented) => {
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(seen);
    };
    const stop = () => end();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    socket.on('error', stop);
    socket.once('close', stop);
    socket.once('secureConnect', () => end(readable(socket.getPeerCertificate())));
  });
}

function readable({ issuer, subjectaltname, valid_from, valid_to }: PeerCertificate): Presented | undefined {
  const [validFrom, validTo] = [new Date(valid_from), new Date(valid_to)];
  if (issuer === undefined || Number.isNaN(validFrom.getTime()) || Number.isNaN(validTo.getTime())) return undefined;
  const who = [issuer.CN ?? issuer.OU, issuer.O].flat().filter((name) => name !== undefined);
  return {
    issuer: redact([...new Set(who)].join(', ') || 'nobody by name'),
    names: redact(subjectaltname ?? 'none'),
    validFrom,
    validTo,
  };
}

function minute(when: Date): string {
  return `${when.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
