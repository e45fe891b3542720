import type { LoginOptions } from '../../src/auth/index.ts';
import { SANDBOX_CLIENTS } from '../../src/sandbox/registry.ts';

/** What every scope of Google Health begins with. */
export const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

export const DESKTOP = SANDBOX_CLIENTS.desktop;
export const WEB = SANDBOX_CLIENTS.web;

/** A sign-in at Google Health with a Desktop app. */
export const GOOGLE = {
  provider: 'google-health',
  clientId: DESKTOP.id,
  clientSecret: DESKTOP.secret,
} as const satisfies LoginOptions;

/** How long an access token lives, in seconds. */
export const GOOGLE_LIFETIME = 3_599;

/** What Google lets people download for an app. */
export function clientFile(type: 'installed' | 'web', redirectUris: readonly string[] = []): string {
  const { id, secret } = type === 'web' ? WEB : DESKTOP;
  return JSON.stringify({
    [type]: {
      client_id: id,
      project_id: 'a-notebook',
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: 'https://oauth2.googleapis.com/token',
      client_secret: secret,
      redirect_uris: redirectUris,
    },
  });
}
