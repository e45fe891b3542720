import * as v from 'valibot';
import { credentialsOf } from './credentials.ts';
import { goTime, list, secret, text } from './fields.ts';
import { jsonFormat } from './json-format.ts';

const SCOPE_PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

/** `credentials.json` of ghealth: Go's token, and the scopes without the address that they all begin with. */
export const ghealth = jsonFormat({
  id: 'ghealth',
  title: 'the credentials.json of ghealth',
  providers: ['google-health'],
  refreshesByItself: true,
  matches: ({ access_token, expiry, scopes }) =>
    access_token !== undefined && expiry !== undefined && scopes !== undefined,
  schema: v.pipe(
    v.object({
      access_token: secret,
      refresh_token: v.optional(secret),
      token_type: v.optional(text),
      expiry: goTime,
      scopes: list,
    }),
    v.transform((file) =>
      credentialsOf({
        accessToken: file.access_token,
        refreshToken: file.refresh_token,
        tokenType: file.token_type,
        expiresAt: file.expiry,
        scopes: file.scopes.map((scope) => (isShort(scope) ? SCOPE_PREFIX + scope : scope)),
      }),
    ),
  ),
  written: {
    needs: ['accessToken', 'refreshToken', 'expiresAt', 'scopes'],
    fields: ({ accessToken, refreshToken, tokenType, expiresAt, scopes }) => ({
      access_token: accessToken?.reveal(),
      refresh_token: refreshToken?.reveal(),
      token_type: tokenType,
      expiry: expiresAt?.toISOString(),
      scopes: scopes?.map(shortened),
    }),
  },
});

function shortened(scope: string): string {
  const rest = scope.startsWith(SCOPE_PREFIX) ? scope.slice(SCOPE_PREFIX.length) : scope;
  return isShort(rest) ? rest : scope;
}

/** Google's other scopes are addresses, or single words such as `openid`. */
function isShort(scope: string): boolean {
  return /^[a-z_]+\.(?:readonly|writeonly)$/.test(scope);
}
