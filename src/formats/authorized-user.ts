import * as v from 'valibot';
import { credentialsOf, seconds } from './credentials.ts';
import { list, secret, text, time, words } from './fields.ts';
import { jsonFormat } from './json-format.ts';

/**
 * What Google's own libraries load through `GOOGLE_APPLICATION_CREDENTIALS`, with the three fields that Python's adds. Its
 * `token.json`, which has the same fields and no `type`, is read as one, too.
 */
export const authorizedUser = jsonFormat({
  id: 'authorized-user',
  title: 'an authorized_user file of Google’s libraries',
  providers: ['google-health'],
  refreshesByItself: true,
  matches: ({ type, token, refresh_token, client_id }) =>
    type === 'authorized_user' || (token !== undefined && refresh_token !== undefined && client_id !== undefined),
  schema: v.pipe(
    v.object({
      client_id: text,
      client_secret: v.optional(secret),
      refresh_token: secret,
      token: v.optional(secret),
      expiry: v.optional(time),
      scopes: v.optional(v.union([list, words], 'is neither a list of texts nor a text')),
    }),
    v.transform((file) =>
      credentialsOf({
        clientId: file.client_id,
        clientSecret: file.client_secret,
        refreshToken: file.refresh_token,
        accessToken: file.token,
        expiresAt: file.expiry,
        scopes: file.scopes,
      }),
    ),
  ),
  written: {
    needs: ['clientId', 'clientSecret', 'refreshToken'],
    fields: ({ clientId, clientSecret, refreshToken, accessToken, expiresAt, scopes }) => ({
      type: 'authorized_user',
      client_id: clientId,
      client_secret: clientSecret?.reveal(),
      refresh_token: refreshToken?.reveal(),
      token: accessToken?.reveal(),
      // Python's library reads this form only: UTC, whole seconds.
      expiry: expiresAt && `${new Date(seconds(expiresAt) * 1000).toISOString().slice(0, 19)}Z`,
      scopes,
    }),
  },
});
