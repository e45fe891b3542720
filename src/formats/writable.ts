import type { Credentials } from './credentials.ts';
import type { Format } from './format.ts';
import { refusal } from './refusal.ts';

/** What the fields are called in a sentence. */
const WORDS = {
  provider: 'provider',
  clientId: 'client id',
  clientSecret: 'client secret',
  accessToken: 'access token',
  refreshToken: 'refresh token',
  tokenType: 'token type',
  scopes: 'scopes',
  userId: 'user id',
  obtainedAt: 'time of issue',
  expiresAt: 'time of expiry',
} as const satisfies Record<keyof Credentials, string>;

/** @throws AuthError `USAGE` when a format cannot hold `credentials`, or they lack what its program cannot do without. */
export function requireWritable(
  { title, providers }: Pick<Format, 'title' | 'providers'>,
  needs: readonly (keyof Credentials)[],
  credentials: Credentials,
): void {
  const { provider } = credentials;
  const choose = 'Choose another format; `fitbit-login export --help` lists them.';
  if (provider !== undefined && !providers.includes(provider)) {
    throw refusal(`${title} cannot hold a sign-in of ${provider}`, choose);
  }
  const lacking = needs.find((name) => credentials[name] === undefined);
  if (lacking !== undefined) throw refusal(`${title} needs a ${WORDS[lacking]}, and there is none`, choose);
}
