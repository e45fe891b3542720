import * as v from 'valibot';
import { defined } from '../defined.ts';
import type { Fetch } from '../environment.ts';
import type { Secret } from '../secret.ts';
import { googleRefusal, SIGN_UP } from './google-refusal.ts';
import type { Identity } from './provider.ts';

// What a header or a terminal would act on is in no id.
const id = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,255}$/));
const IdentityAnswer = v.object({ legacyUserId: v.optional(id), healthUserId: v.optional(id) });

/**
 * Asks Google Health whose token it is. A good token can be of an account that cannot be read yet: that is told, and is
 * no failure.
 *
 * @param endpoint `…/v4/users/me/identity`
 * @throws AuthError as `fetch`
 */
export async function googleIdentity(endpoint: string, token: Secret, fetch: Fetch): Promise<Identity> {
  const response = await fetch(endpoint, {
    headers: { accept: 'application/json', authorization: `Bearer ${token.reveal()}` },
  });
  const { status } = response;
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) {
    const parsed = v.safeParse(IdentityAnswer, body);
    const { legacyUserId, healthUserId } = parsed.success ? parsed.output : {};
    return healthUserId === undefined && legacyUserId === undefined
      ? { obstacle: unsaid(status) }
      : defined({ userId: healthUserId, legacyUserId });
  }
  const helps = googleRefusal(body)?.hint;
  if (helps !== undefined) return { obstacle: `${helps} ${COMPLETE}` };
  // Any other refusal of a good token is of the account: one that was never moved to Google.
  if (status === 403) {
    return {
      obstacle: `This account still signs in the old Fitbit way: open ${SIGN_UP} and move it to Google. ${COMPLETE}`,
    };
  }
  return { obstacle: unsaid(status) };
}

const COMPLETE = 'The sign-in itself is complete.';

function unsaid(status: number): string {
  return `Google Health did not say whose account this is (${status}). ${COMPLETE}`;
}
