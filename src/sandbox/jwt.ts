import { createHmac } from 'node:crypto';

/** The claims of Fitbit's access token; `exp` and `iat` in seconds. */
export interface AccessClaims {
  readonly aud: string;
  readonly sub: string;
  readonly iss: 'Fitbit';
  readonly typ: 'access_token';
  /** Space-separated scope codes: `ract rpro`. */
  readonly scopes: string;
  readonly exp: number;
  readonly iat: number;
}

const HEADER = encode({ alg: 'HS256' });

/** A compact JWS signed with HS256 (RFC 7515 §3.1, RFC 7518 §3.2). */
export function sign(claims: AccessClaims, key: string): string {
  const signed = `${HEADER}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
