import * as v from 'valibot';
import { credentialsOf } from './credentials.ts';
import { secret, text, time, words } from './fields.ts';
import { isOwnProfile } from './foreign.ts';
import { jsonFormat } from './json-format.ts';

/**
 * A profile file of this program from another machine. Reading only: a profile is written by the store, under its lock.
 * What belongs to that machine (redirect URIs, kept exports) stays behind.
 */
export const fitbitLogin = jsonFormat({
  id: 'fitbit-login',
  title: 'a profile of fitbit-login',
  providers: ['fitbit', 'google-health'],
  refreshesByItself: true,
  matches: isOwnProfile,
  schema: v.pipe(
    v.object({
      version: v.literal(1, 'is not one that this fitbit-login knows'),
      provider: v.picklist(['fitbit', 'google-health'], 'is not one that can be imported'),
      sandbox: v.optional(v.never('is there: tokens of the sandbox work nowhere else')),
      client_id: text,
      client_secret: v.optional(secret),
      access_token: v.optional(secret),
      refresh_token: v.optional(secret),
      token_type: v.optional(text),
      scope: v.optional(words),
      user_id: v.optional(text),
      obtained_at: v.optional(time),
      expires_at: v.optional(time),
    }),
    v.transform((file) =>
      credentialsOf({
        provider: file.provider,
        clientId: file.client_id,
        clientSecret: file.client_secret,
        accessToken: file.access_token,
        refreshToken: file.refresh_token,
        tokenType: file.token_type,
        scopes: file.scope,
        userId: file.user_id,
        obtainedAt: file.obtained_at,
        expiresAt: file.expires_at,
      }),
    ),
  ),
});
