import type { GoogleScope } from './scopes.ts';

/** One person's consent to one app. */
export interface GoogleGrant {
  readonly clientId: string;
  readonly userId: string;
  readonly scopes: readonly GoogleScope[];
}

/** Where a grant sits: each person has one per app. */
export function seat({ clientId, userId }: Pick<GoogleGrant, 'clientId' | 'userId'>): string {
  return JSON.stringify([clientId, userId]);
}
