import * as v from 'valibot';
import { credentialsOf, lifetimeSeconds, seconds } from './credentials.ts';
import { epochSeconds, list, secret, span, text, words } from './fields.ts';
import { jsonFormat } from './json-format.ts';

/** The token that python-fitbit hands to its `refresh_cb`, as people save it: the answer of requests-oauthlib. */
export const pythonFitbit = jsonFormat({
  id: 'python-fitbit',
  title: 'a token of python-fitbit',
  providers: ['fitbit'],
  refreshesByItself: true,
  matches: ({ expires_at, scope }) =>
    expires_at !== undefined && scope !== undefined && (typeof expires_at === 'number' || Array.isArray(scope)),
  schema: v.pipe(
    v.object({
      access_token: v.optional(secret),
      refresh_token: v.optional(secret),
      expires_at: epochSeconds,
      expires_in: v.optional(span),
      // As the server says it, where it was not requests-oauthlib that read the answer.
      scope: v.union([list, words], 'is neither a list of texts nor a text'),
      token_type: v.optional(text),
      user_id: v.optional(text),
    }),
    v.transform((file) =>
      credentialsOf({
        accessToken: file.access_token,
        refreshToken: file.refresh_token,
        expiresAt: file.expires_at,
        obtainedAt:
          file.expires_in === undefined ? undefined : new Date(file.expires_at.getTime() - file.expires_in * 1000),
        scopes: file.scope,
        tokenType: file.token_type,
        userId: file.user_id,
      }),
    ),
  ),
  written: {
    needs: ['accessToken', 'refreshToken', 'expiresAt', 'scopes'],
    fields: (credentials) => ({
      access_token: credentials.accessToken?.reveal(),
      refresh_token: credentials.refreshToken?.reveal(),
      expires_at: credentials.expiresAt && seconds(credentials.expiresAt),
      expires_in: lifetimeSeconds(credentials),
      scope: credentials.scopes,
      token_type: credentials.tokenType,
      user_id: credentials.userId,
    }),
  },
});
