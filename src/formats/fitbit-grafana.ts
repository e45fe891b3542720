import * as v from 'valibot';
import { credentialsOf, lifetimeSeconds } from './credentials.ts';
import { secret, span, time } from './fields.ts';
import { jsonFormat } from './json-format.ts';

const provider = v.pipe(
  v.string('is neither fitbit nor google'),
  v.toLowerCase(),
  v.picklist(['fitbit', 'google'], 'is neither fitbit nor google'),
);

/**
 * The file at `TOKEN_FILE_PATH` of fitbit-grafana. It reads only `provider` and `refresh_token`, and refreshes every time it
 * starts. Its client id and secret are in its environment.
 */
export const fitbitGrafana = jsonFormat({
  id: 'fitbit-grafana',
  title: 'the token file of fitbit-grafana',
  providers: ['fitbit', 'google-health'],
  refreshesByItself: true,
  // A file made by hand holds no more than these two; one with a client id is some other program's.
  matches: (fields) =>
    fields.provider !== undefined &&
    fields.client_id === undefined &&
    (fields.refresh_token !== undefined || fields.saved_at_utc !== undefined),
  schema: v.pipe(
    v.object({
      provider,
      access_token: v.optional(secret),
      refresh_token: secret,
      saved_at_utc: v.optional(time),
      expires_in: v.optional(span),
    }),
    v.transform((file) =>
      credentialsOf({
        provider: file.provider === 'google' ? 'google-health' : 'fitbit',
        accessToken: file.access_token,
        refreshToken: file.refresh_token,
        obtainedAt: file.saved_at_utc,
        expiresAt: later(file.saved_at_utc, file.expires_in),
      }),
    ),
  ),
  written: {
    needs: ['provider', 'refreshToken'],
    fields: (credentials) => ({
      provider: credentials.provider === 'google-health' ? 'google' : 'fitbit',
      access_token: credentials.accessToken?.reveal(),
      refresh_token: credentials.refreshToken?.reveal(),
      // As its own Python writes it: before 3.11 that language does not read a Z.
      saved_at_utc: credentials.obtainedAt?.toISOString().replace('Z', '+00:00'),
      expires_in: lifetimeSeconds(credentials),
    }),
  },
});

function later(start: Date | undefined, lifetimeSeconds: number | undefined): Date | undefined {
  if (start === undefined || lifetimeSeconds === undefined) return undefined;
  return new Date(start.getTime() + lifetimeSeconds * 1000);
}
