import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const OPENSSL = 'openssl';

/** For `describe.skipIf(skipWithoutOpenssl)`: says loudly what is not tested. */
export const skipWithoutOpenssl = spawnSync(OPENSSL, ['version']).status !== 0;
if (skipWithoutOpenssl) console.warn('SKIPPED: openssl is not there to make certificates with.');

export interface Credentials {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority that is unknown to the machine. */
export interface Authority {
  /** Its certificate, as `NODE_EXTRA_CA_CERTS` takes it. */
  readonly file: string;
  readonly cert: string;
  /** @param days from now; -1 for a certificate that ended yesterday */
  certify(names: readonly string[], days?: number): Credentials;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export function authority(name: string): Authority {
  const place = mkdtempSync(join(tmpdir(), 'authority-'));
  process.once('exit', () => rmSync(place, { recursive: true, force: true }));
  const openssl = (...args: readonly string[]) => execFileSync(OPENSSL, args, { cwd: place, stdio: 'pipe' });
  const read = (file: string) => readFileSync(join(place, file), 'utf8');
  const ca = ['-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', `/O=Example/CN=${name}`];
  openssl('req', '-x509', ...KEY, ...ca, '-addext', 'basicConstraints=critical,CA:TRUE');
  return {
    file: join(place, 'ca.pem'),
    cert: read('ca.pem'),
    certify: (names, days = 2) => {
      const alternatives = `subjectAltName=${names.map((host) => `DNS:${host}`).join(',')}`;
      openssl('req', ...KEY, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=leaf', '-addext', alternatives);
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
      openssl('x509', '-req', '-in', 'leaf.csr', '-out', 'leaf.pem', '-days', String(days), ...signed);
      return { key: read('leaf.key'), cert: read('leaf.pem') };
    },
  };
}
