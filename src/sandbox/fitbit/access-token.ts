import { createHash, createHmac } from 'node:crypto';
import { SCOPES, type Scope } from './scopes.ts';

/** How long an access token lives. */
export const LIFETIME_SECONDS = 28_800;

/** What an access token gives access to. */
export interface Access {
  readonly clientId: string;
  readonly userId: string;
  /** In no order that could be relied on. */
  readonly scopes: readonly Scope[];
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

export interface MintOptions {
  readonly now: Date;
  /** Makes this token another one than the last: Fitbit's claims hold nothing that would. */
  readonly serial: number;
  readonly key: string;
}

const HEADER = encode({ alg: 'HS256' });

/** A new access token with Fitbit's claims: a JWT signed with HS256 (RFC 7519, RFC 7518 §3.2). */
export function mint(
  { clientId, userId, scopes }: Pick<Access, 'clientId' | 'userId' | 'scopes'>,
  { now, serial, key }: MintOptions,
): { readonly token: string; readonly access: Access } {
  // Clients must not rely on the order of scopes: another one each time, the same in each run.
  const shuffled = scopes.toSorted((a, b) => rank(a, serial).localeCompare(rank(b, serial)));
  const iat = Math.floor(now.getTime() / 1000);
  const exp = iat + LIFETIME_SECONDS;
  const claims = {
    aud: clientId,
    sub: userId,
    iss: 'Fitbit',
    typ: 'access_token',
    scopes: shuffled.map((scope) => SCOPES[scope].code).join(' '),
    exp,
    iat,
  };
  const signed = `${HEADER}.${encode(claims)}`;
  // A key for each token keeps two tokens of the same second apart.
  const signature = createHmac('sha256', `${key}.${serial}`).update(signed).digest('base64url');
  const access = {
    clientId,
    userId,
    scopes: shuffled,
    issuedAt: new Date(iat * 1000),
    expiresAt: new Date(exp * 1000),
  };
  return { token: `${signed}.${signature}`, access };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function rank(scope: Scope, serial: number): string {
  return createHash('sha256').update(`${serial} ${scope}`).digest('hex');
}
