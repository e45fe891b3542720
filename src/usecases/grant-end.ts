import type { ProviderId } from '../store/profile.ts';
import { moment } from './moment.ts';
import { forProfile } from './profile-option.ts';

/** A sign-in that may have a last day. */
export interface Grant {
  readonly profile: string;
  readonly provider: ProviderId;
  /** When the grant itself ends. Absent where the provider did not say. */
  readonly refreshExpiresAt?: Date;
}

const TWO_DAYS_MS = 2 * 86_400_000;

/** What to say from two days before the grant itself ends; `undefined` before, and where nobody said that it ends. */
export function endWarning({ profile, provider, refreshExpiresAt }: Grant, now: Date): string | undefined {
  if (refreshExpiresAt === undefined || refreshExpiresAt.getTime() - now.getTime() > TWO_DAYS_MS) return undefined;
  const ends = `This sign-in ${refreshExpiresAt > now ? 'ends' : 'ended'} ${moment(refreshExpiresAt, now)}`;
  const words =
    provider === 'google-health'
      ? `${ends}. Google ends every sign-in of an app in Testing after seven days: publish the app first, then sign in again with \`fitbit-login login\`.`
      : `${ends}: sign in again with \`fitbit-login login\`.`;
  return forProfile(words, profile);
}
