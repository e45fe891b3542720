import { profileUndecryptable, storeKeyInvalid, storeKeyMissing } from '../messages.ts';
import { type Runner, readPrivate } from './permissions.ts';

/** Encrypts and decrypts what is stored of a profile. Its name is bound in: no ciphertext passes for another profile's. */
export interface Encryption {
  encrypt(name: string, text: string): Promise<string>;
  /** @throws AuthError `STORE_UNAVAILABLE` without the key that it was encrypted with; `STORE_DAMAGED` */
  decrypt(name: string, jwe: string): Promise<Uint8Array>;
}

const ALGORITHMS = { alg: 'A256KW', enc: 'A256GCM' } as const;

/**
 * JWE (RFC 7516) with the keys of a file: base64 of 32 bytes, one a line. All decrypt, the first one encrypts. Each is identified by its
 * thumbprint (RFC 7638).
 * @throws AuthError `NOT_CONFIGURED` if the file is missing, open to others or holds something else
 */
export async function openEncryption(path: string | undefined, runner: Runner): Promise<Encryption> {
  if (!path) throw storeKeyMissing(path);
  const { CompactEncrypt, calculateJwkThumbprint, compactDecrypt } = await import('./postgres-packages.ts');
  const keys = new Map<string, Uint8Array>();
  for (const key of readKeys(path, runner)) {
    keys.set(await calculateJwkThumbprint({ kty: 'oct', k: Buffer.from(key).toString('base64url') }), key);
  }
  const [first] = keys;
  if (first === undefined) throw storeKeyMissing(path);
  const [kid, writing] = first;
  return {
    encrypt: (name, text) =>
      new CompactEncrypt(Buffer.from(text)).setProtectedHeader({ ...ALGORITHMS, kid, profile: name }).encrypt(writing),
    async decrypt(name, jwe) {
      let unknown: string | undefined;
      try {
        const { plaintext, protectedHeader } = await compactDecrypt(
          jwe,
          (header) => {
            const key = keys.get(header.kid ?? '');
            if (key === undefined) unknown = header.kid ?? 'none';
            return key ?? new Uint8Array();
          },
          { keyManagementAlgorithms: [ALGORITHMS.alg], contentEncryptionAlgorithms: [ALGORITHMS.enc] },
        );
        if (protectedHeader.profile === name) return plaintext;
      } catch {
        // Which way it failed is of use only to who changed it.
      }
      throw profileUndecryptable(name, path, unknown);
    },
  };
}

function readKeys(path: string, runner: Runner): readonly Uint8Array[] {
  const found = readPrivate(path, runner);
  if (found === undefined) throw storeKeyMissing(path);
  if (found.tooOpen.includes(path))
    throw storeKeyInvalid(path, 'other users can read it', `Run \`chmod 600 '${path}'\`.`);
  const lines = Buffer.from(found.bytes).toString('latin1').split(/\r?\n/);
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    if (/^[A-Za-z0-9+/]{43}=$/.test(line)) return [Buffer.from(line, 'base64')];
    throw storeKeyInvalid(path, `line ${index + 1} isn't base64 of 32 bytes`);
  });
}
