import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Environment } from '../environment.ts';

/** What `NODE_EXTRA_CA_CERTS` adds. Node reads it when it starts, and where it cannot, it goes on with a warning. */
export type ExtraCa =
  | { readonly kind: 'unset' }
  | { readonly kind: 'read'; readonly file: string; readonly certificates: number }
  | { readonly kind: 'unusable'; readonly file: string; readonly why: string };

/** Whose certificates are believed, as the environment of a process tells. Node's command line may say otherwise. */
export interface Trust {
  /**
   * `bundled`: the authorities that come with Node. `system`: those of the operating system as well (`NODE_USE_SYSTEM_CA`,
   * `--use-system-ca`; Node 22.15 and later). `openssl`: OpenSSL's own (`--use-openssl-ca`).
   */
  readonly store: 'bundled' | 'system' | 'openssl';
  /** Where OpenSSL's are, if `SSL_CERT_FILE` or `SSL_CERT_DIR` say so; without `--use-openssl-ca` they say nothing to Node. */
  readonly opensslPlace?: string;
  readonly extra: ExtraCa;
  /** `NODE_TLS_REJECT_UNAUTHORIZED=0`: no certificate is looked at, and anybody on the way can read the tokens. */
  readonly unchecked: boolean;
}

/** Judges what an environment says of certificates. Reads the file that `NODE_EXTRA_CA_CERTS` names. */
export async function judgeTrust(environment: Environment): Promise<Trust> {
  const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS = '', NODE_USE_SYSTEM_CA, NODE_TLS_REJECT_UNAUTHORIZED } = environment;
  const options = NODE_OPTIONS.split(/\s+/);
  const store = options.includes('--use-openssl-ca')
    ? 'openssl'
    : NODE_USE_SYSTEM_CA === '1' || options.includes('--use-system-ca')
      ? 'system'
      : 'bundled';
  const opensslPlace = environment.SSL_CERT_FILE || environment.SSL_CERT_DIR;
  return {
    store,
    ...(store === 'openssl' && opensslPlace ? { opensslPlace } : {}),
    extra: NODE_EXTRA_CA_CERTS ? await judgeFile(NODE_EXTRA_CA_CERTS) : { kind: 'unset' },
    unchecked: NODE_TLS_REJECT_UNAUTHORIZED === '0',
  };
}

const BEGINNING = /^(?=-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----)/m;

async function judgeFile(file: string): Promise<ExtraCa> {
  const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => error);
  if (text instanceof Error) return { kind: 'unusable', file, why: `it cannot be read (${text.code ?? text.name})` };
  const [, ...found] = `\n${text}`.split(BEGINNING);
  // Node says nothing of this one.
  if (found.length === 0) return { kind: 'unusable', file, why: 'it holds no certificate in PEM form' };
  const damaged = found.findIndex((pem) => !isCertificate(pem));
  // Node stops at the first that it cannot read.
  if (damaged !== -1)
    return { kind: 'unusable', file, why: `certificate ${damaged + 1} of ${found.length} is damaged` };
  return { kind: 'read', file, certificates: found.length };
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
