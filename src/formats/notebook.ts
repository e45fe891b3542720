import * as v from 'valibot';
import { credentialsOf } from './credentials.ts';
import { secret, text } from './fields.ts';
import { jsonFormat } from './json-format.ts';

/**
 * The `.env` of the notebook that thousands have copied, which holds JSON. Of all JSON formats it asks for least, so that it
 * comes last: any object with a token or a client id is read as one.
 */
export const notebook = jsonFormat({
  id: 'notebook',
  title: 'a notebook’s .env (JSON)',
  providers: ['fitbit', 'google-health'],
  refreshesByItself: false,
  matches: (fields) => ['access_token', 'refresh_token', 'client_id'].some((name) => Object.hasOwn(fields, name)),
  schema: v.pipe(
    v.object({
      client_id: v.optional(text),
      client_secret: v.optional(secret),
      access_token: v.optional(secret),
      refresh_token: v.optional(secret),
    }),
    v.transform((file) =>
      credentialsOf({
        clientId: file.client_id,
        clientSecret: file.client_secret,
        accessToken: file.access_token,
        refreshToken: file.refresh_token,
      }),
    ),
  ),
  written: {
    needs: ['accessToken'],
    fields: ({ clientId, clientSecret, accessToken, refreshToken }) => ({
      client_id: clientId,
      client_secret: clientSecret?.reveal(),
      access_token: accessToken?.reveal(),
      refresh_token: refreshToken?.reveal(),
    }),
  },
});
