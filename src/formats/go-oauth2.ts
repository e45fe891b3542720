import * as v from 'valibot';
import { credentialsOf } from './credentials.ts';
import { goTime, secret, text } from './fields.ts';
import { jsonFormat } from './json-format.ts';

/** `oauth2.Token` of golang.org/x/oauth2, as Go programs write it with `encoding/json`. */
export const goOauth2 = jsonFormat({
  id: 'go-oauth2',
  title: 'an oauth2.Token of Go',
  providers: ['fitbit', 'google-health'],
  refreshesByItself: true,
  matches: ({ access_token, expiry }) => access_token !== undefined && expiry !== undefined,
  schema: v.pipe(
    v.object({
      access_token: secret,
      token_type: v.optional(text),
      refresh_token: v.optional(secret),
      expiry: goTime,
    }),
    v.transform((file) =>
      credentialsOf({
        accessToken: file.access_token,
        tokenType: file.token_type,
        refreshToken: file.refresh_token,
        expiresAt: file.expiry,
      }),
    ),
  ),
  written: {
    needs: ['accessToken'],
    fields: ({ accessToken, tokenType, refreshToken, expiresAt }) => ({
      access_token: accessToken?.reveal(),
      token_type: tokenType,
      refresh_token: refreshToken?.reveal(),
      // Never null: Go's time.Time has its own zero, and takes it for "does not end".
      expiry: expiresAt?.toISOString() ?? '0001-01-01T00:00:00Z',
    }),
  },
});
