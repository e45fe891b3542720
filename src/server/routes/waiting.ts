import type { Guard } from '../guards.ts';
import { WAITING_HEADER, WAITING_MARK, type WaitingAnswer } from '../waiting-mark.ts';

/** Only a program that knows what it asks; browsers, which can neither send this header nor leave out the others, see nothing. */
export const onlyPrograms: Guard = ({ headers }) => {
  const fromBrowser =
    headers.origin !== undefined || Object.keys(headers).some((name) => name.startsWith('sec-fetch-'));
  return !fromBrowser && headers[WAITING_HEADER] !== undefined
    ? undefined
    : { status: 403, text: 'Only another fitbit-login asks here.' };
};

export interface WaitingOptions {
  readonly now: () => Date;
  /** When the wait began. */
  readonly since: Date;
}

/** Tells another fitbit-login, which finds the port taken, that this is one, and for how long it has waited. Ends nothing. */
export function waitingRoute({ now, since }: WaitingOptions) {
  return async (): Promise<WaitingAnswer> => ({
    waiting: WAITING_MARK,
    seconds: Math.max(0, Math.floor((now().getTime() - since.getTime()) / 1000)),
  });
}
